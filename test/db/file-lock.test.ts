import { execFileSync, spawn, spawnSync } from 'node:child_process';
import {
  closeSync,
  cpSync,
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { DatabaseUnavailable } from '../../src/db/database.ts';
import { explainLocked, lockDatabaseFile } from '../../src/db/file/file-lock.ts';
import { isMountPoint } from '../../src/lib/disk/mount-point.ts';

let directory: string;
let path: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'file-lock-'));
  path = join(directory, 'bot.db');
});
afterEach(() => rmSync(directory, { recursive: true, force: true, maxRetries: 10 }));

const now = (): Date => new Date('2026-01-01T12:00:00Z');
/** Watching for a sign of life takes no time here; `meanwhile` is what happens in it. */
const take = (holder: string, meanwhile: () => void = () => {}) => {
  waited = 0;
  const sleep = async (milliseconds: number): Promise<void> => {
    waited += milliseconds;
    meanwhile();
  };
  return lockDatabaseFile(path, { holder, now, sleep, say: () => {} });
};
let waited = 0;
const write = (lock: object): void =>
  writeFileSync(
    `${path}.lock`,
    `${JSON.stringify({ holder: 'node host', pid: process.pid, host: hostname(), began: null, since: '2026', ...lock })}\n`,
  );

test('a second host is told who has the file and what to do; after the first let go it may', async () => {
  const first = await take('node host');
  await expect(take('restore')).rejects.toThrow(
    new RegExp(
      `bot.db is in use by node host \\(process ${process.pid} on .*2026-01-01T12:00:00.000Z\\): stop it first`,
    ),
  );
  await first.release();
  expect(existsSync(`${path}.lock`)).toBe(false);
  await (await take('restore')).release();
});

test('a holder that was suspended sees at its next beat or write that its lock was taken over', async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  try {
    const told: string[] = [];
    const onTaken = (message: string): void => void told.push(message);
    const lock = await lockDatabaseFile(path, { holder: 'node host', now, onTaken });
    vi.advanceTimersByTime(10_000);
    lock.requireOurs();
    write({ pid: 1, host: 'elsewhere' });
    vi.advanceTimersByTime(10_000);
    expect(told).toEqual([expect.stringMatching(/taken over by node host \(process 1 on elsewhere/)]);
    // Nothing is written any more, whatever becomes of the other.
    rmSync(`${path}.lock`);
    expect(() => lock.requireOurs()).toThrow(DatabaseUnavailable);
    write({ pid: 1, host: 'elsewhere' });
    await lock.release();
    expect(readFileSync(`${path}.lock`, 'utf8')).toContain('elsewhere');
    rmSync(`${path}.lock`);
    const next = await lockDatabaseFile(path, { holder: 'node host', now, onTaken });
    write({ pid: 2, host: 'elsewhere' });
    expect(() => next.requireOurs()).toThrow(/taken over by node host \(process 2 .*let one host alone/);
    expect(told).toHaveLength(2);
  } finally {
    vi.useRealTimers();
  }
});

test('a lock file that somebody deletes is back at the next beat, and two hosts never write', async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  try {
    const told: string[] = [];
    const onTaken = (message: string): void => void told.push(message);
    const first = await lockDatabaseFile(path, { holder: 'node host', now, onTaken });
    const text = readFileSync(`${path}.lock`, 'utf8');
    rmSync(`${path}.lock`);
    vi.advanceTimersByTime(10_000);
    await vi.waitFor(() => expect(readFileSync(`${path}.lock`, 'utf8')).toBe(text));
    await expect(take('restore')).rejects.toThrow(/is in use by node host/);
    first.requireOurs();
    // Quicker than a beat: the second one has it, and the first one stops writing.
    rmSync(`${path}.lock`);
    const second = await take('restore');
    expect(() => first.requireOurs()).toThrow(DatabaseUnavailable);
    second.requireOurs();
    vi.advanceTimersByTime(10_000);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(told).toHaveLength(1);
    second.requireOurs();
    await first.release();
    second.requireOurs();
    expect(existsSync(`${path}.lock`)).toBe(true);
    await second.release();
    // Of a database that is let go none comes back.
    vi.advanceTimersByTime(60_000);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(existsSync(`${path}.lock`)).toBe(false);
  } finally {
    vi.useRealTimers();
  }
});

test('the lock of a process that died is taken over', async () => {
  const child = spawn(process.execPath, ['-e', '']);
  await new Promise((resolve) => child.once('exit', resolve));
  write({ pid: child.pid });
  const lock = await take('node host');
  expect(JSON.parse(readFileSync(`${path}.lock`, 'utf8'))).toMatchObject({ pid: process.pid });
  await lock.release();
});

test('a pid that was given to another process since is no holder', async () => {
  write({ began: '1' });
  await (await take('node host')).release();
});

