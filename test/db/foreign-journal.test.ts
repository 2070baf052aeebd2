/**
 * A person with plain tools beside a database file whose process was killed: whose journal is it?
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  appendFileSync,
  copyFileSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { backup, DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openEmbeddedSnapshotSource } from '../../src/backup/snapshot/embedded.ts';
import { openEmbeddedDatabase } from '../../src/db/file/embedded-database.ts';
import { JournalInDoubt } from '../../src/db/file/settle-journals.ts';
import { startOnFile } from '../support/start-on-file.ts';

const EMBEDDED = new URL('../../src/db/file/embedded-database.ts', import.meta.url).href;
const USER = fileURLToPath(new URL('../support/file-user.ts', import.meta.url));
let directory: string;
let path: string;
const children: ChildProcess[] = [];
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'foreign-journal-'));
  path = join(directory, 'bot.db');
});
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  rmSync(directory, { recursive: true, force: true, maxRetries: 10 });
});

interface Use {
  readonly first: number;
  readonly count: number;
  readonly between?: number;
  readonly end?: 'stop' | 'stay';
}

class FileUser {
  readonly child: ChildProcess;
  said = '';
  readonly #changed = new EventTarget();
  constructor({ first, count, between = 0, end = 'stay' }: Use) {
    this.child = spawn(process.execPath, [USER, path, `${first}`, `${count}`, `${between}`, end], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    children.push(this.child);
    this.child.stdout?.on('data', (chunk: Buffer) => {
      this.said += chunk.toString();
      this.#changed.dispatchEvent(new Event('said'));
    });
  }

  async until(line: string): Promise<void> {
    while (!this.said.includes(`${line}\n`)) await once(this.#changed, 'said');
  }

  async kill(): Promise<void> {
    this.child.kill('SIGKILL');
    await once(this.child, 'close');
  }

  added(): number[] {
    // The last line may be cut.
    return [...this.said.matchAll(/^added (\d+)\n/gm)].map(([, id]) => Number(id));
  }
}

/** Adds users `first` … and ends cleanly. */
async function fill(first: number, count: number): Promise<void> {
  const user = new FileUser({ first, count, end: 'stop' });
  await once(user.child, 'close');
  expect(user.child.exitCode).toBe(0);
}

/** Adds users and is killed: the log has what the file has not. */
async function killed(first: number, count: number, between = 0): Promise<void> {
  const user = new FileUser({ first, count, between });
  await user.until(`added ${first + count - 1}`);
  await user.kill();
  expect(statSync(`${path}-wal`).size).toBeGreaterThan(0);
}

/** What the program finds when it starts, and what it says. */
const start = () => startOnFile(path);

const range = (first: number, count: number): number[] => Array.from({ length: count }, (_, i) => first + i);
const kept = (): string[] => readdirSync(directory).filter((name) => name.includes('.set-aside-'));

describe('after a clean stop', () => {
  test('there is one file, and a copy of it has everything', async () => {
    await fill(1, 41);
    expect(readdirSync(directory)).toEqual(['bot.db']);
    copyFileSync(path, join(directory, 'copy.db'));
    using copy = new DatabaseSync(join(directory, 'copy.db'), { readOnly: true });
    expect(copy.prepare('SELECT count(*) AS n FROM users').get()).toEqual({ n: 41 });
  });

  test('whoever is not the last leaves the other undisturbed', async () => {
    const host = new FileUser({ first: 1, count: 3 });
    await host.until('added 3');
    await fill(10, 1);
    expect(statSync(`${path}-wal`).size).toBeGreaterThan(0);
    await host.kill();
    expect(await start()).toEqual({ ids: [1, 2, 3, 10], said: [] });
    expect(readdirSync(directory)).toEqual(['bot.db']);
  });

  test('the file and its journals are the owner’s alone', async () => {
    const umask = process.umask(0);
    try {
      await killed(1, 3);
    } finally {
      process.umask(umask);
    }
    for (const suffix of ['', '-wal', '-shm'])
      expect(statSync(path + suffix).mode & 0o777, suffix).toBe(0o600);
  });
});

