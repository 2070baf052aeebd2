/**
 * The few calls that move database files, behind an interface so that fault runs can break each of
 * them. Node only.
 */
import { existsSync } from 'node:fs';
import { link, open, rename, rm } from 'node:fs/promises';
import { isLinkless } from '../../lib/disk/linkless.ts';
import { runInProcess } from '../foreign/process.ts';

export interface FileCalls {
  exists(path: string): boolean;
  /** A second name for what stands at `from`, or a copy where the file system has no links. */
  link(from: string, to: string): Promise<void>;
  /** Replaces what stands at `to`, atomically. */
  rename(from: string, to: string): Promise<void>;
  remove(path: string): Promise<void>;
  /** Makes contents (of a file) or names (of a directory) survive a power cut. */
  sync(path: string): Promise<void>;
}

export const fileCalls: FileCalls = {
  exists: existsSync,
  async link(from, to) {
    try {
      await link(from, to);
    } catch (error) {
      if (!isLinkless(error)) throw error;
      await runInProcess('copy', { from, to });
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
