/**
 * The one message that says how many parts a draft has. A hundred parts in a burst are a hundred
 * updates, possibly at once on several hosts: whoever claims the refresh says the number, the
 * others say nothing; a moment later, and at the next tick, the number is made true.
 */

import { type Api, GrammyError } from 'grammy';
import { messageOptions } from '../../bot/show.ts';
import { type Database, hasChanged } from '../../db/database.ts';
import { claimStatus, staleStatuses, statusShown } from '../../db/draft-parts.ts';
import { anyDraft, type Draft } from '../../db/read-drafts.ts';
import { textsIn } from '../../locales/index.ts';
import type { LocaleName } from '../../settings/config.ts';
import { draftScreen } from './draft-screens.ts';

/** Between two edits of one status: Telegram takes about one a second (docs/platform-facts.md). */
export const STATUS_EVERY_MS = 3_000;

/** The messages of an album come together, each as an update of its own. */
export const ALBUM_MS = 1_000;

export interface StatusParts {
  readonly db: Database;
  readonly api: Api;
  readonly now: () => Date;
  readonly defaultLocale: LocaleName;
}

/**
 * Shows the draft's present step below its last part: an edit where the message is the last one
 * still, else a new message in place of the old one. One call, or two. The caller must have claimed
 * the refresh.
 */
export async function showStatus(parts: StatusParts, draft: Draft): Promise<void> {
  const { api, db } = parts;
  const screen = draftScreen(draft, textsIn(draft.language, parts.defaultLocale));
  const options = messageOptions(screen);
  const old = draft.statusMessage;
  if (old !== null && old > (draft.lastPartMessage ?? 0)) {
    await api.editMessageText(draft.userId, old, screen.text.markup, options).catch(unlessUneditable);
    await db.write([statusShown(draft.id, old, draft.parts)]);
    return;
  }
  const sent = await api.sendMessage(draft.userId, screen.text.markup, options);
  await db.write([statusShown(draft.id, sent.message_id, draft.parts)]);
  if (old !== null) await api.deleteMessage(draft.userId, old);
}

/** Makes a draft's status true if it is not, unless somebody did so a moment ago. */
export async function settleStatus(parts: StatusParts, draftId: number): Promise<void> {
  const now = parts.now();
  const [stale] = await parts.db.read([staleStatuses(now, STATUS_EVERY_MS)]);
  if (!stale.includes(draftId)) return;
  const [claim] = await parts.db.write([claimStatus({ id: draftId }, now, STATUS_EVERY_MS)]);
  if (!hasChanged(claim)) return;
  const [draft] = await parts.db.read([anyDraft(draftId)]);
  if (draft === undefined) return;
  if (shows(draft)) return showStatus(parts, draft);
  // The admin went on elsewhere: its number is wrong, and its buttons are of an earlier step.
  await parts.db.write([statusShown(draft.id, null, draft.parts)]);
  if (draft.statusMessage !== null) await parts.api.deleteMessage(draft.userId, draft.statusMessage);
}

/** Shows the claimed status of a draft as it is by now. */
export async function showLater(parts: StatusParts, draftId: number): Promise<void> {
  const [draft] = await parts.db.read([anyDraft(draftId)]);
  if (draft?.isOpen === true && shows(draft)) await showStatus(parts, draft);
}

/** Steps whose message says the number of parts; at others the wizard waits for something else. */
export function shows(draft: Draft): boolean {
  return draft.step === 'parts' || draft.step === 'description';
}

/** The admin deleted the message, or it says the same already: nothing is lost. */
function unlessUneditable(error: unknown): void {
  if (error instanceof GrammyError && error.error_code === 400) return;
  throw error;
}
