/**
 * How long a writer waits for its commit while a backup runs: `npx node bench/writers.ts [megabytes
 * of database]` (default 60). The writer is a process of its own (on the file, or on the SQL
 * server): it commits, pauses 2 ms, and commits again. The bench also tells the longest time for
 * which the backup blocked its process' event loop, which the bot on Node shares.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { startSqlServer } from '../sim/sql-over-http/sql-server.ts';
import type { SnapshotSource } from '../src/backup/model/model.ts';
import { createBackupLedger } from '../src/backup/run/backup-runs.ts';
import { runBackup } from '../src/backup/run/run.ts';
import { openEmbeddedSnapshotSource } from '../src/backup/snapshot/embedded.ts';
import { openRemoteSnapshotSource } from '../src/backup/snapshot/remote.ts';
import { createDirectoryStore } from '../src/backup/store/directory.ts';
import { type Database, sql } from '../src/db/database.ts';
import { openEmbeddedDatabase } from '../src/db/file/embedded-database.ts';
import { migrate } from '../src/db/migrate.ts';
import { openRemoteDatabase } from '../src/db/remote-database.ts';
import { benchContext } from './backup-context.ts';
import { median as medianOf, record } from './measures.ts';

/** Of history rows with their indexes, measured. */
const BYTES_A_ROW = 90;
const QUIET_MS = 4_000;
const [first, target = ''] = process.argv.slice(2);

if (first === '--write') await write(await open(target));
else if (first === '--serve') process.send?.((await startSqlServer({ file: target })).url);
else await bench(Number(first ?? 60));

async function open(where: string): Promise<Database> {
  return where.startsWith('http')
    ? openRemoteDatabase({ url: where, authToken: undefined, fetch })
    : openEmbeddedDatabase(where);
}

/** Commits until told to stop; answers every message with the waits since the last one, ms. */
async function write(db: Database): Promise<void> {
  let waits: number[] = [];
  process.on('message', () => {
    process.send?.(waits);
    waits = [];
  });
  for (let i = 0; ; i += 1) {
    const begun = performance.now();
    await db.write([
      sql('INSERT OR REPLACE INTO counters (metric, period, value) VALUES (?, ?, ?)', 'bench', 'all', i),
    ]);
    waits.push(performance.now() - begun);
    await sleep(2);
  }
}

async function bench(megabytes: number): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'bench-writers-'));
  const file = join(directory, 'bot.db');
  const db = await openEmbeddedDatabase(file);
  await migrate(db, { now: () => new Date(), backup: async () => {} });
  await db.write([
    sql('INSERT INTO users (user_id) VALUES (1)'),
    sql(
      `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)
       INSERT INTO user_history (user_id, anime_code, part_number) SELECT 1, i % 2000, i % 12 FROM n`,
      Math.round((megabytes * 1e6) / BYTES_A_ROW),
    ),
  ]);
  console.log(`database ${(statSync(file).size / 1e6).toFixed(0)} MB`);
  await measure('embedded', file, db, openEmbeddedSnapshotSource({ path: file }), directory);
  const server = fork(import.meta.filename, ['--serve', file]);
  const [url] = await once(server, 'message');
  const remote = openRemoteDatabase({ url, authToken: undefined, fetch });
  await measure('over HTTP', url, remote, openRemoteSnapshotSource({ url, fetch }), directory);
  remote.close();
  server.kill();
  db.close();
  rmSync(directory, { recursive: true });
}

async function measure(
  label: string,
  where: string,
  db: Database,
  source: SnapshotSource,
  directory: string,
): Promise<void> {
  const writer = fork(import.meta.filename, ['--write', where]);
  await sleep(1_000);
  await waits(writer);
  await sleep(QUIET_MS);
  const quiet = await waits(writer);
  const loop = monitorEventLoopDelay({ resolution: 1 });
  loop.enable();
  const begun = performance.now();
  const outcome = await runBackup(
    benchContext({
      source,
      store: createDirectoryStore(mkdtempSync(join(directory, 'bucket-'))),
      ledger: createBackupLedger(db),
    }),
    { trigger: 'command', scheduledAt: new Date() },
  );
  if (outcome.kind !== 'done') throw new Error(JSON.stringify(outcome));
  const seconds = (performance.now() - begun) / 1000;
  loop.disable();
  const busy = await waits(writer);
  writer.kill('SIGKILL');
  await once(writer, 'exit');
  record({
    what: 'commit beside a backup / quiet',
    of: label,
    value: medianOf(busy) / medianOf(quiet),
    unit: 'ratio',
  });
  console.log(`${label}: a backup of ${seconds.toFixed(1)} s, ${busy.length} commits meanwhile`);
  console.log(`  commit, quiet           ${percentiles(quiet)}`);
  console.log(`  commit, backup running  ${percentiles(busy)}`);
  console.log(
    `  event loop of the backup's process held for at most ${(loop.max / 1e6).toFixed(0)} ms, 99 %: ${(loop.percentile(99) / 1e6).toFixed(0)} ms`,
  );
}

async function waits(writer: ChildProcess): Promise<number[]> {
  writer.send('waits?');
  const [found] = await once(writer, 'message');
  return found;
}

function percentiles(ms: readonly number[]): string {
  const sorted = ms.toSorted((a, b) => a - b);
  const at = (share: number): string =>
    (sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0).toFixed(1);
  return `median ${at(0.5)} ms, 99 % ${at(0.99)} ms, longest ${at(1)} ms`;
}
