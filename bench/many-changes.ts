/**
 * What a bucket with very many change files costs: a file a minute for 30 days, and a full backup a
 * day: `npx node bench/many-changes.ts [days] [directory|s3] [command …]`. The files are made as
 * the bot makes them, without its reading back; every command is a whole process. S3 is a process
 * of its own on loopback, and counts what it is asked. BENCH_BUCKET names a directory that keeps
 * the bucket for another time. Linux only.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import process from 'node:process';
import { gzipSync } from 'node:zlib';
import { startMemoryS3 } from '../sim/s3/memory-server.ts';
import type { Previous } from '../src/backup/catalog/change-position.ts';
import { changeState } from '../src/backup/catalog/change-state.ts';
import { encodeChangeFile } from '../src/backup/changes/change-file.ts';
import { changeKey } from '../src/backup/changes/change-names.ts';
import { ensureTriggers } from '../src/backup/changes/ensure-triggers.ts';
import type { Row } from '../src/backup/model/model.ts';
import { createBackupLedger } from '../src/backup/run/backup-runs.ts';
import { runBackup } from '../src/backup/run/run.ts';
import { openEmbeddedSnapshotSource } from '../src/backup/snapshot/embedded.ts';
import { createDirectoryStore } from '../src/backup/store/directory.ts';
import { sql } from '../src/db/database.ts';
import { type EmbeddedDatabase, openEmbeddedDatabase } from '../src/db/file/embedded-database.ts';
import { migrate } from '../src/db/migrate.ts';
import { GZIP_LEVEL } from '../src/hosts/compose.ts';
import { systemClock } from '../src/lib/clock.ts';
import type { S3Settings } from '../src/settings/s3-endpoint.ts';
import { benchContext } from './backup-context.ts';
import { record } from './measures.ts';
import { wholeRun } from './whole-process.ts';

const MINUTE_MS = 60_000;
const DAY_FILES = 1_440;
/** Says that the bucket beside it is whole. */
const BUILT = 'built';
const USERS = 2_000;
/** A file: a viewer's action touches so many rows. */
const ROWS = 3;
const GOAL = { seconds: 30, megabytes: 300 };
const CLI = join(import.meta.dirname, '../src/cli/main.ts');
/** As `npm run backup` does. */
const FIRST = join(import.meta.dirname, '../src/node-version.cjs');
const FLAGS = ['--max-semi-space-size=2'];

const [, , first = '30', kind = 'directory', ...named] = process.argv;
if (first === 's3') await serve(kind);
else await bench(Number(first), kind);

async function bench(days: number, kind: string): Promise<void> {
  const kept = process.env['BENCH_BUCKET'];
  const directory = kept ?? mkdtempSync(join(tmpdir(), 'bench-many-'));
  try {
    mkdirSync(directory, { recursive: true });
    if (!readdirSync(directory).includes(BUILT)) await build(directory, days);
    const server = kind === 's3' ? await startServer(join(directory, 'bucket')) : undefined;
    try {
      await commands(directory, { days, server });
    } finally {
      server?.child.disconnect();
    }
  } finally {
    if (kept === undefined) rmSync(directory, { recursive: true, force: true });
  }
}

interface Server {
  readonly child: ChildProcess;
  readonly settings: S3Settings;
  /** Requests since the last time. */
  asked(): Promise<number>;
}

async function commands(
  directory: string,
  { days, server }: { readonly days: number; readonly server: Server | undefined },
): Promise<void> {
  const bucket: Record<string, string> =
    server === undefined
      ? { BACKUP_DIR: join(directory, 'bucket') }
      : {
          S3_ENDPOINT: server.settings.endpoint,
          S3_BUCKET: server.settings.bucket,
          S3_ACCESS_KEY_ID: 'test',
          S3_SECRET_ACCESS_KEY: 'test',
        };
  const copy = { COPY_DIR: join(directory, 'copy') };
  const settings = { DATABASE_URL: `file:${join(directory, 'bot.db')}`, CHANGES_RETENTION_DAYS: '31' };
  const of = `${days * DAY_FILES} files, ${server === undefined ? 'a directory' : 'S3'}`;
  const run = async (args: readonly string[], more: Record<string, string> = {}): Promise<void> => {
    if (named.length > 0 && !named.includes(args[0] ?? '')) return;
    await server?.asked();
    const command = [process.execPath, '-r', FIRST, ...FLAGS, CLI, ...args];
    const { seconds, cpuSeconds, peakMB } = await wholeRun(command, {
      env: { ...settings, ...bucket, ...more },
      cwd: directory,
    });
    const what = `${args[0] === 'restore' ? `restore ${args[2]}` : args.slice(0, 2).join(' ')}${more === copy ? ', two buckets' : ''}`;
    record({ what, of, value: seconds, unit: 's', goal: GOAL.seconds });
    record({ what: `${what}, CPU`, of, value: cpuSeconds, unit: 's' });
    record({ what: `${what}, peak memory`, of, value: peakMB, unit: 'MB', goal: GOAL.megabytes });
    if (server !== undefined)
      record({ what: `${what}, requests`, of, value: await server.asked(), unit: '' });
  };
  const to = ['--to', `file:${join(directory, 'restored.db')}`];
  await run(['list', '--json']);
  await run(['changes', '--json']);
  await run(['history', 'user_history', '7', '--json']);
  // The end, and the longest way there is: a minute before the next full backup.
  const longest = new Date(Date.now() - (days / 2) * DAY_FILES * MINUTE_MS).toISOString();
  for (const at of ['0m', longest]) {
    rmSync(join(directory, 'restored.db'), { force: true });
    await run(['restore', '--at', at, ...to, '--yes', '--json']);
  }
  await run(['prune', '--dry-run', '--json']);
  await run(['verify', '--changes', '--json']);
  rmSync(copy.COPY_DIR, { recursive: true, force: true });
  for (let again = 0; again < 2; again += 1) await run(['copy', '--json'], copy);
  await run(['list', '--json'], copy);
}

