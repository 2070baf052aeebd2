/** The few calls that move database files, behind an interface so that fault runs can break each of them. Node only. */
import { existsSync } from 'node:fs';
import { link, mkdir, open, rename, rm } from 'node:fs/promises';

export interface FileCalls {
  exists(path: string): boolean;
  mkdir(path: string): Promise<void>;
  link(from: string, to: string): Promise<void>;
  /** Replaces what stands at `to`, atomically. */
  rename(from: string, to: string): Promise<void>;
  remove(path: string): Promise<void>;
  /** Makes contents (of a file) or names (of a directory) survive a power cut. */
  sync(path: string): Promise<void>;
}

export const fileCalls: FileCalls = {
  exists: existsSync,
  mkdir: async (path) => {
    await mkdir(path, { recursive: true });
  },
  link,
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
