/** Time as the engine sees it: a parameter, so that tests never sleep. */
export interface Clock {
  now(): Date;
  /** Resolves after `ms`, or at once when `signal` aborts (the caller then checks the signal). */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

export const systemClock: Clock = {
  now: () => new Date(),
  sleep: (ms, signal) =>
    new Promise((resolve) => {
      if (signal?.aborted === true) return resolve();
      const done = (): void => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', done);
        resolve();
      };
      const timer = setTimeout(done, ms);
      signal?.addEventListener('abort', done);
    }),
};

/** `promise`, unless `signal` aborts first: then rejects with its reason; `promise` is ignored. */
export function abortable<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(reasonOf(signal));
    if (signal.aborted) onAbort();
    signal.addEventListener('abort', onAbort);
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
}

export function reasonOf(signal: AbortSignal): Error {
  const reason: unknown = signal.reason;
  return reason instanceof Error ? reason : new Error('aborted', { cause: reason });
}

/** What went wrong, in words: an error's message and its causes', as far as they add anything. */
export function explain(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error instanceof AggregateError && error.errors.length > 0 && error.message === '')
    return error.errors.map(explain).join('; ');
  const own = error.message === '' ? error.name : error.message;
  if (error.cause === undefined || error.cause === null) return own;
  const cause = explain(error.cause);
  if (own.includes(cause)) return own;
  // Drivers repeat their cause: "fetch failed", and below it "fetch failed: getaddrinfo …".
  const last = own.split(': ').at(-1) ?? own;
  return cause.startsWith(`${last}: `) ? own + cause.slice(last.length) : `${own}: ${cause}`;
}
