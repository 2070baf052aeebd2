import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { type FileHandle, link, open } from 'node:fs/promises';
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
afterEach(() => {
  vi.restoreAllMocks();
  vi.mocked(open).mockReset();
  rmSync(directory, { recursive: true, force: true, maxRetries: 10 });
});

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

/** Changes the next files that are opened. */
async function breakNext(times: number, change: (file: FileHandle, flags: unknown) => void): Promise<void> {
  const { open: real } = await vi.importActual<typeof import('node:fs/promises')>('node:fs/promises');
  for (let i = 0; i < times; i += 1)
    vi.mocked(open).mockImplementationOnce(async (...args) => {
      const file = await real(...args);
      change(file, args[1]);
      return file;
    });
}

test('a disk that takes no bytes and names no error ends the writing', async () => {
  let asked = 0;
  await breakNext(1, (file) => {
    file.write = (async () => {
      asked += 1;
      if (asked > 3) throw new Error('asked for ever');
      return { bytesWritten: 0 };
    }) as unknown as typeof file.write;
  });
  const writer = await createFileWriter(path, { headLength: 0, replace: false });
  await expect(writer.write(Buffer.from('x'))).rejects.toMatchObject({
    message: `cannot write ${path}`,
    cause: new Error('the disk took no more bytes'),
  });
  await writer.abort(new Error('full'));
  expect(readdirSync(directory)).toEqual([]);
});

test('a head of another length than promised is refused; alone it may have any', async () => {
  const writer = await createFileWriter(path, { headLength: 4, replace: false });
  await writer.write(Buffer.from('body'));
  await expect(writer.close(Buffer.from('nine bytes'))).rejects.toThrow('has 10 bytes, not 4');
  await writer.abort(new Error('refused'));
  expect(readdirSync(directory)).toEqual([]);
  const alone = await createFileWriter(path, { headLength: 4, replace: false });
  await alone.close(Buffer.from('nine bytes'));
  expect(readFileSync(path, 'utf8')).toBe('nine bytes');
});

test('a directory that cannot be made durable fails the file, and nothing stays of a new one', async () => {
  for (const replace of [false, true]) {
    if (replace) writeFileSync(path, 'old');
    await breakNext(2, (file, flags) => {
      if (flags === 'r') file.sync = () => Promise.reject(new Error('EIO: injected'));
    });
    const writer = await createFileWriter(path, { headLength: 0, replace });
    await expect(writer.close(Buffer.from('new'))).rejects.toThrow('EIO');
    await writer.abort(new Error('EIO'));
    // What was replaced is gone: the new file is all there is.
    expect(readdirSync(directory)).toEqual(replace ? ['a.db'] : []);
  }
  expect(readFileSync(path, 'utf8')).toBe('new');
});

test('an abort after the end removes nothing', async () => {
  const writer = await createFileWriter(path, { headLength: 0, replace: false });
  await writer.close(Buffer.from('whole'));
  await writer.abort(new Error('of another file'));
  expect(readFileSync(path, 'utf8')).toBe('whole');
});

test('on Windows, where no directory can be opened, the file is there and its writer says so', async () => {
  vi.spyOn(process, 'platform', 'get').mockReturnValue('win32');
  const opened: unknown[] = [];
  const { open: real } = await vi.importActual<typeof import('node:fs/promises')>('node:fs/promises');
  vi.mocked(open).mockImplementation(async (...args) => {
    opened.push(args[1]);
    if (args[1] === 'r') throw new Error('EISDIR: injected');
    return real(...args);
  });
  const writer = await createFileWriter(path, { headLength: 0, replace: false });
  await writer.close(Buffer.from('whole'));
  expect(opened).toEqual(['wx']);
  expect(readFileSync(path, 'utf8')).toBe('whole');
});
