import * as fs from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createDirectoryStore } from '../../../src/backup/store/directory.ts';
import type { FileSystem } from '../../../src/backup/store/directory-files.ts';
import { ObjectExists, StoreError } from '../../../src/backup/store/types.ts';
import { fetchObject, pseudoRandom, readAll, upload } from './helpers.ts';

const utf8 = (text: string) => new TextEncoder().encode(text);

let root: string;
beforeEach(async () => {
  root = await fs.mkdtemp(join(tmpdir(), 'anime-bot-directory-'));
});
afterEach(() => fs.rm(root, { recursive: true }));

function fsError(code: string): Error {
  return Object.assign(new Error(`${code}: injected`), { code });
}

/** Every file below the root, temporaries and all. */
async function everything(): Promise<string[]> {
  const entries = await fs.readdir(root, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => entry.name);
}

/** A file system whose files fail at writing once `limit` bytes were written in all. */
function fullAfter(limit: number, code: string): FileSystem {
  let written = 0;
  return {
    ...fs,
    async open(...args: Parameters<typeof fs.open>) {
      const file = await fs.open(...args);
      const write = file.write.bind(file);
      file.write = (async (buffer: Uint8Array, offset: number, length: number, position: number) => {
        const room = limit - written;
        if (room <= 0) throw fsError(code);
        // Like a real disk, it takes what still fits first.
        const result = await write(buffer, offset, Math.min(length, room), position);
        written += result.bytesWritten;
        return result;
      }) as typeof file.write;
      return file;
    },
    statfs: async () => ({ bavail: 12, bsize: 1024 }),
  };
}

describe('keys stay inside', () => {
  test.each([
    '',
    '/',
    '/etc/passwd',
    '../x',
    'a/../../x',
    'a/..',
    '.',
    'a//b',
    'a/',
    'a\\b',
    'a\0b',
    '.x.1.partial',
    'd/.y.2.partial',
  ])('%j', async (key) => {
    const store = createDirectoryStore(join(root, 'inner'));
    await expect(store.put(key, utf8('x'))).rejects.toThrow('not a key');
    await expect(store.create(key, { headLength: 0 })).rejects.toThrow('not a key');
    await expect(store.get(key)).rejects.toThrow('not a key');
    await expect(store.head(key)).rejects.toThrow('not a key');
    await expect(store.delete([key])).rejects.toThrow('not a key');
    expect(await everything()).toEqual([]);
  });

  test('a prefix may not leave either', async () => {
    const store = createDirectoryStore(join(root, 'inner'));
    await expect(store.list('../')).rejects.toThrow('not a key');
    await expect(store.sweep('../', new Date())).rejects.toThrow('not a key');
  });
});

