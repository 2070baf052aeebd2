/**
 * What the change log costs, and what it brings back (docs/spec/changes.md): `npx node
 * bench/changes.ts [--quick]`. The database is an embedded file with our schema; the bucket of a
 * day is S3 over HTTP, a process of its own.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { buffer } from 'node:stream/consumers';
import { gunzipSync } from 'node:zlib';
import { startMemoryS3 } from '../sim/s3/memory-server.ts';
import { ensureTriggers, removeTriggers } from '../src/backup/changes/ensure-triggers.ts';
import { ship } from '../src/backup/changes/ship.ts';
import type { ShipContext } from '../src/backup/changes/shipping.ts';
import { findPoint } from '../src/backup/restore/point-in-time.ts';
import type { ReplayFile } from '../src/backup/restore/replay-rows.ts';
import { replayTask } from '../src/backup/restore/replay-task.ts';
import { fetchSource } from '../src/backup/restore/source.ts';
import { createBackupLedger } from '../src/backup/run/backup-runs.ts';
import { runBackup } from '../src/backup/run/run.ts';
import { openEmbeddedSnapshotSource } from '../src/backup/snapshot/embedded.ts';
import { vacuumInto } from '../src/backup/snapshot/vacuum.ts';
import { createDirectoryStore } from '../src/backup/store/directory.ts';
import { createS3Store } from '../src/backup/store/s3-store.ts';
import type { Store } from '../src/backup/store/types.ts';
import { type Database, type Statement, sql } from '../src/db/database.ts';
import { type EmbeddedDatabase, openEmbeddedDatabase } from '../src/db/file/embedded-database.ts';
import { migrate } from '../src/db/migrate.ts';
import { GZIP_LEVEL } from '../src/hosts/compose.ts';
import type { S3Settings } from '../src/settings/s3-endpoint.ts';
import { benchContext } from './backup-context.ts';
import { median, record } from './measures.ts';

const [, , first] = process.argv;
const isQuick = first === '--quick';
/** Views, ten to a user. */
const ROWS = isQuick ? 2_000 : 300_000;
const COMMITS = isQuick ? 20 : 300;
const COMMIT_ROUNDS = isQuick ? 1 : 5;
const IMAGES = 100_000;
const DAY_FILES = 1_440;

interface World {
  readonly db: EmbeddedDatabase;
  readonly shipping: ShipContext;
  readonly store: Store;
  /** A full backup; returns the stored bytes. */
  full(): Promise<number>;
  /** Ships until nothing waits; returns the stored bytes. */
  ship(): Promise<number>;
}

