/** Ctrl-C and the like: the first lets work clean up, the second ends the process. Node only. */
import process from 'node:process';
import { onStopSignals } from '../hosts/node/stop-signals.ts';
import { Interrupted } from './interrupted.ts';
import type { Terminal } from './terminal.ts';

export interface Interruption {
  /**
   * Runs work that stops and cleans up when `signal` aborts (with {@link Interrupted}); {@link
   * Terminal.fail} ends anything else at once.
   */
  stoppable<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T>;
  /** What a shell calls the signal (128 + its number), once one has come. */
  readonly exitCode: number | undefined;
  /** Stops listening. */
  dispose(): void;
}

export function listenForInterruption(terminal: Terminal): Interruption {
  const stop = new AbortController();
  let working = 0;
  let exitCode: number | undefined;
  const ignore = onStopSignals({
    signals: ['SIGINT', 'SIGTERM', 'SIGHUP'],
    first(code) {
      exitCode = code;
      if (working === 0) {
        terminal.fail('interrupted');
        process.exit(code);
      }
      terminal.note('interrupted: stopping and cleaning up (once more ends it at once)');
      stop.abort(new Interrupted());
    },
    second: () => terminal.fail('interrupted before everything was cleaned up'),
  });
  return {
    async stoppable(work) {
      working += 1;
      try {
        return await work(stop.signal);
      } finally {
        working -= 1;
      }
    },
    get exitCode() {
      return exitCode;
    },
    dispose: ignore,
  };
}
