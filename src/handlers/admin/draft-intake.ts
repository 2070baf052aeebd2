/** An admin's messages while a draft is open: parts at any step, and the text or picture the step waits for. */
import type { Message } from 'grammy/types';
import type { BotContext, Viewer } from '../../bot/context.ts';
import type { Feature } from '../../bot/feature.ts';
import { show } from '../../bot/show.ts';
import { prefetch } from '../../bot/turn.ts';
import { holderOf } from '../../db/catalogue.ts';
import { hasChanged, type Statement } from '../../db/database.ts';
import { claimStatus, collectPart, numberAmong } from '../../db/draft-parts.ts';
import { changeStep, type Draft, openDraft, type Step, type StepChange } from '../../db/drafts.ts';
import type { Row } from '../../db/row.ts';
import type { Html } from '../../text/html.ts';
import { draftScreen, titleFrom } from './draft-screens.ts';
import { STATUS_EVERY_MS, settleStatus, showStatus, shows } from './draft-status.ts';
import { oneLine } from './lines.ts';
import { partOfMessage, photoOfMessage } from './part-files.ts';
import { AdminRoutes, askedQuestion, isContent } from './routes.ts';

/** The open draft of whoever writes. */
const writersDraft = prefetch((incoming, { userId }) =>
  userId !== undefined && isContent(incoming) ? openDraft(userId) : undefined,
);

const routes = new AdminRoutes()
  .on(
    'part',
    (ctx) =>
      // A question waits for its own answer; only then may a video be something else than a part.
      ctx.turn.got(askedQuestion) === undefined && ctx.incoming.kind === 'attachment' && ctx.message
        ? partOfMessage(ctx.message)
        : undefined,
    async (ctx, admin, part) => {
      const results = await ctx.turn.commit(
        ...collectPart(admin.id, part, ctx.now),
        claimStatus({ userId: admin.id }, ctx.now, STATUS_EVERY_MS),
        openDraft(admin.id),
      );
      const isKept = results.slice(1, 3).some(hasChanged);
      // A question was opened in this very moment, and no draft is there to take it.
      if (!isKept) return show(ctx, { text: ctx.t.frame.notUnderstood() });
      const [claim, found] = results.slice(-2);
      const draft = openDraft(admin.id).parse(found?.rows ?? []);
      if (draft === undefined || !hasChanged(claim)) return;
      const { services } = ctx;
      services.after?.(STATUS_EVERY_MS, () => settleStatus(services, draft.id));
      if (shows(draft)) await showStatus(services, draft);
    },
  )
  .on(
    'draft text',
    (ctx) => {
      const found = draftAndMessage(ctx);
      const { kind } = ctx.incoming;
      // 86 is a name too.
      const isText = kind === 'text' || (kind === 'code' && WANTS_TEXT.has(found?.draft.step));
      return isText ? found : undefined;
    },
    (ctx, admin, { draft, message }) => takeText(ctx, admin, draft, message.text ?? ''),
  )
  .on(
    'draft photo',
    (ctx) => {
      const found = draftAndMessage(ctx);
      const photo = found === undefined ? undefined : photoOfMessage(found.message);
      return photo === undefined || found === undefined ? undefined : { ...found, photo };
    },
    (ctx, admin, { draft, message, photo }) => takePhoto(ctx, admin, draft, { photo, message }),
  )
  .on(
    'draft file',
    (ctx) => (ctx.incoming.kind === 'attachment' ? ctx.turn.got(writersDraft) : undefined),
    refuseFile,
  )
  .on(
    'draft code',
    (ctx) => {
      const draft = ctx.turn.got(writersDraft);
      const { incoming } = ctx;
      const wants = draft?.step === 'code' || draft?.step === 'number';
      return wants && incoming.kind === 'code' ? { draft, code: incoming.code } : undefined;
    },
    (ctx, admin, { draft, code }) =>
      draft.step === 'number' ? takeNumber(ctx, admin, draft, code) : takeCode(ctx, admin, draft, code),
  );

export const draftIntakeFeature: Feature = {
  name: 'admin draft intake',
  composer: routes.composer,
  prefetches: [askedQuestion, writersDraft],
};

/** Steps at which digits are a text like any other. */
const WANTS_TEXT: ReadonlySet<Step | undefined> = new Set<Step>(['description', 'title']);

function draftAndMessage(ctx: BotContext): { draft: Draft; message: Message } | undefined {
  const draft = ctx.turn.got(writersDraft);
  return draft === undefined || ctx.message === undefined ? undefined : { draft, message: ctx.message };
}

