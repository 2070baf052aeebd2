/** Signals that stop a process: the first lets it clean up, the second ends it. Node only. */
import { constants } from 'node:os';
import process from 'node:process';

export type StopSignal = 'SIGINT' | 'SIGTERM' | 'SIGHUP';

export interface StopHandlers {
  readonly signals: readonly StopSignal[];
  /** `exitCode`: what a shell calls the signal, 128 and its number. */
  first(exitCode: number): void;
  /** Says so; the process ends right after it. */
  second(exitCode: number): void;
}

/**
 * A terminal and npm (or a service manager and npm) each deliver the same request to stop: npm
 * hands on a signal that its child has already got.
 */
const SAME_REQUEST_MS = 250;

/** Returns a function that stops listening. */
export function onStopSignals({ signals, first, second }: StopHandlers): () => void {
  let begun: { readonly signal: StopSignal; readonly at: number; readonly exitCode: number } | undefined;
  const onSignal = (signal: StopSignal): void => {
    const at = performance.now();
    if (begun === undefined) {
      begun = { signal, at, exitCode: 128 + constants.signals[signal] };
      first(begun.exitCode);
      return;
    }
    if (signal === begun.signal && at - begun.at < SAME_REQUEST_MS) return;
    second(begun.exitCode);
    process.exit(begun.exitCode);
  };
  for (const signal of signals) process.on(signal, onSignal);
  return () => {
    for (const signal of signals) process.off(signal, onSignal);
  };
}
