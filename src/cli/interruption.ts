/** Ctrl-C and its like: the first one lets work clean up, the second one ends the process. Node only. */
import { constants } from 'node:os';
import process from 'node:process';
import { Interrupted } from '../backup/again.ts';
import type { Terminal } from './terminal.ts';

export interface Interruption {
  /** Runs work that stops and cleans up when `signal` aborts (with {@link Interrupted}); anything else is ended at once, by {@link Terminal.fail}. */
  stoppable<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T>;
  /** What a shell calls the signal (128 + its number), once one has come. */
  readonly exitCode: number | undefined;
  /** Stops listening. */
  dispose(): void;
}

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

export function listenForInterruption(terminal: Terminal): Interruption {
  const stop = new AbortController();
  let working = 0;
  let exitCode: number | undefined;
  const onSignal = (name: (typeof SIGNALS)[number]): void => {
    const isFirst = exitCode === undefined;
    exitCode ??= 128 + constants.signals[name];
    if (isFirst && working > 0) {
      terminal.note('interrupted: stopping and cleaning up (once more ends it at once)');
      stop.abort(new Interrupted());
      return;
    }
    terminal.fail(isFirst ? 'interrupted' : 'interrupted before everything was cleaned up');
    process.exit(exitCode);
  };
  for (const name of SIGNALS) process.on(name, onSignal);
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
    dispose() {
      for (const name of SIGNALS) process.off(name, onSignal);
    },
  };
}
