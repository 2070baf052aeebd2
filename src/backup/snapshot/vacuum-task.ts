/** SQLite blocks its thread while it copies a database and looks it over: both are done in a process of their own. */
import type { Task } from '../foreign/tasks.ts';
import type { SourceCheck } from '../source-check.ts';
import { openCopyCheck } from './check-copy.ts';
import { isRefusedSql, removeCopy, vacuumInto, vacuumOldIntoAlone } from './vacuum.ts';

export interface VacuumInput {
  readonly path: string;
  readonly copy: string;
  readonly busyTimeoutMs: number;
  readonly checks: boolean;
}

/** Says `copied` when the copy can be used, and may lose its name; what it is worth comes with the result. */
export const vacuumTask: Task<VacuumInput, SourceCheck | undefined, 'copied'> = async (
  { path, copy, busyTimeoutMs, checks },
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
  await send('copied');
  try {
    return opened?.check();
  } finally {
    opened?.close();
  }
};