test('another machine’s lock holds while it is touched, and not much longer', async () => {
  write({ host: 'elsewhere' });
  utimesSync(`${path}.lock`, now(), new Date(now().getTime() - 50_000));
  await expect(take('node host')).rejects.toThrow(/on elsewhere.*wait a minute and try again$/);
  expect(waited).toBe(0);
  utimesSync(`${path}.lock`, now(), new Date(now().getTime() - 61_000));
  await (await take('node host')).release();
  expect(waited).toBe(30_000);
});

// Both were judged by the clock alone: a dead lock of next year shut everybody out for a year, a
// clock that jumped took a living one over.
test.each([
  ['a year ahead', 365 * 86_400_000],
  ['a year behind', -365 * 86_400_000],
])('a clock that is %s neither keeps a dead lock nor takes a living one', async (_, wrong) => {
  write({ host: 'elsewhere' });
  const touch = (): void => utimesSync(`${path}.lock`, now(), new Date(now().getTime() + wrong + waited));
  touch();
  await expect(take('node host', touch)).rejects.toThrow('on elsewhere');
  await (await take('node host')).release();
});

// Two containers: `kill(1, 0)` asked ourselves, whose start is another, and so the other's lock was
// taken.
test('a lock of another pid namespace is watched, whatever its pid and hostname', async () => {
  const first = await take('node host');
  const lock = JSON.parse(readFileSync(`${path}.lock`, 'utf8'));
  await first.release();
  const [boot] = String(lock.machine).split(' ');
  const theirs = { ...lock, machine: `${boot} pid:[1]`, process: 'other', began: '7', pid: process.pid };
  write(theirs);
  let beats = 0;
  const beat = (): void => {
    beats += 1;
    if (beats === 10) utimesSync(`${path}.lock`, now(), new Date(1));
  };
  await expect(take('node host', beat)).rejects.toThrow('is in use by node host');
  expect(waited).toBe(10_000);
  // It was killed; its container starts again at once.
  await (await take('node host')).release();
  expect(waited).toBe(30_000);
});

test('a lock that came with a copy of a running installation is said to be that, and what to remove', async () => {
  writeFileSync(path, 'x');
  const other = join(directory, 'other');
  const lock = await take('node host');
  const open = openSync(path, 'r');
  try {
    cpSync(path, join(other, 'bot.db'));
    cpSync(`${path}.lock`, join(other, 'bot.db.lock'));
    const takeCopy = () => lockDatabaseFile(join(other, 'bot.db'), { holder: 'node host', now });
    await expect(takeCopy()).rejects.toThrow(
      `its lock came with a copy of ${path}, which node host (process ${process.pid} on`,
    );
    await expect(takeCopy()).rejects.toThrow(`Remove ${join(other, 'bot.db.lock')} and try again`);
    await expect(take('restore')).rejects.toThrow('is in use by node host');
    rmSync(join(other, 'bot.db.lock'));
    await (await takeCopy()).release();
  } finally {
    closeSync(open);
  }
  await lock.release();
});

test('the lock is the file’s, by whatever name it is opened', async () => {
  writeFileSync(path, '');
  const link = join(directory, 'link.db');
  symlinkSync(path, link);
  const lock = await take('node host');
  await expect(lockDatabaseFile(link, { holder: 'restore', now })).rejects.toThrow('is in use by node host');
  await lock.release();
  expect(readdirSync(directory).sort()).toEqual(['bot.db', 'link.db']);
});

const MAY_MOUNT = spawnSync('unshare', ['-rm', 'true']).status === 0;

test.skipIf(!MAY_MOUNT)('a file that is mounted by itself is refused; its own path is not', async () => {
  const mounted = join(directory, 'a mount', 'bot.db');
  mkdirSync(dirname(mounted));
  writeFileSync(mounted, '');
  const code = `import { lockDatabaseFile } from ${JSON.stringify(LOCK)};
    for (const path of ${JSON.stringify([mounted, path])})
      await lockDatabaseFile(path, { holder: 'x', now: () => new Date() })
      .then((lock) => lock.release().then(() => console.log('free')), (error) => console.log(error.name, error.message));`;
  writeFileSync(path, '');
  const mount = 'mount --bind "$1" "$2" && exec "$3" --input-type=module -e "$4"';
  const said = execFileSync(
    'unshare',
    ['-rm', 'sh', '-c', mount, '', path, mounted, process.execPath, code],
    {
      encoding: 'utf8',
    },
  );
  const [first, second] = said.trim().split('\n');
  expect(first).toContain(`DatabaseFileHeld database ${mounted} is mounted as a single file`);
  expect(first).toContain(`Mount its directory instead, as ${dirname(mounted)}`);
  expect(second).toBe('free');
});

