/** SQLite blocks its thread while it copies a database: the copy is made in a process of its own. */
import type { Task } from '../foreign/tasks.ts';
import { isRefusedSql, removeCopy, vacuumInto, vacuumOldIntoAlone } from './vacuum.ts';

export interface VacuumInput {
  readonly path: string;
  readonly copy: string;
  readonly busyTimeoutMs: number;
}

export const vacuumTask: Task<VacuumInput, void> = ({ path, copy, busyTimeoutMs }) => {
  try {
    vacuumInto(path, copy, busyTimeoutMs);
  } catch (error) {
    if (!isRefusedSql(error)) throw error;
    removeCopy(copy);
    vacuumOldIntoAlone(path, copy, busyTimeoutMs);
  }
};
