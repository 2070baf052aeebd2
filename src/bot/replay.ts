/**
 * Updates that were set aside while Telegram was in trouble, handled again: in order in each chat,
 * each once.
 */
import type { Update } from 'grammy/types';
import { noticeAdmins } from '../db/admin-notices.ts';
import type { Database } from '../db/database.ts';
import { setAside, type WaitingUpdate, waitingUpdates } from '../db/updates.ts';
import { readJson } from '../lib/read-json.ts';
import type { Outcome } from './outcome.ts';

/** Handles one update that was set aside. */
export type Replay = (update: Update) => Promise<Outcome>;

/** Of one chat, before a new update of it is handled. */
const AT_ONCE = 10;

/** False when some of them have to wait on. */
export async function replayChat(
  db: Database,
  { chatId, now }: { readonly chatId: number; readonly now: Date },
  replay: Replay,
): Promise<boolean> {
  const [waiting] = await db.read([waitingUpdates(now, AT_ONCE, chatId)]);
  for (const one of waiting) if (!isOver(await replayOne(db, one, now, replay))) return false;
  return waiting.length < AT_ONCE;
}

/**
 * A row that is no update (somebody's SQL, a restored row) is left to an admin, and delays nobody.
 */
export async function replayOne(
  db: Database,
  { updateId, payload }: WaitingUpdate,
  now: Date,
  replay: Replay,
): Promise<Outcome> {
  const update = readJson<Update>(payload);
  if (update?.update_id === updateId) return replay(update);
  const reason = `stored update ${updateId} cannot be read`;
  await db.write([
    setAside(updateId, null, now),
    noticeAdmins('updates-failed:program', { kind: 'updates-failed', reason }, now),
  ]);
  return 'poison';
}

/** `kept` and `again` wait on; after any other outcome the next update of the chat may go. */
export function isOver(outcome: Outcome): boolean {
  return typeof outcome === 'string' && outcome !== 'kept' && outcome !== 'again';
}
