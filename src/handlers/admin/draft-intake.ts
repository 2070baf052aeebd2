/** An admin's messages while a draft is open: parts at any step, and what the step waits for. */
import type { Message } from 'grammy/types';
import type { BotContext } from '../../bot/context.ts';
import { type AdminContext, isFor } from '../../bot/feature.ts';
import { isContent } from '../../bot/incoming.ts';
import type { Answer } from '../../bot/reply.ts';
import type { Screen } from '../../bot/show.ts';
import { type Stage, step } from '../../bot/step.ts';
import { holderOf } from '../../db/catalogue.ts';
import { hasChanged } from '../../db/database.ts';
import { claimStatus, collectPart, numberAmong, type SentPart } from '../../db/draft-parts.ts';
import { changeStep, type StepChange } from '../../db/drafts.ts';
import { type Draft, openDraft } from '../../db/read-drafts.ts';
import type { Html } from '../../text/html.ts';
import { titleFrom } from '../../text/search-text.ts';
import { TEXT_LIMITS } from '../../text/text-limits.ts';
import { draftScreen } from './draft-screens.ts';
import { ALBUM_MS, STATUS_EVERY_MS, settleStatus, showLater, showStatus, shows } from './draft-status.ts';
import { oneLine } from './lines.ts';
import { partOfMessage, photoOfMessage } from './part-files.ts';

/** Stands after the questions: an open one waits for its own answer, and a draft with it. */
export const draftIntake: Stage = (incoming, who) => {
  if (!who.isPrivate || !isContent(incoming)) return undefined;
  return step([openDraft(who.id)], async (ctx, [draft], next) => {
    const act = isFor(ctx, 'admins') && ctx.message ? taker(ctx, ctx.message, draft) : undefined;
    if (act === undefined) return next();
    ctx.turn.handler = 'admin draft';
    return act();
  });
};

type Take = () => Promise<Answer | undefined> | Screen;

/** Who takes a message, if it is for the draft. */
function taker(ctx: AdminContext, message: Message, draft: Draft | undefined): Take | undefined {
  const { incoming } = ctx;
  const part = partOfMessage(message);
  if (part !== undefined) return () => takePart(ctx, part);
  if (draft === undefined) return undefined;
  switch (incoming.kind) {
    case 'text':
      return () => takeText(ctx, draft, message.text ?? '');
    case 'code':
      // 86 is a name too.
      if (draft.step === 'description' || draft.step === 'title')
        return () => takeText(ctx, draft, message.text ?? '');
      if (draft.step === 'number') return () => takeNumber(ctx, draft, incoming.code);
      return draft.step === 'code' ? () => takeCode(ctx, draft, incoming.code) : undefined;
    default: {
      const photo = photoOfMessage(message);
      return photo === undefined ? () => refuseFile(ctx, draft) : () => takePhoto(ctx, draft, photo, message);
    }
  }
}

async function takePart(ctx: AdminContext, part: SentPart): Promise<Answer | undefined> {
  const { id: adminId } = ctx.viewer;
  const [[, counted, stored], claim, draft] = await ctx.turn.commit(
    collectPart(adminId, part, ctx.now),
    claimStatus({ userId: adminId }, ctx.now, STATUS_EVERY_MS),
    openDraft(adminId),
  );
  // A question was opened in this very moment, and no draft is there to take it.
  if (!hasChanged(counted) && !hasChanged(stored)) return { text: ctx.t.frame.notUnderstood() };
  if (draft === undefined || !hasChanged(claim)) return undefined;
  const { services } = ctx;
  const isAlbum = ctx.message?.media_group_id !== undefined;
  if (isAlbum) services.after?.(ALBUM_MS, () => showLater(services, draft.id));
  services.after?.(STATUS_EVERY_MS, () => settleStatus(services, draft.id));
  if (shows(draft) && !(isAlbum && services.after !== undefined)) await showStatus(services, draft);
  return undefined;
}