test('the mounts of a process, as proc(5) writes them', () => {
  const mounts =
    '24 27 0:6 / /dev rw - devtmpfs none rw\n43 27 254:0 /a.db /data/my\\040bot.db rw - ext4 /dev/vda rw\n';
  expect(isMountPoint('/data/my bot.db', mounts)).toBe(true);
  expect(isMountPoint('/data', mounts)).toBe(false);
});

test('a second name (a hard link) of a file in use is refused, and is free afterwards', async () => {
  const holder = spawn(
    process.execPath,
    [
      '--input-type=module',
      '-e',
      `import { openEmbeddedDatabase } from ${JSON.stringify(EMBEDDED)};
       await openEmbeddedDatabase(${JSON.stringify(path)});
       console.log('open');
       setInterval(() => {}, 1000);`,
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  try {
    await new Promise((resolve) => holder.stdout.once('data', resolve));
    const other = join(directory, 'other', 'bot.db');
    mkdirSync(dirname(other));
    linkSync(path, other);
    const again = () => lockDatabaseFile(other, { holder: 'node host', now });
    for (let i = 0; i < 2; i += 1)
      await expect(again()).rejects.toThrow(/second name \(a hard link\), and is in use/);
    expect(existsSync(`${other}.lock`)).toBe(false);
    holder.kill('SIGKILL');
    await new Promise((resolve) => holder.once('exit', resolve));
    await (await again()).release();
  } finally {
    holder.kill('SIGKILL');
  }
});

const EMBEDDED = new URL('../../src/db/file/embedded-database.ts', import.meta.url).href;
const LOCK = new URL('../../src/db/file/file-lock.ts', import.meta.url).href;
const NO_LINKS = fileURLToPath(new URL('../support/no-links.ts', import.meta.url));

/** What a process prints that runs the script on a file system without links. */
async function linklessProcess(script: string, code: string): Promise<string> {
  const child = spawn(process.execPath, ['--import', NO_LINKS, '--input-type=module', '-e', script], {
    env: { ...process.env, LINK_ERROR: code },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let said = '';
  child.stdout.on('data', (chunk: Buffer) => {
    said += chunk.toString();
  });
  await new Promise((resolve) => child.once('close', resolve));
  return said;
}

test.each(['EPERM', 'ENOTSUP', 'ENOSYS', 'EACCES', 'EMLINK'])(
  'where files cannot be linked (%s) it is taken, refused and taken over as elsewhere',
  async (code) => {
    const linkless = await linklessProcess(
      `import { lockDatabaseFile } from ${JSON.stringify(LOCK)};
     const take = () => lockDatabaseFile(${JSON.stringify(path)}, { holder: 'node host', now: () => new Date() });
     const first = await take();
     console.log(await take().then(() => 'two', (error) => error.message));
     await first.release();
     await take();
     process.kill(process.pid, 'SIGKILL');`,
      code,
    );
    expect(linkless).toContain('is in use by node host');
    await (await take('node host')).release();
  },
);

test('the lock file is the owner’s alone', async () => {
  const lock = await take('node host');
  expect(statSync(`${path}.lock`).mode & 0o777).toBe(0o600);
  await lock.release();
});

test.each(['', '{"holder":', 'null', '{"pid":-1}'])('a torn lock file (%j) holds nobody up', async (text) => {
  writeFileSync(`${path}.lock`, text);
  await (await take('node host')).release();
});

test('of many at once exactly one gets it', async () => {
  const outcomes = await Promise.allSettled(Array.from({ length: 8 }, (_, i) => take(`host ${i}`)));
  const held = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
  expect(held).toHaveLength(1);
  await held[0]?.release();
});

test('a lock that somebody else holds by now is not removed', async () => {
  const lock = await take('node host');
  write({ holder: 'other' });
  await lock.release();
  expect(readFileSync(`${path}.lock`, 'utf8')).toContain('other');
});

test('"database is locked" gets a name and something to do', async () => {
  expect(explainLocked(path)).toContain('another program is writing to');
  const lock = await take('node host');
  expect(explainLocked(path), 'this process is not the one').toContain('another program is writing to');
  const own: object = JSON.parse(readFileSync(`${path}.lock`, 'utf8'));
  await lock.release();
  writeFileSync(`${path}.lock`, JSON.stringify({ ...own, process: 'another' }));
  expect(explainLocked(path)).toMatch(
    /in use by node host \(process \d+ on .*\): wait a moment and try again, or stop it/,
  );
});

test('a pipe or a directory under the lock’s name is refused at once, never waited for', async () => {
  execFileSync('mkfifo', [`${path}.lock`]);
  await expect(take('node host')).rejects.toThrow('is no file of ours');
  expect(explainLocked(path)).toContain('another program');
  rmSync(`${path}.lock`);
  mkdirSync(`${path}.lock`);
  await expect(take('node host')).rejects.toThrow('remove it');
});
