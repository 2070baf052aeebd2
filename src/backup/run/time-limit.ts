/** How long one run may take. */
import type { BackupContext } from './context.ts';

/** Aborts when the caller does, or when the run takes too long. */
export function timeLimit(
  context: BackupContext,
  outer: AbortSignal | undefined,
): { signal: AbortSignal; stop: () => void } {
  const limit = new AbortController();
  const stopped = new AbortController();
  const seconds = Math.round(context.timeoutMs / 1000);
  void context.clock.sleep(context.timeoutMs, stopped.signal).then(() => {
    if (!stopped.signal.aborted)
      limit.abort(new Error(`the run took longer than ${seconds} s and was given up`));
  });
  const signal = outer === undefined ? limit.signal : AbortSignal.any([outer, limit.signal]);
  return { signal, stop: () => stopped.abort() };
}
