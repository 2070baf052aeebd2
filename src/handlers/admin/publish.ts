/** The end of a draft: everything it holds becomes visible in one batch, or nothing does. */
import { InlineKeyboard } from 'grammy';
import { encodeAction } from '../../bot/callback-data.ts';
import type { BotContext, Viewer } from '../../bot/context.ts';
import { leaveBare, show } from '../../bot/show.ts';
import { audit } from '../../db/audit-log.ts';
import { holderOf, publish, publishParts } from '../../db/catalogue.ts';
import { ConstraintFailed, type WriteResult } from '../../db/database.ts';
import { numberAmong } from '../../db/draft-parts.ts';
import { type Draft, detour, draftById } from '../../db/drafts.ts';
import { announceParts } from '../../db/part-news.ts';
import { indexAnime } from '../../db/search-index.ts';
import { searchText } from '../../text/search-text.ts';
import { draftScreen, draftTitle, titleFrom } from './draft-screens.ts';
import { postAndReport } from './post-cards.ts';

/** Publishes a draft of either kind and says so once it is written; a number or code taken meanwhile is refused by name. */
export async function publishDraft(ctx: BotContext, admin: Viewer, draft: Draft): Promise<void> {
  try {
    await (draft.kind === 'anime' ? publishAnime(ctx, admin, draft) : publishMore(ctx, admin, draft));
  } catch (error) {
    if (!(error instanceof ConstraintFailed)) throw error;
    await refuse(ctx, draft);
  }
}

async function publishAnime(ctx: BotContext, admin: Viewer, draft: Draft): Promise<void> {
  const title = draftTitle(draft, ctx.t);
  const code = draft.code ?? 0;
  const texts = searchText({ title, aliases: null, description: draft.description });
  const results = await ctx.turn.commit(
    ...publish(draft, ctx.now),
    indexAnime({ code }, texts),
    audit(admin.id, 'anime-added', `${code} ${title}`, ctx.now),
  );
  const id = firstId(results[0]);
  if (id === undefined) return gone(ctx);
  const posting = firstId(results[3]);
  const done = ctx.t.admin.draft.published(title, code, results[1]?.rows.length ?? 0);
  const keyboard = new InlineKeyboard()
    .text(ctx.t.admin.draft.addAnother(), encodeAction({ kind: 'draftNew' }))
    .row()
    .text(ctx.t.admin.draft.edit(), encodeAction({ kind: 'edit', id }))
    .text(ctx.t.admin.sending.post(), encodeAction({ kind: 'post', id }))
    .row()
    .text(ctx.t.admin.system.panel(), encodeAction({ kind: 'panel' }));
  await Promise.all([ctx.answerPress(), show(ctx, { text: done, keyboard }), leaveBare(ctx)]);
  if (posting !== undefined) await postAndReport(ctx, posting);
}

async function publishMore(ctx: BotContext, admin: Viewer, draft: Draft): Promise<void> {
  if (draft.anime === undefined) return gone(ctx);
  const { id } = draft.anime;
  const title = draftTitle(draft, ctx.t);
  const results = await ctx.turn.commit(
    ...publishParts(draft, ctx.now),
    announceParts(id, ctx.now),
    audit(admin.id, 'parts-added', `${draft.anime.code} ${title}: ${draft.parts}`, ctx.now),
  );
  const numbers = (results[0]?.rows ?? []).map((row) => row.int('part_number'));
  if (numbers.length === 0) return gone(ctx);
  const keyboard = new InlineKeyboard()
    .text(ctx.t.admin.draft.edit(), encodeAction({ kind: 'edit', id }))
    .text(ctx.t.admin.sending.post(), encodeAction({ kind: 'post', id }))
    .row()
    .text(ctx.t.admin.system.panel(), encodeAction({ kind: 'panel' }));
  const text = ctx.t.admin.draft.partsPublished(title, Math.min(...numbers), Math.max(...numbers));
  await Promise.all([ctx.answerPress(), show(ctx, { text, keyboard })]);
}

/** Somebody took the code, or one of the numbers, after the draft asked for it. Nothing was written; the draft asks again. */
async function refuse(ctx: BotContext, draft: Draft): Promise<void> {
  const { draft: t } = ctx.t.admin;
  const question = draftById(draft.id, draft.userId);
  const step = draft.kind === 'anime' ? 'code' : 'number';
  const holder = holderOf(draft.code ?? 0);
  const number = numberAmong(draft, draft.firstNumber ?? 1);
  const results = await ctx.turn.commit(
    detour(draft, step, draft.kind === 'anime' ? 'preview' : null, ctx.now),
    holder,
    question,
    number,
  );
  const after = question.parse(results[2]?.rows ?? []) ?? draft;
  const taken = holder.parse(results[1]?.rows ?? []);
  const note =
    draft.kind === 'anime' && taken !== undefined
      ? t.codeTaken(
          taken.code,
          titleFrom(taken.title, taken.description) ?? t.untitled(),
          taken.deletedAt !== null,
        )
      : t.numberTaken(number.parse(results[3]?.rows ?? []) ?? draft.firstNumber ?? 1);
  await Promise.all([ctx.answerPress(), show(ctx, draftScreen(after, ctx.t, note))]);
}

async function gone(ctx: BotContext): Promise<void> {
  await ctx.answerPress(ctx.t.admin.draft.gone(), { alert: true });
}

function firstId(result: WriteResult | undefined): number | undefined {
  return result?.rows[0]?.int('id');
}
