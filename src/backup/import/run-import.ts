/** Runs an import in a process of its own (import-task.ts). Node only. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { reasonOf } from '../../lib/clock.ts';
import { runInProcess } from '../foreign/process.ts';
import type { ImportReport } from './import.ts';
import type { ImportInput } from './import-task.ts';

export interface ImportRun extends Omit<ImportInput, 'scratch' | 'keepsRows'> {
  /** Of a look and the import after it, so that the file is read once; the caller removes it. */
  readonly scratch?: string | undefined;
  /** Until the merge it ends the import and leaves all unchanged; later it comes too late. */
  readonly signal?: AbortSignal | undefined;
  /** After every step, with the rows read so far; may throw to stop. */
  readonly onRows?: (rows: number) => Promise<void> | void;
  /** Right before the merge; what it throws ends the import. */
  readonly beforeMerge?: () => Promise<void> | void;
}

/**
 * @throws what is wrong with the file or the database; nothing changed, or the message says that it
 * is not known
 */
export async function runImport(run: ImportRun): Promise<ImportReport> {
  const { signal, onRows, beforeMerge, ...input } = run;
  const own = await mkdtemp(join(tmpdir(), 'anime-import-'));
  const scratch = run.scratch ?? own;
  const stop = new AbortController();
  let isMerging = false;
  const onAbort = (): void => {
    if (signal !== undefined && !isMerging) stop.abort(reasonOf(signal));
  };
  signal?.addEventListener('abort', onAbort);
  try {
    signal?.throwIfAborted();
    return await runInProcess(
      'import',
      { ...input, scratch, keepsRows: run.scratch !== undefined },
      {
        signal: stop.signal,
        debris: [scratch],
        onMessage: async (message) => {
          if (message.kind === 'rows') return onRows?.(message.rows);
          await beforeMerge?.();
          signal?.throwIfAborted();
          isMerging = true;
        },
      },
    );
  } finally {
    signal?.removeEventListener('abort', onAbort);
    await rm(own, { recursive: true, force: true });
  }
}