function takeText(ctx: AdminContext, draft: Draft, text: string): Promise<Screen> | Screen {
  const { badCode, badNumber, textNotExpected } = ctx.t.admin.draft;
  switch (draft.step) {
    case 'description': {
      const title = draft.title ?? titleFrom(null, text);
      return change(ctx, draft, {
        step: 'parts',
        description: text,
        ...(title === undefined ? {} : { title }),
      });
    }
    case 'title':
      return change(ctx, draft, { step: 'preview', title: oneLine(text, TEXT_LIMITS.title) });
    case 'code':
      return draftScreen(draft, ctx.t, badCode());
    case 'number':
      return draftScreen(draft, ctx.t, badNumber());
    default:
      // The old bot took any text after a part for the new description.
      return draftScreen(draft, ctx.t, textNotExpected());
  }
}

function takePhoto(
  ctx: AdminContext,
  draft: Draft,
  photo: { readonly fileId: string; readonly uniqueId: string },
  message: Message,
): Promise<Screen> | Screen {
  if (draft.step === 'photo') return change(ctx, draft, { step: 'preview', photo });
  if (draft.step !== 'description' || draft.kind !== 'anime') return refuseFile(ctx, draft);
  const description = message.caption?.trim() ?? '';
  if (description === '' && draft.description === null)
    return change(ctx, draft, { step: 'description', photo }, ctx.t.admin.draft.photoKept());
  const title = draft.title ?? titleFrom(null, description);
  return change(ctx, draft, {
    step: 'parts',
    photo,
    ...(description === '' ? {} : { description }),
    ...(title === undefined ? {} : { title }),
  });
}

/** What is no part, and nothing else that the step waits for. */
function refuseFile({ t }: BotContext, draft: Draft): Screen {
  return draftScreen(draft, t, draft.step === 'parts' ? t.admin.draft.videoWanted() : undefined);
}

/** Takes a code, or says by name who has it. */
export async function takeCode(ctx: AdminContext, draft: Draft, code: number | null): Promise<Screen> {
  const t = ctx.t.admin.draft;
  if (code === null) return draftScreen(draft, ctx.t, t.badCode());
  const [taken, , after] = await ctx.turn.commit(
    // Before the change: afterwards the code's holder could be nobody but another anime anyway.
    holderOf(code),
    changeStep(draft, { step: 'groups', code }, ctx.now),
    openDraft(ctx.viewer.id),
  );
  const name = taken === undefined ? '' : (titleFrom(taken.title, taken.description) ?? t.untitled());
  const note = taken === undefined ? undefined : t.codeTaken(code, name, taken.deletedAt !== null);
  return draftScreen(after ?? draft, ctx.t, note);
}

async function takeNumber(ctx: AdminContext, draft: Draft, number: number | null): Promise<Screen> {
  const { badNumber, numberTaken } = ctx.t.admin.draft;
  if (number === null || number > HIGHEST_NUMBER) return draftScreen(draft, ctx.t, badNumber());
  const [taken, , after] = await ctx.turn.commit(
    numberAmong(draft, number),
    changeStep(draft, { step: 'parts', firstNumber: number }, ctx.now),
    openDraft(ctx.viewer.id),
  );
  return draftScreen(after ?? draft, ctx.t, taken === undefined ? undefined : numberTaken(taken));
}

/** Far beyond the longest anime there is; keeps a mistyped code out of the numbering. */
const HIGHEST_NUMBER = 100_000;

/** One step of the wizard: written first, then shown as it is in the database. */
async function change(ctx: AdminContext, draft: Draft, to: StepChange, note?: Html): Promise<Screen> {
  const [, after] = await ctx.turn.commit(changeStep(draft, to, ctx.now), openDraft(ctx.viewer.id));
  return after === undefined
    ? { text: ctx.t.admin.draft.nothingToCancel() }
    : draftScreen(after, ctx.t, note);
}
