/** Posting an anime's card: choose the chats, send, see what became of each; again whenever wanted. */
import { InlineKeyboard } from 'grammy';
import { encodeAction } from '../../bot/callback-data.ts';
import type { BotContext } from '../../bot/context.ts';
import type { Feature } from '../../bot/feature.ts';
import { type Screen, show } from '../../bot/show.ts';
import { auditIfChanged } from '../../db/audit-log.ts';
import { type CatalogueAnime, catalogueAnime } from '../../db/catalogue.ts';
import { beginPosting, type Choice, choose, postingChoices, postToChosen } from '../../db/postings.ts';
import type { Texts } from '../../locales/index.ts';
import { cutText } from '../../text/html.ts';
import { nameOf } from './edit-screens.ts';
import { postAndReport } from './post-cards.ts';
import { AdminRoutes, whenPressed } from './routes.ts';

const BUTTONS = ['post', 'postChoose', 'postNow'] as const;
const named = whenPressed(BUTTONS, ({ id }) => catalogueAnime(id));
const choices = whenPressed(BUTTONS, ({ id }) => postingChoices(id));

const routes = new AdminRoutes()
  .press('post', (ctx) => withAnime(ctx, (anime) => reply(ctx, anime, ctx.turn.got(choices) ?? [])))
  .press('postChoose', (ctx, _admin, { id, group, on }) =>
    withAnime(ctx, async (anime) => {
      const question = postingChoices(id);
      const results = await ctx.turn.commit(choose(id, group, on === 1, ctx.now), question);
      await reply(ctx, anime, question.parse(results.at(-1)?.rows ?? []));
    }),
  )
  .press('postNow', (ctx, admin, { id }) =>
    withAnime(ctx, async (anime) => {
      const chosen = (ctx.turn.got(choices) ?? []).filter((choice) => choice.isChosen);
      if (chosen.length === 0) return ctx.answerPress(ctx.t.admin.sending.nothingChosen(), { alert: true });
      const names = chosen.map((choice) => choice.name).join(', ');
      const [begun] = await ctx.turn.commit(
        beginPosting(id, admin.id, ctx.now),
        postToChosen(id),
        auditIfChanged(admin.id, 'posted', `${anime.code} ${nameOf(anime, ctx.t)}: ${names}`, ctx.now),
      );
      const posting = begun?.rows[0]?.int('id');
      await ctx.answerPress();
      if (posting !== undefined) await postAndReport(ctx, posting);
    }),
  );

export const postingFeature: Feature = {
  name: 'admin posting',
  composer: routes.composer,
  prefetches: [named, choices],
};

async function withAnime(
  ctx: BotContext,
  act: (anime: CatalogueAnime) => Promise<unknown>,
): Promise<unknown> {
  const anime = ctx.turn.got(named);
  return anime === undefined || anime.deletedAt !== null
    ? ctx.answerPress(ctx.t.admin.catalogue.gone(), { alert: true })
    : act(anime);
}

async function reply(ctx: BotContext, anime: CatalogueAnime, found: readonly Choice[]): Promise<void> {
  const dated = found.map((choice) => ({
    ...choice,
    postedAt: choice.postedAt === null ? null : ctx.time(choice.postedAt),
  }));
  await Promise.all([ctx.answerPress(), show(ctx, choiceScreen(anime, dated, ctx.t))]);
}

function choiceScreen(anime: CatalogueAnime, found: readonly Choice[], t: Texts): Screen {
  const { sending, chats, system } = t.admin;
  const keyboard = new InlineKeyboard();
  for (const choice of found.slice(0, 80)) {
    const postedOn = choice.postedAt?.slice(0, 10) ?? null;
    keyboard
      .text(
        sending.choice(cutText(choice.name, 40).text, choice.isChosen, postedOn),
        encodeAction({
          kind: 'postChoose',
          id: anime.id,
          group: choice.id,
          on: choice.isChosen ? 0 : 1,
        }),
      )
      .row();
  }
  const count = found.filter((choice) => choice.isChosen).length;
  if (found.length > 0)
    keyboard.text(sending.postNow(count), encodeAction({ kind: 'postNow', id: anime.id })).row();
  keyboard
    .text(chats.addGroup(), encodeAction({ kind: 'groupAdd' }))
    .row()
    .text(system.back(), encodeAction({ kind: 'edit', id: anime.id }));
  return { text: found.length === 0 ? sending.noChats() : sending.askPost(nameOf(anime, t)), keyboard };
}
