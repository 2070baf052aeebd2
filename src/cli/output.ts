/**
 * Standard output and standard error may close early (`full | head -1`). Then later words are
 * dropped and the work goes on, for a backup must be finished or cleaned up whoever watches. Node
 * only.
 */
import process from 'node:process';
import { explain } from '../lib/clock.ts';

export interface Output {
  write(text: string): void;
  /** For bulk: resolves when there is room for more, or when nobody reads. */
  send(chunk: Uint8Array): Promise<void>;
  /** Whether the reader has left: work that needs a reader may stop. */
  readonly isClosed: boolean;
}

export interface Outputs {
  readonly out: Output;
  readonly err: Output;
  /**
   * Waits for what was written. Returns why standard output did not take all of it (a full disk);
   * undefined where the reader left.
   */
  flush(): Promise<string | undefined>;
}

let guarded: Outputs | undefined;

/** The process's own, guarded once. */
export function outputs(): Outputs {
  guarded ??= guard();
  return guarded;
}

function guard(): Outputs {
  const out = guardStream(process.stdout);
  const err = guardStream(process.stderr);
  return {
    out,
    err,
    async flush() {
      await Promise.all([out.flush(), err.flush()]);
      return out.failure;
    },
  };
}

interface GuardedOutput extends Output {
  readonly failure: string | undefined;
  flush(): Promise<void>;
}

function guardStream(stream: NodeJS.WriteStream): GuardedOutput {
  let isClosed = false;
  let failure: string | undefined;
  stream.on('error', (error: Error & { code?: string }) => {
    isClosed = true;
    // A reader that left is no failure of ours.
    if (error.code !== 'EPIPE') failure ??= explain(error);
  });
  return {
    get isClosed() {
      return isClosed;
    },
    get failure() {
      return failure;
    },
    write(text) {
      if (!isClosed) stream.write(text);
    },
    send: (chunk) =>
      isClosed
        ? Promise.resolve()
        : new Promise((resolve) => {
            stream.write(chunk, () => resolve());
          }),
    flush: () =>
      isClosed
        ? Promise.resolve()
        : new Promise((resolve) => {
            // The callback comes with an error too, before the event that tells it.
            stream.write('', () => setImmediate(resolve));
          }),
  };
}
