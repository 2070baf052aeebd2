/**
 * What becomes of an update whose turn failed: the cause and its age decide, never the words of a
 * refusal.
 */
import { GrammyError } from 'grammy';
import type { Update } from 'grammy/types';
import { noticeAdmins } from '../db/admin-notices.ts';
import { type Database, DatabaseUnavailable, type Statement } from '../db/database.ts';
import { LONGEST_WAIT_MS, recordFailure, recordFlood, setAside } from '../db/updates.ts';
import { describeError, type Log } from '../lib/log.ts';
import { pauseAfter, UPDATE_SET_ASIDE } from '../lib/retry.ts';
import { chatOf, isPrivate } from './incoming.ts';
import type { Delivery, Outcome } from './outcome.ts';
import { isPassing } from './telegram-errors.ts';

/** Telegram wants silence in the update's chat; nothing was asked of it. */
export class Flooded extends Error {
  override readonly name = 'Flooded';
  readonly untilMs: number;
  constructor(untilMs: number) {
    super('Telegram asked for silence in this chat');
    this.untilMs = untilMs;
  }
}

/** Earlier updates of the chat wait, and still cannot be handled: this one waits behind them. */
export class Behind extends Error {
  override readonly name = 'Behind';
}

export interface FailedTurn {
  readonly update: Update;
  readonly error: unknown;
  readonly delivery: Delivery;
  /** The turn's effects are written. */
  readonly isCommitted: boolean;
  /** Counts the update for its sender; one that Telegram refuses counts, too. */
  readonly seen: readonly Statement[];
}

/**
 * Deliveries by Telegram of an update that fails because of Telegram end after this time; then the
 * tick has it.
 */
const HOLD_MS = 15_000;
/** So many deliveries, if they come quickly. */
const MAX_ATTEMPTS = 5;
/**
 * The webhook does not wait for a longer silence: its chat's later updates would wait in Telegram's
 * queue.
 */
const LONGEST_HOLD_MS = 300_000;

/** Never rejects: Telegram delivers again what cannot be recorded. */
export async function settleFailure(
  failed: FailedTurn,
  { db, now, log }: { readonly db: Database; readonly now: () => Date; readonly log: Log },
): Promise<Outcome> {
  const { update, error, delivery } = failed;
  if (error instanceof DatabaseUnavailable) return 'again';
  // The work is done, and another delivery would not bring the lost answer: the tick tells it.
  const isOwed = failed.isCommitted && isPassing(error);
  if (isOwed && !isPrivate(update)) return 'handled';
  const at = now();
  const id = update.update_id;
  const chatId = chatOf(update);
  const failure = { updateId: id, chatId, payload: JSON.stringify(update), error: describeError(error) };
  const record = recordFailure(failure, failed.isCommitted, at);
  const told = isOwed ? [] : waits(delivery, at);
  try {
    const flood = floodOf(error, chatId, at);
    if (flood !== undefined) {
      const isOurs = error instanceof Flooded;
      const floods = isOurs ? [] : [recordFlood(flood.chatId, flood.untilMs)];
      const waitMs = flood.untilMs - at.getTime();
      if (delivery === 'webhook' && waitMs <= LONGEST_HOLD_MS && !isOwed) {
        if (floods.length > 0) await db.write(floods);
        return { retryAfter: Math.max(1, Math.ceil(waitMs / 1000)) };
      }
      await db.write([...floods, record, setAside(id, flood.untilMs, at), ...told]);
      return 'kept';
    }
    if (error instanceof Behind) {
      await db.write([record, setAside(id, at.getTime(), at), ...told]);
      return 'kept';
    }
    if (!isPassing(error)) {
      const kept = [record, setAside(id, null, at), refused(error, at)];
      // The sender's own row may be the fault: the update is kept all the same.
      await db.write([...kept, ...failed.seen]).catch(() => db.write(kept));
      return 'poison';
    }
    const [recorded] = await db.write([record]);
    const [row] = recorded?.rows ?? [];
    // Another attempt at the same time succeeded.
    if (row === undefined) return 'duplicate';
    const attempts = row.int('attempts');
    const since = row.int('since_ms');
    const isHeld = delivery !== 'replay' && attempts < MAX_ATTEMPTS && at.getTime() - since < HOLD_MS;
    if (isHeld && !isOwed) return 'again';
    const isOld = at.getTime() - since > LONGEST_WAIT_MS;
    const pause = pauseAfter(UPDATE_SET_ASIDE, Math.max(1, 1 + attempts - MAX_ATTEMPTS));
    await db.write([
      setAside(id, isOld ? null : at.getTime() + pause, at),
      ...(isOld ? [refused(error, at)] : told),
    ]);
    return isOld ? 'poison' : 'kept';
  } catch (recordError) {
    log.error('failure not recorded', { update_id: id, error: describeError(recordError) });
    return 'again';
  }
}

/** Bad hours have many outages: one message counts them. */
const WAITS_AGAIN_HOURS = 1;

/** Counted once, not at every replay. */
function waits(delivery: Delivery, now: Date): Statement[] {
  if (delivery === 'replay') return [];
  return [noticeAdmins('updates-wait', { kind: 'updates-wait' }, now, WAITS_AGAIN_HOURS)];
}

/** One notice for each kind of trouble, however many updates meet it. */
function refused(error: unknown, now: Date): Statement {
  const reason = describeError(error);
  const code = error instanceof GrammyError ? `${error.method}:${error.error_code}` : 'program';
  return noticeAdmins(`updates-failed:${code}`, { kind: 'updates-failed', reason }, now);
}

interface Flood {
  /** 0: the bot as a whole. */
  readonly chatId: number;
  readonly untilMs: number;
}

/** How long Telegram asks for silence when it names no time. */
const UNNAMED_FLOOD_MS = 5_000;

function floodOf(error: unknown, own: number | undefined, now: Date): Flood | undefined {
  if (error instanceof Flooded) return { chatId: own ?? 0, untilMs: error.untilMs };
  if (!(error instanceof GrammyError) || error.error_code !== 429) return undefined;
  const { chat_id: chat } = error.payload;
  const ms =
    error.parameters.retry_after === undefined ? UNNAMED_FLOOD_MS : error.parameters.retry_after * 1000;
  return { chatId: typeof chat === 'number' ? chat : 0, untilMs: now.getTime() + ms };
}
