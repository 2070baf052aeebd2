/** The one loop for work that may succeed a moment later, and a named policy for each such work. */
import { DAY_MS } from '../text/times.ts';
import type { Clock } from './clock.ts';

export interface RetryPolicy {
  /** Tries in all. */
  readonly attempts: number;
  /** Tries that may end after a long wait for nothing (errors with `isStall`); absent: all. */
  readonly stalls?: number;
  /** Pause after the first failure, ms; doubled after each further one. */
  readonly firstMs: number;
  /** Longest pause, ms. */
  readonly mostMs: number;
  /** Multiplies a pause by a random number between these two; absent: the pause stays as it is. */
  readonly spread?: readonly [number, number];
}

/**
 * One request to a bucket. The pauses add up to 8 s at most: they outlast a restart, not an outage.
 * A server that said nothing three times, each for half a minute or longer, is stuck.
 */
export const STORE_REQUEST: RetryPolicy = {
  attempts: 6,
  stalls: 3,
  firstMs: 250,
  mostMs: 20_000,
  spread: [0, 1],
};
/**
 * One reading of the whole database. It costs minutes, so what still fails at the third try has a
 * real cause.
 */
export const DATABASE_READ: RetryPolicy = {
  attempts: 3,
  firstMs: 1_000,
  mostMs: 4_000,
  spread: [0.5, 1.5],
};
/**
 * One request to a database server. The pauses add up to half a minute, as long as a server takes
 * to come back.
 */
export const SQL_REQUEST: RetryPolicy = {
  attempts: 6,
  firstMs: 1_000,
  mostMs: 16_000,
  spread: [0.5, 1.5],
};
/** A question or transaction that another writer may have cut short: a quick repeat may succeed. */
export const SQL_AT_ONCE: RetryPolicy = { attempts: 3, firstMs: 0, mostMs: 0 };
/** The record of a failed run. Without it the next run would report a death that was none. */
export const FAILURE_RECORD: RetryPolicy = { attempts: 3, firstMs: 2_000, mostMs: 4_000 };
/** What the bot cannot work without (Telegram's updates): until the host stops. */
const UNTIL_STOPPED: RetryPolicy = {
  attempts: Number.POSITIVE_INFINITY,
  firstMs: 1_000,
  mostMs: 30_000,
};
/** One recipient of a message to many, by stored times: eight attempts span four hours. */
export const RECIPIENT: RetryPolicy = { attempts: 8, firstMs: 60_000, mostMs: DAY_MS };
/** An update that was set aside, by stored times. An hour is soon enough when Telegram is out. */
export const UPDATE_SET_ASIDE: RetryPolicy = {
  attempts: Number.POSITIVE_INFINITY,
  firstMs: 30_000,
  mostMs: 3_600_000,
};

/**
 * The second copy, by stored times. The other provider's outage may last; what is behind is copied
 * within a quarter of an hour of its end.
 */
export const SECOND_COPY: RetryPolicy = {
  attempts: Number.POSITIVE_INFINITY,
  firstMs: 60_000,
  mostMs: 15 * 60_000,
};

/**
 * A minute of linking at a terminal in which nothing could be linked. Somebody sits there: they
 * start it again when Telegram is back.
 */
export const RELINK_MINUTE: RetryPolicy = { attempts: 5, firstMs: 60_000, mostMs: 60_000 };

/** The pause after so many failures (from 1), ms. `random` is in [0, 1). */
export function pauseAfter(
  { firstMs, mostMs, spread: [least, most] = [1, 1] }: RetryPolicy,
  failures: number,
  random = 0,
): number {
  return Math.min(mostMs, firstMs * 2 ** (failures - 1)) * (least + (most - least) * random);
}

/** An error that no further try can cure. Classes of such errors have `isFinal`. */
function isFinal(error: unknown): boolean {
  return error instanceof Error && 'isFinal' in error && error.isFinal === true;
}

/** An error after a long wait in which nothing came. */
function isStall(error: unknown): boolean {
  return error instanceof Error && 'isStall' in error && error.isStall === true;
}

export interface RetryOptions {
  readonly sleep?: Clock['sleep'];
  /** In [0, 1). */
  readonly random?: () => number;
  /** Ends the tries: throws its reason, or the error at hand. */
  readonly signal?: AbortSignal | undefined;
  /** Whether another try can help; by default it can unless the error {@link isFinal}. */
  readonly isPassing?: (error: unknown) => boolean;
  /** How long the other side asked to be left alone, ms. */
  readonly leastMs?: (error: unknown) => number;
  /** Hears of a failure before the pause after it. */
  readonly onFailure?: (error: unknown, pauseMs: number) => void | Promise<void>;
}

/**
 * The result of `work`. Calls it again after failures that may pass; a failed call must leave
 * nothing behind. `attempt` counts from 1.
 * @throws the last error, unchanged
 */
export async function retry<T>(
  policy: RetryPolicy,
  options: RetryOptions,
  work: (attempt: number) => Promise<T>,
): Promise<T> {
  const { signal, isPassing = (error) => !isFinal(error) } = options;
  let stalls = 0;
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work(attempt);
    } catch (error) {
      if (isStall(error)) stalls += 1;
      if (stalls >= (policy.stalls ?? policy.attempts)) throw error;
      if (attempt >= policy.attempts || signal?.aborted === true || !isPassing(error)) throw error;
      const pause = pauseAfter(policy, attempt, options.random?.());
      const pauseMs = Math.max(pause, options.leastMs?.(error) ?? 0);
      await options.onFailure?.(error, pauseMs);
      await options.sleep?.(pauseMs, signal);
      signal?.throwIfAborted();
    }
  }
}

/** One reading that was cut or altered on its way proves nothing: a wrong one is done again. */
export async function readTwice<T>(read: () => Promise<T>, isWrong: (found: T) => boolean): Promise<T> {
  const found = await read();
  return isWrong(found) ? read() : found;
}

/** Calls `work` until it succeeds; undefined when the signal aborts first. */
export async function untilStopped<T>(
  options: Pick<RetryOptions, 'sleep' | 'onFailure' | 'leastMs'> & { readonly signal: AbortSignal },
  work: () => Promise<T>,
): Promise<T | undefined> {
  if (options.signal.aborted) return undefined;
  try {
    return await retry(UNTIL_STOPPED, { ...options, isPassing: () => true }, work);
  } catch (error) {
    if (options.signal.aborted) return undefined;
    throw error;
  }
}
