/**
 * A copy of a database file made in a process of its own: to open and close the file here would end
 * this process's locks on it (sqlite.org/howtocorrupt.html 2.2), and the next process to close it
 * would remove the journal that we still write to. Node only.
 */
import { closeSync, constants, copyFileSync, fsyncSync, openSync } from 'node:fs';
import type { Task } from '../foreign/task.ts';

declare module '../foreign/task.ts' {
  interface Tasks {
    readonly copy: typeof copyTask;
  }
}

/** `to` must not exist; the copy survives a power cut. */
export const copyTask: Task<{ readonly from: string; readonly to: string }, void> = ({ from, to }) => {
  copyFileSync(from, to, constants.COPYFILE_EXCL);
  const file = openSync(to, 'r+');
  fsyncSync(file);
  closeSync(file);
};