async function takeText(ctx: BotContext, admin: Viewer, draft: Draft, text: string): Promise<void> {
  switch (draft.step) {
    case 'description': {
      const title = draft.title ?? titleFrom(null, text);
      return step(ctx, admin, draft, {
        step: 'parts',
        description: text,
        ...(title === undefined ? {} : { title }),
      });
    }
    case 'title':
      return step(ctx, admin, draft, { step: 'preview', title: oneLine(text, 200) });
    case 'code':
      return show(ctx, draftScreen(draft, ctx.t, ctx.t.admin.draft.badCode()));
    case 'number':
      return show(ctx, draftScreen(draft, ctx.t, ctx.t.admin.draft.badNumber()));
    default:
      // The old bot took any text after a part for the new description.
      return show(ctx, draftScreen(draft, ctx.t, ctx.t.admin.draft.textNotExpected()));
  }
}

async function takePhoto(
  ctx: BotContext,
  admin: Viewer,
  draft: Draft,
  given: {
    readonly photo: { readonly fileId: string; readonly uniqueId: string };
    readonly message: Message;
  },
): Promise<void> {
  const { photo, message } = given;
  if (draft.step === 'photo') return step(ctx, admin, draft, { step: 'preview', photo });
  if (draft.step !== 'description' || draft.kind !== 'anime') return refuseFile(ctx, admin, draft);
  const description = message.caption?.trim() ?? '';
  if (description === '' && draft.description === null)
    return step(ctx, admin, draft, { step: 'description', photo }, ctx.t.admin.draft.photoKept());
  const title = draft.title ?? titleFrom(null, description);
  return step(ctx, admin, draft, {
    step: 'parts',
    photo,
    ...(description === '' ? {} : { description }),
    ...(title === undefined ? {} : { title }),
  });
}

/** What is no part, and nothing else that the step waits for. */
function refuseFile(ctx: BotContext, _: Viewer, draft: Draft): Promise<void> {
  const note = draft.step === 'parts' ? ctx.t.admin.draft.videoWanted() : undefined;
  return show(ctx, draftScreen(draft, ctx.t, note));
}

/** Takes a code, or says by name who has it. */
export async function takeCode(
  ctx: BotContext,
  admin: Viewer,
  draft: Draft,
  code: number | null,
): Promise<void> {
  if (code === null) return show(ctx, draftScreen(draft, ctx.t, ctx.t.admin.draft.badCode()));
  const [holder, after] = await write(ctx, admin, draft, { step: 'groups', code }, holderOf(code));
  const taken = holderOf(code).parse(holder?.rows ?? []);
  const t = ctx.t.admin.draft;
  const name = taken === undefined ? '' : (titleFrom(taken.title, taken.description) ?? t.untitled());
  const note = taken === undefined ? undefined : t.codeTaken(code, name, taken.deletedAt !== null);
  await show(ctx, draftScreen(after ?? draft, ctx.t, note));
}

async function takeNumber(
  ctx: BotContext,
  admin: Viewer,
  draft: Draft,
  number: number | null,
): Promise<void> {
  if (number === null || number > HIGHEST_NUMBER)
    return show(ctx, draftScreen(draft, ctx.t, ctx.t.admin.draft.badNumber()));
  const question = numberAmong(draft, number);
  const [found, after] = await write(ctx, admin, draft, { step: 'parts', firstNumber: number }, question);
  const taken = question.parse(found?.rows ?? []);
  const note = taken === undefined ? undefined : ctx.t.admin.draft.numberTaken(taken);
  await show(ctx, draftScreen(after ?? draft, ctx.t, note));
}

/** Far beyond the longest anime there is; keeps a mistyped code out of the numbering. */
const HIGHEST_NUMBER = 100_000;

/** One step of the wizard: written first, then shown as it is in the database. */
async function step(
  ctx: BotContext,
  admin: Viewer,
  draft: Draft,
  change: StepChange,
  note?: Html,
): Promise<void> {
  const [, after] = await write(ctx, admin, draft, change);
  if (after === undefined) return show(ctx, { text: ctx.t.admin.draft.nothingToCancel() });
  await show(ctx, draftScreen(after, ctx.t, note));
}

async function write(
  ctx: BotContext,
  admin: Viewer,
  draft: Draft,
  change: StepChange,
  question?: Statement,
): Promise<readonly [{ readonly rows: readonly Row[] } | undefined, Draft | undefined]> {
  const results = await ctx.turn.commit(
    // Before the change: afterwards the code's holder could be nobody but another anime anyway.
    ...(question === undefined ? [] : [question]),
    changeStep(draft, change, ctx.now),
    openDraft(admin.id),
  );
  return [
    question === undefined ? undefined : results[0],
    openDraft(admin.id).parse(results.at(-1)?.rows ?? []),
  ];
}
