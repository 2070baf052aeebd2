/** An answer that may stop coming: who waits hears of it in a while; the connection is closed. */

/** Calls `run` once, `ms` from now, unless the returned function was called before. */
export type Timer = (ms: number, run: () => void) => () => void;

export const systemTimer: Timer = (ms, run) => {
  const timer = setTimeout(run, ms);
  return () => clearTimeout(timer);
};

export interface Patience {
  /** For the answer's head; also the waiting in which its body must bring {@link LEAST_BYTES}. */
  readonly ms: number;
  readonly timer: Timer;
  /** Ends the request; the waiting rejects with its reason. */
  readonly abort: AbortController;
  /** The error for a silence, or for what the connection threw. */
  readonly failure: (cause: unknown) => Error;
}

/** The slowest lines bring a hundred times as much; a server that drips brings less. */
const LEAST_BYTES = 1024;

/** What {@link Patience.failure} gets when nothing, or next to nothing, came in time. */
export class Silence extends Error {
  override readonly name = 'Silence';
  constructor(ms: number, bytes = 0) {
    super(`no answer within ${ms / 1000} s${bytes === 0 ? '' : `, only ${bytes} bytes of it`}`);
  }
}

/** The result of `work`; where it takes longer, it goes on unheard, and `late` is thrown. */
export async function within<T>(
  ms: number,
  work: () => Promise<T>,
  {
    timer = systemTimer,
    late = () => new Silence(ms),
  }: { timer?: Timer | undefined; late?: () => Error } = {},
): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const stop = timer(ms, () => reject(late()));
  try {
    return await Promise.race([work(), promise]);
  } finally {
    stop();
  }
}

/** The result of `action`; rejects, and aborts the request, when it takes too long. */
export function heard<T>(
  patience: Patience,
  action: () => Promise<T>,
  leftMs = patience.ms,
  bytes = 0,
): Promise<T> {
  const late = (): Error => {
    const error = patience.failure(new Silence(patience.ms, bytes));
    patience.abort.abort(error);
    return error;
  };
  return within(leftMs, action, { timer: patience.timer, late }).catch((error: unknown) => {
    throw patience.failure(error);
  });
}

/**
 * The body as it comes; it fails when it stalls or drips, ends before its announced length or runs
 * past it. Only the waiting for it counts: a slow consumer is no fault of the server.
 */
export function guardedBody(
  body: ReadableStream<Uint8Array>,
  patience: Patience,
  length?: number,
): ReadableStream<Uint8Array> {
  const reader = body.getReader();
  let seen = 0;
  let leftMs = patience.ms;
  let bytes = 0;
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          const asked = performance.now();
          const { done, value } = await heard(patience, () => reader.read(), leftMs, bytes);
          leftMs -= performance.now() - asked;
          bytes += value?.byteLength ?? 0;
          seen += value?.byteLength ?? 0;
          if (bytes >= LEAST_BYTES) {
            leftMs = patience.ms;
            bytes = 0;
          }
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
