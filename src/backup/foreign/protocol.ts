/** The messages between a task's process and whoever started it. */
import type { WireError } from './errors.ts';
import type { TaskName } from './task.ts';

/** To the process: first its work, then one `taken` for every message of its own. */
export type ToTask =
  | { readonly kind: 'work'; readonly task: TaskName; readonly input: unknown }
  | { readonly kind: 'taken'; readonly answer?: unknown };

export type FromTask =
  | { readonly kind: 'message'; readonly value: unknown }
  | { readonly kind: 'done'; readonly value: unknown }
  | { readonly kind: 'failed'; readonly error: WireError };

/** What the watchdog of a process is told, as the process's one argument. */
export interface Watch {
  /** When another process has taken its place, whoever waited is dead. */
  readonly parent: number;
  /** Most resident memory, bytes; null: as much as it takes. */
  readonly memory: number | null;
  /** Most time of a processor, ms; null likewise. */
  readonly cpuMs: number | null;
  /** Files and directories that nobody knows of once the parent is dead. */
  readonly debris: readonly string[];
}

/**
 * How the watchdog ends a process that takes too much: the default action of these signals ends it,
 * even inside SQLite.
 */
export const MEMORY_SIGNAL = 'SIGUSR2';
export const TIME_SIGNAL = 'SIGALRM';
