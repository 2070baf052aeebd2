/**
 * What survives a power cut: contents are synced before they get their name, and the name before
 * anything is said.
 */
import * as fs from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { fileCalls } from '../../src/backup/restore/file-calls.ts';
import { createDirectoryStore } from '../../src/backup/store/directory.ts';
import type { FileSystem } from '../../src/backup/store/directory-files.ts';
import { createWorld } from '../support/backup-world.ts';
import { backUp, restoreNewest } from './restore/support.ts';

let root: string;
beforeEach(async () => {
  root = await fs.mkdtemp(join(tmpdir(), 'anime-bot-durable-'));
});
afterEach(() => fs.rm(root, { recursive: true }));

/** Real files; every sync and every new name is written down. */
function recorded(calls: string[]): FileSystem {
  const naming =
    (what: 'link' | 'rename') =>
    async (from: Parameters<typeof fs.link>[0], to: Parameters<typeof fs.link>[1]): Promise<void> => {
      calls.push(`${what} ${String(to)}`);
      await (what === 'link' ? fs.link(from, to) : fs.rename(from, to));
    };
  return {
    ...fs,
    link: naming('link'),
    rename: naming('rename'),
    async open(...args: Parameters<typeof fs.open>) {
      const file = await fs.open(...args);
      const sync = file.sync.bind(file);
      file.sync = async () => {
        calls.push(`sync ${String(args[0])}`);
        await sync();
      };
      return file;
    },
    statfs: async (path) => fs.statfs(path),
  };
}

test.each(['upload', 'put'] as const)(
  'a bucket directory, %s: file, name, directory, in this order, before it is done',
  async (way) => {
    const calls: string[] = [];
    const store = createDirectoryStore(root, { fs: recorded(calls) });
    if (way === 'put') await store.put('backups/x', new Uint8Array([1]));
    else {
      const writer = await store.create('backups/x', { headLength: 1 });
      await writer.write(new Uint8Array([2]));
      await writer.close(new Uint8Array([1]));
    }
    const final = join(root, 'backups', 'x');
    const named = calls.findIndex((call) => call === `link ${final}` || call === `rename ${final}`);
    expect(calls[named - 1]).toMatch(/^sync .*\.x\..*partial$/);
    expect(calls.slice(named + 1)).toContain(`sync ${dirname(final)}`);
    // The directory itself was new: its own name must last too.
    expect(calls.slice(0, named)).toContain(`sync ${root}`);
  },
);

test('a restore: the new file before its rename, the directory after it', async () => {
  const world = await createWorld({}, 'small');
  try {
    await backUp(world);
    const calls: string[] = [];
    await restoreNewest(world, {
      files: {
        ...fileCalls,
        rename: async (from, to) => {
          calls.push(`rename ${to}`);
          await fileCalls.rename(from, to);
        },
        sync: async (path) => {
          calls.push(`sync ${path}`);
          await fileCalls.sync(path);
        },
      },
    });
    const path = join(world.directory, 'restored.db');
    const renamed = calls.indexOf(`rename ${path}`);
    expect(calls.slice(0, renamed).some((call) => call.startsWith('sync '))).toBe(true);
    expect(calls.slice(renamed + 1)).toContain(`sync ${world.directory}`);
  } finally {
    world.close();
  }
});
