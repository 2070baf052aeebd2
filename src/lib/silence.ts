/**
 * An answer that may stop coming: whoever waits hears of it after a while, and the connection is
 * closed.
 */

/** Calls `run` once, `ms` from now, unless the returned function was called before. */
export type Timer = (ms: number, run: () => void) => () => void;

export const systemTimer: Timer = (ms, run) => {
  const timer = setTimeout(run, ms);
  return () => clearTimeout(timer);
};

export interface Patience {
  readonly ms: number;
  readonly timer: Timer;
  /** Ends the request; the waiting rejects with its reason. */
  readonly abort: AbortController;
  /** The error for a silence, or for what the connection threw. */
  readonly failure: (cause: unknown) => Error;
}

/** What {@link Patience.failure} gets when nothing came in time. */
export class Silence extends Error {
  override readonly name = 'Silence';
  constructor(ms: number) {
    super(`no answer within ${ms / 1000} s`);
  }
}

/** The result of `action`; rejects, and aborts the request, when it takes too long. */
export async function heard<T>(patience: Patience, action: () => Promise<T>): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const stop = patience.timer(patience.ms, () => {
    const error = patience.failure(new Silence(patience.ms));
    patience.abort.abort(error);
    reject(error);
  });
  try {
    return await Promise.race([action(), promise]);
  } catch (error) {
    throw patience.failure(error);
  } finally {
    stop();
  }
}

/**
 * The body as it comes; it fails when it stalls, ends before its announced length or runs past it.
 */
export function guardedBody(
  body: ReadableStream<Uint8Array>,
  patience: Patience,
  length?: number,
): ReadableStream<Uint8Array> {
  const reader = body.getReader();
  let seen = 0;
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          const { done, value } = await heard(patience, () => reader.read());
          seen += value?.byteLength ?? 0;
          if (length !== undefined && (done ? seen !== length : seen > length))
            throw patience.failure(new Error(`the answer broke off: ${seen} of ${length} bytes arrived`));
          if (done) controller.close();
          else controller.enqueue(value);
        } catch (error) {
          patience.abort.abort(error);
          controller.error(error);
        }
      },
      // Closes the connection; an abort would make this very call reject.
      cancel: (reason) => reader.cancel(reason),
    },
    // Reads nothing ahead of the consumer.
    { highWaterMark: 0 },
  );
}

/** undici says only "fetch failed"; the reason (ECONNREFUSED, ENOTFOUND) is further down. */
export function rootMessage(error: unknown): string {
  let deepest = error;
  while (deepest instanceof Error && deepest.cause instanceof Error) deepest = deepest.cause;
  if (!(deepest instanceof Error)) return 'the connection failed';
  const code = 'code' in deepest && typeof deepest.code === 'string' ? deepest.code : '';
  if (deepest.message.includes(code) && deepest.message !== '') return deepest.message;
  return `${code} ${deepest.message}`.trim();
}
