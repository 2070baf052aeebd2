/** Trying again: exponential backoff with full jitter, never sooner than the other side asked. */

/** What the retry loop needs from the world, so that tests neither sleep nor roll dice. */
export interface RetryTools {
  /** How often an action is tried in all, at least 1. */
  readonly attempts: number;
  sleep(milliseconds: number): Promise<void>;
  /** Uniform in [0, 1). */
  random(): number;
}

/** A failed try, translated: `retryAfterMs` is what a Retry-After header asked for. */
export interface Failure {
  readonly error: Error;
  readonly retryable: boolean;
  readonly retryAfterMs: number;
}

/** First pause; doubled for each further try. AWS's own clients start at 100 ms. */
const BASE_MS = 250;
/** Longest pause of our own choosing. */
const MAX_MS = 20_000;
/** A server that wants a longer rest than this is left to the next run: a Worker's cron lives 15 minutes. */
const LONGEST_RETRY_AFTER_MS = 60_000;

/**
 * Runs `action` until it succeeds, fails for good, or the attempts are used up; rejects with the translated error.
 * `attempt` counts from 1.
 */
export async function retrying<T>(
  tools: RetryTools,
  translate: (error: unknown) => Failure,
  action: (attempt: number) => Promise<T>,
): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await action(attempt);
    } catch (error) {
      const failure = translate(error);
      const last = attempt >= tools.attempts || failure.retryAfterMs > LONGEST_RETRY_AFTER_MS;
      if (!failure.retryable || last) throw failure.error;
      const jitter = tools.random() * Math.min(MAX_MS, BASE_MS * 2 ** (attempt - 1));
      await tools.sleep(Math.max(failure.retryAfterMs, jitter));
    }
  }
}

/** The value of a Retry-After header (seconds or an HTTP date) in milliseconds; 0 when absent or unreadable. */
export function retryAfterMs(header: string | undefined, now: Date): number {
  if (header === undefined || header.trim() === '') return 0;
  const seconds = Number(header);
  const milliseconds = Number.isFinite(seconds) ? seconds * 1000 : Date.parse(header) - now.getTime();
  return Number.isFinite(milliseconds) ? Math.max(0, milliseconds) : 0;
}