/** A bucket as it would be, and the database that it is of. */
async function build(directory: string, days: number): Promise<void> {
  const path = join(directory, 'bot.db');
  const db = await openEmbeddedDatabase(path);
  await migrate(db, { now: () => new Date(), backup: async () => {} });
  await db.write([
    sql(
      `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)
       INSERT INTO users (user_id, username) SELECT i, 'user' || i FROM n`,
      USERS,
    ),
  ]);
  const source = openEmbeddedSnapshotSource({ path });
  await ensureTriggers(db, source);
  const { tables } = await source.schema();
  const table = tables.find(({ name }) => name === 'user_history');
  if (table === undefined) throw new Error('no table of views');
  const place = join(directory, 'bucket');
  const store = createDirectoryStore(place);
  const ledger = createBackupLedger(db);
  let now = new Date(Date.now() - days * DAY_FILES * MINUTE_MS);
  const full = async (): Promise<void> => {
    const clock = { ...systemClock, now: () => now };
    const context = { ...benchContext({ source, store, ledger }), clock };
    const outcome = await runBackup(context, { trigger: 'schedule', scheduledAt: now });
    if (outcome.kind !== 'done') throw new Error(JSON.stringify(outcome));
    for (const { file } of Object.values(outcome.manifest.objects)) utimesSync(join(place, file), now, now);
  };
  await db.write([sql('UPDATE change_state SET since = ?', now.toISOString())]);
  await full();
  const [state] = await db.read([changeState]);
  if (state === undefined) throw new Error('no change log');
  let { shippedSeq: seq, previous } = state;
  for (let day = 0; day < days; day += 1) {
    const views: View[] = [];
    for (let minute = 0; minute < DAY_FILES; minute += 1) {
      now = new Date(now.getTime() + MINUTE_MS);
      const time = now.toISOString();
      const fresh = Array.from({ length: ROWS }, (_, at) => viewOf(seq + 1 + at, time));
      views.push(...fresh);
      const header = {
        ...{ timeline: state.timeline, first: seq + 1, last: seq + ROWS, time, previous },
        ...{ app_version: 'bench', schema_version: null, schema_sha256: state.schemaSha256 ?? '' },
        restore_point: true,
      };
      const images = fresh.map((view): Row => [view[0], ...view]);
      const tables = [{ table, images, deleted: [] }];
      const body = gzipSync(
        encodeChangeFile({ header, tables, sequence: new Map([['user_history', BigInt(seq + ROWS)]]) }),
        { level: GZIP_LEVEL },
      );
      seq += ROWS;
      const file = changeKey('', { ...header, time: now, encrypted: false });
      mkdirSync(dirname(join(place, file)), { recursive: true });
      writeFileSync(join(place, file), body);
      utimesSync(join(place, file), now, now);
      previous = { file, sha256: createHash('sha256').update(body).digest('hex') };
    }
    await follow(db, views, { seq, previous });
    if (day < days - 1) await full();
  }
  db.close();
  writeFileSync(join(directory, BUILT), '');
}

/** The columns of `user_history`. */
type View = [id: bigint, user: bigint, anime: bigint, part: bigint, viewed: string];

function viewOf(id: number, time: string): View {
  return [BigInt(id), BigInt(1 + (id % USERS)), BigInt(id % 500), BigInt(id % 12), time];
}

/** What the files of a day tell, in the database, as if it had stored them. */
async function follow(
  db: EmbeddedDatabase,
  views: readonly View[],
  { seq, previous }: { readonly seq: number; readonly previous: Previous },
): Promise<void> {
  await db.write([
    ...views.map((view) => sql('INSERT INTO user_history VALUES (?, ?, ?, ?, ?)', ...view)),
    sql('DELETE FROM change_log'),
    sql("UPDATE sqlite_sequence SET seq = ? WHERE name = 'change_log'", seq),
    sql('UPDATE change_state SET shipped_seq = ?, previous = ?', seq, JSON.stringify(previous)),
  ]);
}

async function startServer(bucket: string): Promise<Server> {
  const child = fork(import.meta.filename, ['s3', bucket]);
  const [settings] = (await once(child, 'message')) as [S3Settings];
  return {
    child,
    settings,
    async asked() {
      child.send('asked');
      const [count] = (await once(child, 'message')) as [number];
      return count;
    },
  };
}

/** A directory of a bucket as an S3 server, whose objects are as old as the files. */
async function serve(directory: string): Promise<void> {
  const { settings, bucket, asked } = await startMemoryS3();
  for (const entry of readdirSync(directory, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    const body = readFileSync(path);
    const etag = createHash('md5').update(body).digest('hex');
    bucket.objects.set(`backups/${relative(directory, path)}`, {
      body,
      etag,
      modified: statSync(path).mtime,
      metadata: {},
    });
  }
  let told = 0;
  process.send?.(settings);
  process.on('message', () => {
    process.send?.(asked() - told);
    told = asked();
  });
  process.once('disconnect', () => process.exit(0));
}
