/** Updates that were set aside while Telegram was in trouble, handled again: in order in each chat, each once. */
import type { Update } from 'grammy/types';
import type { Database } from '../db/database.ts';
import { type WaitingUpdate, waitingUpdates } from '../db/updates.ts';
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
  for (const one of waiting) if (!isOver(await replay(parse(one)))) return false;
  return waiting.length < AT_ONCE;
}

/** `kept` and `again` wait on; whatever else became of it, the next one of its chat may go. */
export function isOver(outcome: Outcome): boolean {
  return typeof outcome === 'string' && outcome !== 'kept' && outcome !== 'again';
}

/** Only {@link recordFailure} writes this column. */
export function parse({ payload }: WaitingUpdate): Update {
  return JSON.parse(payload) as Update;
}