/** Old copies of the file, as people come by them. Users 1 to 41 are in each. */
const COPIES: Readonly<Record<string, () => Promise<string>>> = {
  'a copy made after a clean stop': async () => {
    await fill(1, 41);
    copyFileSync(path, join(directory, 'old.db'));
    return join(directory, 'old.db');
  },
  'a copy made while it ran': async () => {
    const user = new FileUser({ first: 1, count: 41, between: 41 });
    await user.until('added 41');
    const old = join(directory, 'old.db');
    // Not amid its checkpoint: a torn copy is no copy.
    for (let size = 0; size <= 4096 || size !== statSync(path).size; ) {
      size = statSync(path).size;
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
    copyFileSync(path, old);
    await user.kill();
    return old;
  },
  'the copy of `sqlite3 .backup`': async () => {
    const user = new FileUser({ first: 1, count: 41, between: 10 });
    await user.until('added 41');
    const old = join(directory, 'old.db');
    using db = new DatabaseSync(path);
    await backup(db, old);
    await user.kill();
    return old;
  },
  'the copy of VACUUM INTO': async () => {
    await fill(1, 41);
    const old = join(directory, 'old.db');
    using db = new DatabaseSync(path);
    db.exec(`VACUUM INTO '${old}'`);
    return old;
  },
  'a file marked WAL by a tool': async () => {
    await fill(1, 41);
    const old = join(directory, 'old.db');
    copyFileSync(path, old);
    using db = new DatabaseSync(old);
    db.exec('PRAGMA journal_mode = WAL');
    return old;
  },
};

/** How it gets over the living one. */
const WAYS: Readonly<Record<string, (old: string) => void>> = {
  cp: (old) => writeFileSync(path, readFileSync(old)),
  mv: (old) => renameSync(old, path),
  'cp -p': (old) => {
    const { atime, mtime } = statSync(old);
    writeFileSync(path, readFileSync(old));
    utimesSync(path, atime, mtime);
  },
  'rm, cp': (old) => {
    rmSync(path);
    copyFileSync(old, path);
  },
};

/** Each copy, and each way for one of them. */
const CASES = [
  ...Object.keys(COPIES).map((copy) => [copy, 'cp'] as const),
  ...['mv', 'cp -p', 'rm, cp'].map((way) => ['a copy made while it ran', way] as const),
];

test.each(CASES)('%s, put over the file by %s, is what the bot has then', async (copy, way) => {
  const old = (await COPIES[copy]?.()) ?? '';
  if (existsSync(`${path}-wal`)) await start();
  await fill(100, 5);
  await killed(200, 30, 7);
  WAYS[way]?.(old);
  const { ids, said } = await start();
  expect(ids).toEqual(range(1, 41));
  expect(said).toEqual([
    expect.stringMatching(/bot\.db-wal does not belong to .* kept as .*set-aside-\d{8}T\d{6}Z$/),
  ]);
  expect(kept()).toHaveLength(1);
  expect(await start()).toEqual({ ids: range(1, 41), said: [] });
});

test('a copy of an earlier minute of the same run is known, though its size and schema are the same', async () => {
  const script = `
    import { once } from 'node:events';
    import { openEmbeddedDatabase } from ${JSON.stringify(EMBEDDED)};
    const db = await openEmbeddedDatabase(${JSON.stringify(path)});
    const run = (sql) => db.write([{ sql, args: [] }]);
    await run('CREATE TABLE users (id INTEGER PRIMARY KEY)');
    await run('CREATE TABLE schema_migrations (version INTEGER, name TEXT, applied_at TEXT)');
    await run('INSERT INTO users VALUES (1)');
    await db.checkpoint();
    console.log('copy');
    await once(process.stdin, 'data');
    await run('UPDATE users SET id = 2');
    await db.checkpoint();
    await run('UPDATE users SET id = 3');
    console.log('kill');
    setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  children.push(child);
  await once(child.stdout, 'data');
  const old = readFileSync(path);
  child.stdin.write('go\n');
  await once(child.stdout, 'data');
  child.kill('SIGKILL');
  await once(child, 'close');
  expect(readFileSync(path).byteLength).toBe(old.byteLength);
  copyFileSync(path, join(directory, 'now.db'));
  copyFileSync(`${path}-wal`, join(directory, 'now.db-wal'));
  writeFileSync(path, old);
  const { ids, said } = await start();
  expect(ids).toEqual([1]);
  expect(said).toHaveLength(1);
  path = join(directory, 'now.db');
  expect(await start()).toEqual({ ids: [3], said: [] });
});

test('what an older program left after its clean stop is replayed, and not into an old copy', async () => {
  const old = join(directory, 'old.db');
  await fill(1, 41);
  renameSync(path, old);
  // That program closed nothing: all is in the log.
  using db = new DatabaseSync(path);
  db.exec('PRAGMA journal_mode = WAL; CREATE TABLE users (id INTEGER PRIMARY KEY, filler BLOB)');
  db.exec('CREATE TABLE schema_migrations (version INTEGER, name TEXT, applied_at TEXT)');
  db.exec('INSERT INTO users VALUES (7, NULL)');
  for (const suffix of ['', '-wal']) copyFileSync(path + suffix, join(directory, `left.db${suffix}`));
  db.close();
  const put = (suffix: string): void => copyFileSync(join(directory, `left.db${suffix}`), path + suffix);
  for (const suffix of ['', '-wal']) put(suffix);
  expect(await start()).toEqual({ ids: [7], said: [] });
  put('-wal');
  copyFileSync(old, path);
  expect((await start()).ids).toEqual(range(1, 41));
});

test('a backup, too, is never made of a file and the journal of another', async () => {
  await fill(1, 41);
  copyFileSync(path, join(directory, 'old.db'));
  await killed(100, 5);
  WAYS['cp']?.(join(directory, 'old.db'));
  let rows = 0;
  await openEmbeddedSnapshotSource({ path }).read(async (snapshot) => {
    const [table] = snapshot.schema.tables;
    if (table === undefined) throw new Error('no table');
    for await (const scan of snapshot.scans([{ kind: 'table', table }]))
      for await (const batch of scan.rows) rows += batch.length;
  });
  expect(rows).toBe(41);
  expect(kept()).toHaveLength(1);
});

describe('in doubt nothing is changed and a person is asked', () => {
  test.each<[string, () => void]>([
    ['the file is gone', () => rmSync(path)],
    ['the file is empty', () => truncateSync(path)],
    ['the file is no database', () => writeFileSync(path, 'PK\x03\x04 some archive'.repeat(400))],
  ])('%s', async (_, act) => {
    await killed(1, 41);
    act();
    const log = readFileSync(`${path}-wal`);
    const there = readdirSync(directory);
    const failure = await start().then(
      () => undefined,
      (error: unknown) => error,
    );
    expect(failure).toBeInstanceOf(JournalInDoubt);
    expect(String(failure)).toMatch(/Nothing was changed[\s\S]*mv .*-wal/);
    expect(readdirSync(directory)).toEqual(there);
    expect(readFileSync(`${path}-wal`).equals(log)).toBe(true);
  });

  test('the file is gone, and only a symbolic link names it', async () => {
    await killed(1, 41);
    const link = join(directory, 'link.db');
    symlinkSync('./bot.db', link);
    rmSync(path);
    await expect(openEmbeddedDatabase(link)).rejects.toThrow('the database file itself is missing');
    expect(existsSync(path)).toBe(false);
  });

  test('a host that lives keeps its journal, whatever a person put over its file', async () => {
    await fill(1, 41);
    copyFileSync(path, join(directory, 'old.db'));
    const host = new FileUser({ first: 100, count: 1 });
    await host.until('added 100');
    const lock = { holder: 'node host', pid: host.child.pid, host: 'here', began: null, since: 'today' };
    writeFileSync(`${path}.lock`, JSON.stringify({ ...lock, machine: 'elsewhere' }));
    WAYS['cp']?.(join(directory, 'old.db'));
    await expect(start()).rejects.toThrow(/is in use by node host .* stop it first, nothing was changed/);
    expect(kept()).toEqual([]);
    await host.kill();
  });
});

test('a log that was moved together with its file, or is cut, or followed by rubbish, is replayed', async () => {
  await killed(1, 41, 20);
  const moved = join(directory, 'elsewhere.db');
  for (const suffix of ['', '-wal']) copyFileSync(path + suffix, moved + suffix);
  path = moved;
  appendFileSync(`${path}-wal`, 'x'.repeat(5000));
  expect(await start()).toEqual({ ids: range(1, 41), said: [] });
});

test('killed at any moment, all that was committed is there and nothing is set aside', async () => {
  const acknowledged: number[] = [];
  for (let round = 0; round < 12; round += 1) {
    const user = new FileUser({ first: round * 10_000 + 1, count: 9_000, between: 3 + round });
    await user.until(`added ${round * 10_000 + 10}`);
    // The moment is the machine's; each round checkpoints at another rhythm.
    await new Promise((resolve) => setTimeout(resolve, 20 + round * 17));
    await user.kill();
    acknowledged.push(...user.added());
    expect(user.said).not.toContain('say ');
  }
  const { ids, said } = await start();
  expect(said).toEqual([]);
  const there = new Set(ids);
  expect(acknowledged.filter((id) => !there.has(id))).toEqual([]);
  expect(acknowledged.length).toBeGreaterThan(100);
});