if (first === 's3') {
  process.send?.((await startMemoryS3()).settings);
  process.once('disconnect', () => process.exit(0));
} else {
  const directory = mkdtempSync(join(tmpdir(), 'bench-changes-'));
  try {
    const world = await begin(directory, createDirectoryStore(join(directory, 'bucket')));
    await scattered(world);
    await commits(world);
    await minute(world);
    if (!isQuick) await replay(world, directory);
    world.db.close();
    if (!isQuick) await day(join(directory, 'day'));
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** One row in a hundred, all over the table, as no page-wise backup likes it. */
async function scattered({ db, full, ship: shipAll }: World): Promise<void> {
  const whole = await full();
  await db.write([sql('UPDATE user_history SET part_number = part_number + 1 WHERE id % 100 = 7')]);
  const value = (await shipAll()) / whole;
  record({ what: 'changes / full, bytes', of: '1 % of rows changed', value, unit: 'ratio', goal: 0.02 });
}

/** A viewer's action: a view, and the person's last visit. Each round with and without the log. */
async function commits(world: World): Promise<void> {
  const { db, shipping } = world;
  const ratios: number[] = [];
  for (let round = 0; round < COMMIT_ROUNDS; round += 1) {
    const on = await commitMs(db);
    await removeTriggers(db, shipping.source);
    const off = await commitMs(db);
    await ensureTriggers(db, shipping.source);
    ratios.push(on / off);
  }
  record({
    what: 'commit with / without the log',
    of: 'embedded',
    value: median(ratios),
    unit: 'ratio',
    goal: 1.2,
  });
  // What went unseen takes a full backup.
  await world.full();
}

async function commitMs(db: Database): Promise<number> {
  const waits: number[] = [];
  for (let i = 0; i < COMMITS; i += 1) {
    const begun = performance.now();
    await view(db, i);
    waits.push(performance.now() - begun);
  }
  return median(waits);
}

async function view(db: Database, i: number): Promise<void> {
  await db.write([
    sql(
      'INSERT INTO user_history (user_id, anime_code, part_number) VALUES (?, ?, ?)',
      1 + (i % 100),
      1,
      i % 12,
    ),
    sql("UPDATE users SET last_seen = datetime('now') WHERE user_id = ?", 1 + (i % 100)),
  ]);
}

/** Calls and CPU of one file with 300 rows, the zlib thread's included. */
async function minute({ db, shipping, ship: shipAll }: World): Promise<void> {
  const cpus: number[] = [];
  for (let round = 0; round < 7; round += 1) {
    await db.write([sql('UPDATE user_history SET part_number = part_number + 1 WHERE id <= 300')]);
    const counts = { read: 0, write: 0, put: 0, get: 0 };
    // As in a Worker's tick, which writes the end of the file with its own last request.
    const atEnd: Statement[] = [];
    const counted = { ...counting(shipping, counts), atEnd };
    const before = process.cpuUsage();
    const outcome = await ship(counted);
    await db.write(atEnd);
    const { user, system } = process.cpuUsage(before);
    if (outcome.kind !== 'shipped') throw new Error(`not shipped: ${outcome.kind}`);
    cpus.push((user + system) / 1000);
    if (round > 0) continue;
    const calls = Object.entries(counts).map(([what, count]) => `${count} ${what}`);
    console.log(`  a minute of 300 rows: ${calls.join(', ')} (goal: 2 read, 1 put, 1 get, 1 write)`);
  }
  await shipAll();
  record({ what: 'a minute of 300 rows, CPU', of: 'embedded', value: median(cpus), unit: 'ms', goal: 10 });
}

function counting(
  context: ShipContext,
  counts: Record<'read' | 'write' | 'put' | 'get', number>,
): ShipContext {
  const { db, store } = context;
  return {
    ...context,
    db: {
      ...db,
      read: (queries) => {
        counts.read += 1;
        return db.read(queries);
      },
      write: (statements) => {
        counts.write += 1;
        return db.write(statements);
      },
    },
    store: {
      ...store,
      put: (...args) => {
        counts.put += 1;
        return store.put(...args);
      },
      get: (key) => {
        counts.get += 1;
        return store.get(key);
      },
    },
  };
}

/** In this process, without its start and the proof of the result. */
async function replay({ db, shipping, full }: World, directory: string): Promise<void> {
  await full();
  const path = join(directory, 'base.db');
  vacuumInto(join(directory, 'bot.db'), path, 5_000);
  await db.write([sql('UPDATE user_history SET part_number = part_number + 1 WHERE id <= ?', IMAGES)]);
  const files: ReplayFile[] = [];
  let bytes = statSync(path).size;
  for (let outcome = await ship(shipping); outcome.kind === 'shipped'; outcome = await ship(shipping)) {
    const unpacked = join(directory, `change-${files.length}`);
    const stored = await shipping.store.get(outcome.file);
    if (stored === undefined) throw new Error(`${outcome.file} is gone`);
    const body = gunzipSync(await buffer(stored.body));
    writeFileSync(unpacked, body);
    bytes += body.byteLength;
    const { file: name, isEnd: isRestorePoint } = outcome;
    files.push({ path: unpacked, at: 0, bytes: body.byteLength, name, isRestorePoint });
  }
  const before = process.cpuUsage();
  const { images } = await replayTask({ path, files, bytes }, { send: async () => {} });
  const { user, system } = process.cpuUsage(before);
  record({
    what: 'replay, rows a second of CPU',
    of: `embedded, ${files.length} files`,
    value: (images / (user + system)) * 1e6,
    unit: 'rows/s',
    goal: 100_000,
    isMoreBetter: true,
  });
}

/** A restore to now, into a file: how many change files, and seconds. */
async function restored(store: Store, directory: string): Promise<[number, number]> {
  mkdirSync(directory);
  const bucket = { store, prefix: '' };
  const begun = performance.now();
  const at = new Date();
  const point = await findPoint(bucket, { at, keys: undefined, show: (time) => time.toISOString() });
  const { notes } = await fetchSource({ kind: 'point', point }, { bucket, keys: undefined, directory });
  if (notes.length > 0) console.log(`  ${notes.join('\n  ')}`);
  return [point.ways[0]?.files.length ?? 0, (performance.now() - begun) / 1000];
}

async function day(directory: string): Promise<void> {
  mkdirSync(directory);
  const server: ChildProcess = fork(import.meta.filename, ['s3']);
  try {
    const [settings] = (await once(server, 'message')) as [S3Settings];
    const world = await begin(directory, createS3Store(settings));
    await world.full();
    const begun = performance.now();
    for (let i = 0; i < DAY_FILES; i += 1) {
      await view(world.db, i);
      await ship(world.shipping);
    }
    const each = (performance.now() - begun) / DAY_FILES;
    record({ what: 'a file shipped to S3', of: 'loopback', value: each, unit: 'ms' });
    const [files, seconds] = await restored(world.store, join(directory, 'restored'));
    world.db.close();
    record({ what: 'a day brought back from S3', of: `${files} files`, value: seconds, unit: 's', goal: 30 });
  } finally {
    server.disconnect();
  }
}

async function begin(directory: string, store: Store): Promise<World> {
  const path = join(directory, 'bot.db');
  const db = await openEmbeddedDatabase(path);
  await migrate(db, { now: () => new Date(), backup: async () => {} });
  const users = Math.max(100, Math.round(ROWS / 10));
  await db.write([
    sql(
      `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)
       INSERT INTO users (user_id, username, first_name) SELECT i, 'user' || i, 'Ism ' || i FROM n`,
      users,
    ),
    sql(
      `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)
       INSERT INTO user_history (user_id, anime_code, part_number, viewed_at)
       SELECT 1 + i * 7919 % ?, 1 + i * 31 % 2000, i % 12, datetime(1700000000 + i * 977 % 60000000, 'unixepoch') FROM n`,
      ROWS,
      users,
    ),
  ]);
  const source = openEmbeddedSnapshotSource({ path });
  await ensureTriggers(db, source);
  const shipping: ShipContext = {
    db,
    source,
    store,
    prefix: '',
    encryption: undefined,
    keys: undefined,
    holder: 'bench',
    now: () => new Date(),
    appVersion: 'bench',
    gzipLevel: GZIP_LEVEL,
    memory: {},
  };
  return {
    db,
    shipping,
    store,
    async full() {
      const context = benchContext({ source, store, ledger: createBackupLedger(db) });
      const outcome = await runBackup(context, { trigger: 'command', scheduledAt: new Date() });
      if (outcome.kind !== 'done') throw new Error(JSON.stringify(outcome));
      const { database, document } = outcome.manifest.objects;
      return database.bytes + document.bytes;
    },
    async ship() {
      for (let bytes = 0; ; ) {
        const outcome = await ship(shipping);
        if (outcome.kind === 'idle') return bytes;
        if (outcome.kind !== 'shipped') throw new Error(`not shipped: ${JSON.stringify(outcome)}`);
        bytes += outcome.bytes;
      }
    },
  };
}
