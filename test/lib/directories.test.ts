import { existsSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { brokenLink, makeDirectory, makeDirectorySync } from '../../src/lib/disk/directories.ts';

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'directories-'));
  writeFileSync(join(directory, 'file'), 'x');
  symlinkSync('nowhere', join(directory, 'link'));
});
afterAll(() => rmSync(directory, { recursive: true, force: true, maxRetries: 10 }));

describe.each([
  ['makeDirectory', makeDirectory],
  ['makeDirectorySync', async (path: string) => makeDirectorySync(path)],
])('%s', (name, make) => {
  test('makes what is missing for this user alone, also when others make it at the same time', async () => {
    const path = join(directory, name, 'b', 'c');
    await Promise.all([make(path), make(path), make(path)]);
    for (const made of [path, join(path, '..'), join(path, '../..')])
      expect(statSync(made).mode & 0o777).toBe(0o700);
    expect(await make(path)).toBeUndefined();
  });

  test.each(['file', 'file/below', 'link', 'link/below'])('%s in the way is an error', async (place) => {
    await expect(make(join(directory, place))).rejects.toThrow(/EEXIST|ENOTDIR/);
  });

  test.runIf(existsSync('/proc/self'))('ends below /proc, where Node would try for ever', async () => {
    await expect(make('/proc/x/y')).rejects.toThrow(/ENOENT/);
  });
});

test('a link on the way that leads nowhere is named: a disk that is not mounted', () => {
  for (const place of ['link', 'link/below/deep'])
    expect(brokenLink(join(directory, place))).toBe(
      `${join(directory, 'link')} is a link to nowhere, which is not there`,
    );
  for (const place of ['file', 'nothing/yet', '']) expect(brokenLink(join(directory, place))).toBeUndefined();
});