describe('a disk that fails', () => {
  test.each([0, 1, 5000, 99_999, 100_003])(
    'full after %i bytes: says how much was written and what is free',
    async (limit) => {
      const store = createDirectoryStore(root, { fs: fullAfter(limit, 'ENOSPC') });
      const content = { head: pseudoRandom(1, 100), rest: pseudoRandom(2, 100_000) };
      const error = await upload(store, 'backups/x', content, [10_000]).catch((e: unknown) => e);
      if (!(error instanceof StoreError)) throw new Error(`not a StoreError: ${String(error)}`);
      expect(error.message).toMatch(
        /writing "backups\/x" after [\d,]+ bytes failed: ENOSPC \(disk full: 12,288 bytes free\); make room there/,
      );
      expect(error.retryable).toBe(false);
      expect(await everything()).toEqual([]);
    },
  );

  const steps = ['mkdir', 'link', 'rename', 'sync', 'open', 'close'] as const;
  test.each(steps)('%s fails: nothing appears, nothing stays', async (step) => {
    for (const replace of [false, true]) {
      const broken: FileSystem = {
        ...fs,
        ...(step === 'sync' || step === 'close' || step === 'open'
          ? {}
          : { [step]: async () => Promise.reject(fsError('EIO')) }),
        async open(...args: Parameters<typeof fs.open>) {
          if (step === 'open' && args[1] === 'wx') throw fsError('EIO');
          const file = await fs.open(...args);
          if (step === 'sync') file.sync = () => Promise.reject(fsError('EIO'));
          if (step === 'close' && args[1] === 'wx') {
            const close = file.close.bind(file);
            file.close = async () => {
              await close();
              throw fsError('EIO');
            };
          }
          return file;
        },
      };
      const store = createDirectoryStore(join(root, 'd'), { fs: broken });
      const outcome = await store.put('k', utf8('new'), { createOnly: !replace }).catch((e: unknown) => e);
      const used = step === (replace ? 'link' : 'rename');
      if (used) expect(outcome).toBeUndefined();
      else expect(outcome).toMatchObject({ name: 'StoreError', message: expect.stringContaining('EIO') });
      expect(await everything()).toEqual(used ? ['k'] : []);
      await fs.rm(join(root, 'd'), { recursive: true, force: true, maxRetries: 10 });
    }
  });

  test('a file that cannot be looked at once it is open is an error of the store, and is closed', async () => {
    await fs.writeFile(join(root, 'k'), 'abc');
    let isClosed = false;
    const store = createDirectoryStore(root, {
      fs: {
        ...fs,
        async open(...args) {
          const file = await fs.open(...args);
          file.stat = async () => Promise.reject(fsError('EIO'));
          const close = file.close.bind(file);
          file.close = () => {
            isClosed = true;
            return close();
          };
          return file;
        },
      },
    });
    await expect(store.get('k')).rejects.toMatchObject({
      name: 'StoreError',
      message: expect.stringContaining('reading "k" failed: EIO'),
    });
    expect(isClosed).toBe(true);
  });

  test('debris that cannot be removed is an error of the store', async () => {
    await fs.writeFile(join(root, '.k.1.partial'), 'half');
    const rm = async () => Promise.reject(fsError('EIO'));
    const sweep = createDirectoryStore(root, { fs: { ...fs, rm } }).sweep('', new Date(Date.now() + 60_000));
    await expect(sweep).rejects.toMatchObject({
      name: 'StoreError',
      message: expect.stringContaining('removal of ".k.1.partial" failed: EIO'),
    });
  });

  test('a file system without links: still never over an existing file', async () => {
    const linkless = { ...fs, link: async () => Promise.reject(fsError('EPERM')) };
    const store = createDirectoryStore(root, { fs: linkless });
    await store.put('k', utf8('one'), { createOnly: true });
    const writer = await store.create('other', { headLength: 0 });
    await writer.write(utf8('ours'));
    await store.put('other', utf8('theirs'));
    await expect(writer.close(utf8(''))).rejects.toBeInstanceOf(ObjectExists);
    await writer.abort(new Error('refused'));
    await expect(store.put('k', utf8('two'), { createOnly: true })).rejects.toBeInstanceOf(ObjectExists);
    expect((await everything()).sort()).toEqual(['k', 'other']);
    expect(await fetchObject(store, 'other')).toEqual(Buffer.from('theirs'));
  });
});

test('a name taken between create and close is refused; theirs stays', async () => {
  const store = createDirectoryStore(root);
  const writer = await store.create('k', { headLength: 0 });
  await writer.write(utf8('ours'));
  await store.put('k', utf8('theirs'));
  await expect(writer.close(utf8(''))).rejects.toBeInstanceOf(ObjectExists);
  await writer.abort(new Error('refused'));
  expect(await everything()).toEqual(['k']);
  expect(await fetchObject(store, 'k')).toEqual(Buffer.from('theirs'));
});

test('of many puts at once one wins', async () => {
  const store = createDirectoryStore(root);
  const puts = Array.from({ length: 10 }, (_, i) =>
    store.put('k', utf8(`writer ${i}`), { createOnly: true }),
  );
  const results = await Promise.allSettled(puts);
  const won = results.findIndex(({ status }) => status === 'fulfilled');
  expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  expect(await fetchObject(store, 'k')).toEqual(Buffer.from(`writer ${won}`));
  expect(await everything()).toEqual(['k']);
});

