import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { link } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createFileWriter } from '../../src/backup/store/file-writer.ts';
import { ObjectExists } from '../../src/backup/store/types.ts';
import { DATABASE_READ, retry } from '../../src/lib/retry.ts';
import { testClock } from '../support/backup-world.ts';

vi.mock(import('node:fs/promises'), { spy: true });

let directory: string;
let path: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'file-writer-'));
  path = join(directory, 'a.db');
});
afterEach(() => rmSync(directory, { recursive: true, force: true, maxRetries: 10 }));

test('a file that exists is refused at the first try: it will be there at the next one too', async () => {
  writeFileSync(path, 'old');
  let tries = 0;
  const opening = retry(DATABASE_READ, { sleep: testClock().sleep, random: () => 0.5 }, async () => {
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

test('on a disk that cannot link, as a USB stick, a file appears all the same, and replaces none', async () => {
  const linkless = async () => {
    throw Object.assign(new Error('EPERM: operation not permitted, link'), { code: 'EPERM' });
  };
  const [first, second] = await Promise.all(
    [1, 2].map(() => createFileWriter(path, { headLength: 1, replace: false })),
  );
  vi.mocked(link).mockImplementationOnce(linkless).mockImplementationOnce(linkless);
  await first?.close(Buffer.from('a'));
  await expect(second?.close(Buffer.from('b'))).rejects.toThrow(ObjectExists);
  await second?.abort(new Error('refused'));
  expect(readFileSync(path, 'utf8')).toBe('a');
  expect(readdirSync(directory)).toEqual(['a.db']);
});
