/**
 * SQLite blocks its thread while it copies a database and looks it over: both are done in a process
 * of their own.
 */
import { copyFileSync } from 'node:fs';
import { isLocalFault } from '../../lib/disk/local-fault.ts';
import type { Task } from '../foreign/task.ts';
import type { SourceCheck } from '../model/model.ts';
import { openCopyCheck } from './check-copy.ts';
import { isRefusedSql, reindexAlone, removeCopy, vacuumInto, vacuumOldIntoAlone } from './vacuum.ts';

declare module '../foreign/task.ts' {
  interface Tasks {
    readonly vacuum: typeof vacuumTask;
  }
}

export interface VacuumInput {
  readonly path: string;
  readonly copy: string;
  readonly busyTimeoutMs: number;
  readonly checks: boolean;
  /**
   * Where to put a second copy with its indexes made anew, when the first is damaged: its rows can
   * be read.
   */
  readonly mended?: string | undefined;
}

/**
 * Says `copied` when the copy can be used, and may lose its name; what it is worth comes with the
 * result.
 */
export const vacuumTask: Task<VacuumInput, SourceCheck | undefined, 'copied'> = async (
  { path, copy, busyTimeoutMs, checks, mended },
  { send },
) => {
  try {
    vacuumInto(path, copy, busyTimeoutMs);
  } catch (error) {
    if (!isRefusedSql(error)) throw error;
    removeCopy(copy);
    vacuumOldIntoAlone(path, copy, busyTimeoutMs);
  }
  const opened = checks ? openCopyCheck(copy) : undefined;
  if (mended !== undefined && opened !== undefined) {
    const found = opened.check();
    if (found.damage.length > 0) mend(copy, mended);
    opened.close();
    await send('copied');
    return found;
  }
  await send('copied');
  try {
    return opened?.check();
  } finally {
    opened?.close();
  }
};

/** Makes `mended` only where that ends the damage: an index is made of its table. */
function mend(copy: string, mended: string): void {
  copyFileSync(copy, mended);
  try {
    reindexAlone(mended);
    const opened = openCopyCheck(mended);
    const { damage } = opened.check();
    opened.close();
    if (damage.length > 0) removeCopy(mended);
  } catch (error) {
    removeCopy(mended);
    if (isLocalFault(error)) throw error;
  }
}
