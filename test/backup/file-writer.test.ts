import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { again } from '../../src/backup/again.ts';
import { createFileWriter } from '../../src/backup/file-writer.ts';
import { ObjectExists } from '../../src/backup/store/types.ts';
import { testClock } from '../support/backup-world.ts';

let directory: string;
let path: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'file-writer-'));
  path = join(directory, 'a.db');
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

test('a file that exists is refused at the first try: it will be there at the next one too', async () => {
  writeFileSync(path, 'old');
  let tries = 0;
  const opening = again({ clock: testClock(), random: () => 0.5 }, undefined, () => {
    tries += 1;
    return createFileWriter(path, { headLength: 0, replace: false });
  });
  await expect(opening).rejects.toThrow(ObjectExists);
  expect(tries).toBe(1);
  expect(readdirSync(directory)).toEqual(['a.db']);
});

test('two at once, in one process or two: one file wins whole, the other writer is told, and nothing of it stays', async () => {
  const writers = await Promise.all(
    [1, 2].map(() => createFileWriter(path, { headLength: 1, replace: false })),
  );
  for (const [i, writer] of writers.entries()) await writer.write(Buffer.from(`ody ${i}`));
  const ends = await Promise.allSettled(writers.map((writer) => writer.close(Buffer.from('b'))));
  for (const [i, end] of ends.entries()) if (end.status === 'rejected') await writers[i]?.abort(end.reason);
  expect(ends.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
  expect(readFileSync(path, 'utf8')).toBe(`body ${ends.findIndex(({ status }) => status === 'fulfilled')}`);
  expect(readdirSync(directory)).toEqual(['a.db']);
});
