/**
 * Long polling for hosts without a public address. grammY's own loop confirms an update before its handling is known to have worked;
 * here the offset moves only past updates that were handled (or kept as poison), so none is lost when the database is away.
 */
import type { Api } from 'grammy';
import type { Update } from 'grammy/types';
import { describeError, type Log } from './log.ts';
import type { Receive } from './receive.ts';
import { ALLOWED_UPDATES } from './telegram.ts';

export interface PollingOptions {
  readonly api: Api;
  readonly receive: Receive;
  readonly log: Log;
  readonly sleep: (milliseconds: number) => Promise<void>;
  readonly signal: AbortSignal;
}

/** How long Telegram holds a request without updates, seconds. */
const HOLD_SECONDS = 15;
const FIRST_DELAY_MS = 1_000;
const LONGEST_DELAY_MS = 30_000;

/** Polls until the signal aborts; the batch at hand is finished first. */
export async function poll(options: PollingOptions): Promise<void> {
  const { api, log, signal } = options;
  const stopped = aborted(signal);
  let offset = 0;
  let delay = FIRST_DELAY_MS;
  while (!signal.aborted) {
    try {
      const asked = api.getUpdates({ offset, timeout: HOLD_SECONDS, allowed_updates: ALLOWED_UPDATES });
      // An abandoned answer confirms nothing: the offset did not move.
      const updates = await Promise.race([asked, stopped]);
      delay = FIRST_DELAY_MS;
      if (!(await receiveAll(updates, options))) continue;
      const last = updates.at(-1);
      if (last !== undefined) offset = last.update_id + 1;
    } catch (error) {
      if (signal.aborted) return;
      log.warn('polling failed', { error: describeError(error), retry_in_ms: delay });
      await options.sleep(delay);
      delay = Math.min(delay * 2, LONGEST_DELAY_MS);
    }
  }
}

function aborted(signal: AbortSignal): Promise<[]> {
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve([]), { once: true }));
}

/** One chat's updates in their order, different chats at once, as Telegram does with webhooks. False when stopped midway. */
async function receiveAll(updates: readonly Update[], options: PollingOptions): Promise<boolean> {
  const chats = Map.groupBy(updates, chatOf);
  const results = await Promise.all([...chats.values()].map((chat) => receiveInOrder(chat, options)));
  return results.every(Boolean);
}

async function receiveInOrder(updates: readonly Update[], options: PollingOptions): Promise<boolean> {
  for (const update of updates) {
    let delay = FIRST_DELAY_MS;
    while ((await options.receive(update)) === 'again') {
      if (options.signal.aborted) return false;
      await options.sleep(delay);
      delay = Math.min(delay * 2, LONGEST_DELAY_MS);
    }
  }
  return true;
}

function chatOf(update: Update): number {
  return (
    update.message?.chat.id ??
    update.callback_query?.message?.chat.id ??
    update.callback_query?.from.id ??
    update.update_id
  );
}
