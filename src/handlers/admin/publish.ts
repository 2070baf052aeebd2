/** The end of a draft: everything it holds becomes visible in one batch, or nothing does. */
import type { AdminContext } from '../../bot/feature.ts';
import { Keyboard } from '../../bot/keyboard.ts';
import { type Answer, reply } from '../../bot/reply.ts';
import { leaveBare } from '../../bot/show.ts';
import { audit } from '../../db/audit-log.ts';
import { holderOf, publish, publishParts } from '../../db/catalogue.ts';
import { ConstraintFailed, type WriteResult } from '../../db/database.ts';
import { numberAmong } from '../../db/draft-parts.ts';
import { detour } from '../../db/drafts.ts';
import { announceParts } from '../../db/part-news.ts';
import { type Draft, draftById } from '../../db/read-drafts.ts';
import { indexAnime } from '../../db/search-index.ts';
import { greatest, least } from '../../lib/extremes.ts';
import { searchText, titleFrom } from '../../text/search-text.ts';
import { draftScreen, draftTitle } from './draft-screens.ts';
import { postAndReport } from './post-cards.ts';

/** Publishes a draft and says so once written; a number or code taken meanwhile is named. */
export async function publishDraft(ctx: AdminContext, draft: Draft): Promise<Answer | undefined> {
  try {
    return await (draft.kind === 'anime' ? publishAnime(ctx, draft) : publishMore(ctx, draft));
  } catch (error) {
    if (!(error instanceof ConstraintFailed)) throw error;
    return refuse(ctx, draft);
  }
}

async function publishAnime(ctx: AdminContext, draft: Draft): Promise<Answer | undefined> {
  const title = draftTitle(draft, ctx.t);
  const code = draft.code ?? 0;
  const texts = searchText({ title, aliases: null, description: draft.description });
  const [published] = await ctx.turn.commit(
    publish(draft, ctx.now),
    indexAnime({ code }, texts),
    audit(ctx.viewer.id, 'anime-added', `${code} ${title}`, ctx.now),
  );
  const id = firstId(published[0]);
  const { draft: said, sending, system } = ctx.t.admin;
  if (id === undefined) return { alert: said.gone() };
  const text = said.published(title, code, published[1]?.rows.length ?? 0);
  const keyboard = new Keyboard()
    .last(said.addAnother(), { kind: 'draftNew' })
    .button(said.edit(), { kind: 'edit', id })
    .last(sending.post(), { kind: 'post', id })
    .button(system.panel(), { kind: 'panel' });
  await Promise.all([reply(ctx, { text, keyboard }), leaveBare(ctx)]);
  const posting = firstId(published[3]);
  if (posting !== undefined) await postAndReport(ctx, posting);
  return undefined;
}

async function publishMore(ctx: AdminContext, draft: Draft): Promise<Answer> {
  const { draft: said, sending, system } = ctx.t.admin;
  if (draft.anime === undefined) return { alert: said.gone() };
  const { id, code } = draft.anime;
  const title = draftTitle(draft, ctx.t);
  const [published] = await ctx.turn.commit(
    publishParts(draft, ctx.now),
    announceParts(id, ctx.now),
    audit(ctx.viewer.id, 'parts-added', `${code} ${title}: ${draft.parts}`, ctx.now),
  );
  const numbers = (published[0]?.rows ?? []).map((row) => row.int('part_number'));
  if (numbers.length === 0) return { alert: said.gone() };
  const keyboard = new Keyboard()
    .button(said.edit(), { kind: 'edit', id })
    .last(sending.post(), { kind: 'post', id })
    .button(system.panel(), { kind: 'panel' });
  return { text: said.partsPublished(title, least(numbers), greatest(numbers)), keyboard };
}

/** The code or a number was taken meanwhile. Nothing was written; the draft asks again. */
async function refuse(ctx: AdminContext, draft: Draft): Promise<Answer> {
  const { draft: t } = ctx.t.admin;
  const isAnime = draft.kind === 'anime';
  const [, taken, after, number] = await ctx.turn.commit(
    detour(draft, isAnime ? 'code' : 'number', isAnime ? 'preview' : null, ctx.now),
    holderOf(draft.code ?? 0),
    draftById(draft.id, draft.userId),
    numberAmong(draft, draft.firstNumber ?? 1),
  );
  const note =
    isAnime && taken !== undefined
      ? t.codeTaken(
          taken.code,
          titleFrom(taken.title, taken.description) ?? t.untitled(),
          taken.deletedAt !== null,
        )
      : t.numberTaken(number ?? draft.firstNumber ?? 1);
  return draftScreen(after ?? draft, ctx.t, note);
}

function firstId(result: WriteResult | undefined): number | undefined {
  return result?.rows[0]?.int('id');
}
