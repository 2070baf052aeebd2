/**
 * What root gives away while the owner of the directory swaps what stands under the names. Runs
 * where the tests are root's.
 */
import {
  chownSync,
  closeSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import fs from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createDirectoryStore } from '../../src/backup/store/directory.ts';
import { makeDirectory } from '../../src/lib/disk/directories.ts';
import { giveDirectory, giveFile, makeOwnDirectory } from '../../src/lib/disk/ownership.ts';

const NOBODY = 65_534;
let theirs: string;
let secret: string;
const at = (name: string): string => join(theirs, name);
const ownerOf = (path: string): number => statSync(path).uid;

beforeEach(() => {
  theirs = mkdtempSync(join(tmpdir(), 'ownership-'));
  if (process.getuid?.() === 0) chownSync(theirs, NOBODY, NOBODY);
  secret = at('secret');
  writeFileSync(secret, 'root only', { mode: 0o600 });
  mkdirSync(at('vault'), { mode: 0o700 });
  writeFileSync(at('vault/source.db'), 'root only', { mode: 0o600 });
});
afterEach(() => rmSync(theirs, { recursive: true, force: true, maxRetries: 10 }));

describe.runIf(process.getuid?.() === 0)('as root', () => {
  test('a file that was just made goes to the owner of its directory', () => {
    const fd = openSync(at('new'), 'wx', 0o600);
    giveFile(fd, theirs);
    closeSync(fd);
    expect(ownerOf(at('new'))).toBe(NOBODY);
  });

  test('the name is swapped between open and chown: the other file stays root’s', () => {
    const fd = openSync(at('new'), 'wx', 0o600);
    renameSync(secret, at('new'));
    giveFile(fd, theirs);
    closeSync(fd);
    expect(ownerOf(at('new'))).toBe(0);
  });

  test('a file with a second name is never given away', () => {
    linkSync(secret, at('linked'));
    const fd = openSync(at('linked'), 'r');
    giveFile(fd, theirs);
    closeSync(fd);
    expect(ownerOf(secret)).toBe(0);
  });

  test('an upload whose name is swapped as it opens gives nothing away', async () => {
    const store = createDirectoryStore(at('bucket'), {
      fs: {
        ...fs,
        async open(...args: Parameters<typeof fs.open>) {
          const file = await fs.open(...args);
          if (String(args[0]).endsWith('.partial')) renameSync(secret, String(args[0]));
          return file;
        },
      },
    });
    await store.put('x', new Uint8Array([1])).catch(() => undefined);
    expect(ownerOf(at('bucket'))).toBe(NOBODY);
    expect(ownerOf(at('bucket/x'))).toBe(0);
  });

  test.each(['before', 'after'])('a directory is swapped %s it is opened: the other stays root’s', (when) => {
    mkdirSync(at('made'), { mode: 0o700 });
    const swap = (): void => {
      rmdirSync(at('made'));
      renameSync(at('vault'), at('made'));
    };
    if (when === 'before') swap();
    giveDirectory(at('made'), when === 'after' ? swap : undefined);
    expect([ownerOf(at('made')), ownerOf(at('made/source.db'))]).toEqual([0, 0]);
  });

  test('a link in the place of a directory, or of the one above, leads to nothing that is given', async () => {
    const roots = mkdtempSync(join(tmpdir(), 'ownership-root-'));
    try {
      mkdirSync(join(roots, 'empty'), { mode: 0o700 });
      await makeDirectory(at('one'), async (path) => symlinkSync(join(roots, 'empty'), path));
      symlinkSync(roots, at('above'));
      giveDirectory(at('above/empty'), () => {
        unlinkSync(at('above'));
        mkdirSync(at('above/empty'), { recursive: true });
        chownSync(at('above'), NOBODY, NOBODY);
      });
      expect([ownerOf(roots), ownerOf(join(roots, 'empty'))]).toEqual([0, 0]);
    } finally {
      rmSync(roots, { recursive: true });
    }
  });

  test('of its own directory, the file goes to the owner of the old one, with its mode', () => {
    writeFileSync(at('old.db'), '', { mode: 0o640 });
    chownSync(at('old.db'), NOBODY, NOBODY);
    const own = makeOwnDirectory(at('work'));
    writeFileSync(at('work/source.db'), 'restored', { mode: 0o600 });
    own.giveAs(at('old.db'), at('work/source.db'));
    own.close();
    expect([ownerOf(at('work')), ownerOf(at('work/source.db'))]).toEqual([0, NOBODY]);
    expect(statSync(at('work/source.db')).mode & 0o777).toBe(0o640);
  });

  test('its own directory is swapped for another of root’s: the file there is not given', () => {
    const own = makeOwnDirectory(at('work'));
    renameSync(at('work'), at('away'));
    renameSync(at('vault'), at('work'));
    expect(() => own.giveAs(theirs, at('work/source.db'))).toThrow('ENOENT');
    own.close();
    expect(ownerOf(at('work/source.db'))).toBe(0);
  });
});

test.each(['link', 'symbolic link'])('a %s in its own directory is refused', (kind) => {
  const own = makeOwnDirectory(at('work'));
  (kind === 'link' ? linkSync : symlinkSync)(secret, at('work/source.db'));
  expect(() => own.giveAs(theirs, at('work/source.db'))).toThrow(/was replaced by another program|ELOOP/);
  own.close();
  expect(statSync(secret).mode & 0o777).toBe(0o600);
});
