/**
 * The few calls that move database files, behind an interface so that fault runs can break each of
 * them. Node only.
 */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { link, open, rename, rm } from 'node:fs/promises';
import process from 'node:process';
import { promisify } from 'node:util';
import { makeDirectory } from '../../lib/disk/directories.ts';
import { isLinkless } from '../../lib/disk/linkless.ts';

export interface FileCalls {
  exists(path: string): boolean;
  mkdir(path: string): Promise<void>;
  /** A second name for what stands at `from`, or a copy where the file system has no links. */
  link(from: string, to: string): Promise<void>;
  /** Replaces what stands at `to`, atomically. */
  rename(from: string, to: string): Promise<void>;
  remove(path: string): Promise<void>;
  /** Makes contents (of a file) or names (of a directory) survive a power cut. */
  sync(path: string): Promise<void>;
}

/**
 * In a process of its own: to open and close a database here would end our locks on it
 * (sqlite.org/howtocorrupt.html 2.2).
 */
const COPY = `const fs = require('node:fs'); const [from, to] = process.argv.slice(1);
fs.copyFileSync(from, to, fs.constants.COPYFILE_EXCL); const fd = fs.openSync(to, 'r+'); fs.fsyncSync(fd);`;

export const fileCalls: FileCalls = {
  exists: existsSync,
  mkdir: async (path) => {
    await makeDirectory(path);
  },
  async link(from, to) {
    try {
      await link(from, to);
    } catch (error) {
      if (!isLinkless(error)) throw error;
      await promisify(execFile)(process.execPath, ['-e', COPY, from, to]);
    }
  },
  rename,
  remove: (path) => rm(path, { recursive: true, force: true }),
  async sync(path) {
    const file = await open(path, 'r');
    try {
      await file.sync();
    } finally {
      await file.close();
    }
  },
};
