/** Reading the database again from the start: the schema may move, a connection may break, a source may learn of a value only as it comes. */
import type { Clock } from '../../lib/clock.ts';
import { NotOurs } from '../restore/whose.ts';
import { ObjectExists, StoreError } from '../store/types.ts';
import { LeaseLost } from './lease.ts';

/** Tries in all; whoever still fails has a real trouble. */
const ATTEMPTS = 3;
const BACKOFF_MS = 1_000;

/** The caller cancelled. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted';
  constructor() {
    super('interrupted');
  }
}

/**
 * Calls `work` until it succeeds, at most three times, with backoff and jitter in between. What can not get better (a lost lease, a store
 * that refuses, an abort) is thrown at once. `work` must leave nothing behind when it fails.
 */
export async function again<T>(
  context: { readonly clock: Clock; readonly random: () => number },
  signal: AbortSignal | undefined,
  work: () => Promise<T>,
): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work();
    } catch (error) {
      if (attempt === ATTEMPTS || signal?.aborted === true || isFinal(error)) throw error;
      await context.clock.sleep(BACKOFF_MS * 2 ** (attempt - 1) * (0.5 + context.random()), signal);
      signal?.throwIfAborted();
    }
  }
}

function isFinal(error: unknown): boolean {
  // A name that is taken stays taken.
  return (
    error instanceof Interrupted ||
    error instanceof LeaseLost ||
    error instanceof NotOurs ||
    error instanceof ObjectExists ||
    (error instanceof StoreError && !error.retryable)
  );
}
