/** Posting an anime's card: choose chats, send, see what became of each; again when wanted. */
import type { BotContext } from '../../bot/context.ts';
import { feature } from '../../bot/feature.ts';
import { Keyboard } from '../../bot/keyboard.ts';
import type { Screen } from '../../bot/show.ts';
import { auditIfChanged } from '../../db/audit-log.ts';
import { type CatalogueAnime, catalogueAnime } from '../../db/catalogue.ts';
import { beginPosting, type Choice, choose, postingChoices, postToChosen } from '../../db/postings.ts';
import type { Texts } from '../../locales/index.ts';
import { cutText } from '../../text/html.ts';
import { nameOf, unlessTrashed } from './edit-screens.ts';
import { postAndReport } from './post-cards.ts';

const chosenFor = {
  reads: ({ id }: { readonly id: number }) =>
    [unlessTrashed(catalogueAnime(id)), postingChoices(id)] as const,
  gone: (t: Texts): string => t.admin.catalogue.gone(),
};

export const postingFeature = feature('admins')
  .on('post', chosenFor, (ctx, _, [anime, choices]) => choiceScreen(ctx, anime, choices))
  .on('postChoose', chosenFor, async (ctx, { id, group, on }, [anime]) => {
    const [, after] = await ctx.turn.commit(choose(id, group, on === 1, ctx.now), postingChoices(id));
    return choiceScreen(ctx, anime, after);
  })
  .on('postNow', chosenFor, async (ctx, { id }, [anime, choices]) => {
    const chosen = choices.filter((choice) => choice.isChosen);
    if (chosen.length === 0) return { alert: ctx.t.admin.sending.nothingChosen() };
    const names = chosen.map((choice) => choice.name).join(', ');
    const [begun] = await ctx.turn.commit(
      beginPosting(id, ctx.viewer.id, ctx.now),
      postToChosen(id),
      auditIfChanged(ctx.viewer.id, 'posted', `${anime.code} ${nameOf(anime, ctx.t)}: ${names}`, ctx.now),
    );
    const posting = begun.rows[0]?.int('id');
    await ctx.answerPress();
    if (posting !== undefined) await postAndReport(ctx, posting);
    return undefined;
  });

function choiceScreen(ctx: BotContext, anime: CatalogueAnime, found: readonly Choice[]): Screen {
  const { t } = ctx;
  const { sending, chats, system } = t.admin;
  const keyboard = new Keyboard();
  for (const choice of found.slice(0, 80)) {
    const postedOn = choice.postedAt === null ? null : ctx.time(choice.postedAt).slice(0, 10);
    keyboard.last(sending.choice(cutText(choice.name, 40).text, choice.isChosen, postedOn), {
      kind: 'postChoose',
      id: anime.id,
      group: choice.id,
      on: choice.isChosen ? 0 : 1,
    });
  }
  const count = found.filter((choice) => choice.isChosen).length;
  if (found.length > 0) keyboard.last(sending.postNow(count), { kind: 'postNow', id: anime.id });
  keyboard.last(chats.addGroup(), { kind: 'groupAdd' }).button(system.back(), { kind: 'edit', id: anime.id });
  return { text: found.length === 0 ? sending.noChats() : sending.askPost(nameOf(anime, t)), keyboard };
}
