import * as nodeFs from 'node:fs/promises';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { createDirectoryStore } from '../../../src/backup/store/directory.ts';
import { makeDirectory } from '../../../src/backup/store/directory-files.ts';
import { storeContract } from './contract.ts';

storeContract(
  'directory',
  async () => {
    const root = await mkdtemp(join(tmpdir(), 'anime-bot-store-'));
    return {
      store: createDirectoryStore(root),
      partBytes: 100_000,
      close: () => rm(root, { recursive: true }),
    };
  },
  { runs: 60 },
);

test.each(['b', './b/c', '../b', 'a/b/c/'])(
  'making %s makes each new level durable, once, and ends',
  async (path) => {
    const made = resolve(path.split('b')[0] === 'a/' ? 'a' : `${path.split('b')[0]}b`);
    const synced: string[] = [];
    const fs = {
      ...nodeFs,
      // Node answers with the first directory it made, relative where the path was.
      mkdir: async () => relative(process.cwd(), made),
      open: async (opened: string) => {
        synced.push(opened);
        if (synced.length > 20) throw new Error('it never ends');
        return { sync: async () => {}, close: async () => {} };
      },
    } as unknown as typeof nodeFs;
    await makeDirectory(fs, path);
    const levels = resolve(path).slice(made.length).split('/').length;
    expect(synced).toHaveLength(levels);
    expect(synced.at(-1)).toBe(resolve(made, '..'));
  },
);