test('what a killed process leaves is invisible, and swept when old enough', async () => {
  const store = createDirectoryStore(root);
  await store.put('backups/good', utf8('good'));
  const dead = join(root, 'backups', '.anime.db.gz.0123.partial');
  await fs.writeFile(dead, 'half');
  await fs.utimes(dead, new Date('2024-01-01'), new Date('2024-01-01'));
  const writer = await store.create('backups/young', { headLength: 0 });
  await writer.write(utf8('in progress'));
  expect((await store.list('')).map(({ key }) => key)).toEqual(['backups/good']);
  expect(await store.sweep('backups/other', new Date())).toBe(0);
  expect(await store.sweep('backups/anime', new Date('2024-01-02'))).toBe(1);
  expect(await store.sweep('', new Date('2024-01-02'))).toBe(0);
  await writer.close(utf8(''));
  expect((await everything()).sort()).toEqual(['good', 'young']);
});

test('a file cut while it is read is an error', async () => {
  const store = createDirectoryStore(root);
  await store.put('k', pseudoRandom(1, 1_000_000));
  const object = await store.get('k');
  const reader = object?.body.getReader();
  await reader?.read();
  await fs.truncate(join(root, 'k'), 300_000);
  reader?.releaseLock();
  await expect(readAll(object?.body ?? new ReadableStream())).rejects.toThrow(
    'the file ends at byte 300000 of 1000000',
  );
});

test('a directory in the way and a file as a directory are no objects', async () => {
  const store = createDirectoryStore(root);
  await store.put('a/b', utf8('x'));
  expect(await store.head('a')).toBeUndefined();
  expect(await store.get('a')).toBeUndefined();
  expect(await store.head('a/b/c')).toBeUndefined();
  await expect(store.put('a/b/c', utf8('y'))).rejects.toBeInstanceOf(StoreError);
});

test('a link in the place of a file is no object: not listed, not looked at, not read, not taken', async () => {
  const store = createDirectoryStore(root);
  await fs.mkdir(join(root, 'b'));
  await fs.writeFile(join(root, 'secret'), 'abc');
  const links = { x: '../secret', gone: 'nowhere', circle: '../b', loop: 'loop' };
  for (const [name, to] of Object.entries(links)) await fs.symlink(to, join(root, 'b', name));
  expect(await store.list('b/')).toEqual([]);
  for (const name of Object.keys(links)) {
    expect(await store.head(`b/${name}`), name).toBeUndefined();
    expect(await store.get(`b/${name}`), name).toBeUndefined();
    await expect(store.put(`b/${name}`, utf8('y'), { createOnly: true })).rejects.toThrow(ObjectExists);
  }
  expect(await fs.readFile(join(root, 'secret'), 'utf8')).toBe('abc');
  // What replaces, takes the link's place, not that of the file behind it.
  await store.put('b/x', utf8('new'));
  expect(await fs.readFile(join(root, 'secret'), 'utf8')).toBe('abc');
  expect(await store.head('b/x')).toMatchObject({ bytes: 3 });
  expect(await store.delete(['b/x', 'b/loop'])).toMatchObject({ remaining: [] });
});

test('a link that takes the place of a file between the look and the opening is not followed', async () => {
  await fs.writeFile(join(root, 'secret'), 'abc');
  const store = createDirectoryStore(root, {
    fs: {
      ...fs,
      async open(path, ...more) {
        await fs.rm(String(path));
        await fs.symlink('secret', String(path));
        return fs.open(path, ...more);
      },
    },
  });
  await fs.writeFile(join(root, 'x'), 'abc');
  await expect(store.get('x')).rejects.toThrow('ELOOP');
});

test('a link whose disk is not mounted is no empty bucket, to read or to write', async () => {
  await fs.symlink(join(root, 'not-mounted'), join(root, 'backups'));
  for (const place of ['backups', 'backups/below']) {
    const store = createDirectoryStore(join(root, place));
    const said = /backups is a link to .*not-mounted, which is not there: mount the disk/;
    await expect(store.list('')).rejects.toThrow(said);
    await expect(store.sweep('', new Date())).rejects.toThrow(said);
    await expect(store.put('x', utf8('x'))).rejects.toThrow(said);
    await expect(store.create('x', { headLength: 0 })).rejects.toThrow(said);
  }
  expect(await createDirectoryStore(join(root, 'first-start')).list('')).toEqual([]);
});
