/**
 * A whole backup run: time, throughput and peak memory under a heap cap, for growing databases
 * (docs/spec/backup.md, "Speed and memory").
 *
 *   npx node bench/backup-run.ts               60 MB, embedded and Worker path, against sqlite3 + gzip
 *   npx node bench/backup-run.ts 100 1200      more sizes (MB), past the lock page at 1 GiB
 *   npx node bench/backup-run.ts 60 --only embedded
 *
 * `embedded`: file -> directory, as `npm run backup -- full` does it. `remote`: SQL over HTTP ->
 * S3, as a Worker does it (on Node, so that memory can be measured: workerd has no such counters);
 * both servers are processes of their own; `recorded`: the same with the SQL server's answer
 * written to a file before, for the server shares the machine and takes as long as the run. Every
 * run is in a process of its own, twice: as it comes, for the time; and under a heap cap, for the
 * memory: heap + array buffers, each sample once as it is ("with garbage") and once after a
 * collection ("in use"). The yardstick of `embedded` is `sqlite3 VACUUM INTO` + `gzip -6` +
 * `sqlite3 .dump | gzip -6`, one after the other, in the same run on the same file. CPU seconds
 * count all threads and, for embedded, the process that SQLite copies in; on a busy machine compare
 * those.
 */
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { migrations } from '../src/db/migrations/all-migrations.ts';

/**
 * V8's limits for the memory runs: little room for garbage, so that the bench measures what is
 * needed.
 */
const HEAP_CAP = ['--max-old-space-size=48', '--max-semi-space-size=2', '--expose-gc'];
/** Of history rows with their index, measured. */
const BYTES_A_ROW = 76;
const TASK = fileURLToPath(new URL('backup-run-task.ts', import.meta.url));

const args = process.argv.slice(2);
const only = args.includes('--only') ? args[args.indexOf('--only') + 1] : undefined;
const sizes = args.filter((arg) => /^\d+$/.test(arg)).map(Number);

type Kind = 'embedded' | 'remote' | 'recorded';

interface Result {
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly inUseMB: number;
  readonly withGarbageMB: number;
  readonly rssMB: number;
  readonly storedMB: number;
  readonly requests?: number;
}

const directory = mkdtempSync(join(tmpdir(), 'bench-backup-'));
try {
  for (const megabytes of sizes.length > 0 ? sizes : [60]) await measure(megabytes);
} finally {
  rmSync(directory, { recursive: true, force: true });
}

async function measure(megabytes: number): Promise<void> {
  const file = join(directory, `db-${megabytes}.db`);
  const rows = make(file, Math.floor((megabytes * 1e6) / BYTES_A_ROW));
  const size = statSync(file).size / 1e6;
  console.log(`\n${size.toFixed(0)} MB, ${(rows / 1e6).toFixed(2)} M rows`);
  if (only !== 'remote') {
    const embedded = await report('embedded', file, size);
    const yardstick = pipeline(file);
    console.log(
      `  sqlite3 + gzip -6   ${yardstick.seconds.toFixed(1)} s, cpu ${yardstick.cpuSeconds.toFixed(1)} s`,
    );
    const ratio = embedded.seconds / yardstick.seconds;
    const cpuRatio = embedded.cpuSeconds / yardstick.cpuSeconds;
    console.log(`  full / yardstick    ${ratio.toFixed(2)} (cpu ${cpuRatio.toFixed(2)})`);
  }
  if (only !== 'embedded') {
    await report('remote', file, size);
    const { status } = spawnSync(process.execPath, [TASK, 'record', file], { stdio: 'inherit' });
    if (status !== 0) throw new Error('the answer of the SQL server could not be recorded');
    await report('recorded', file, size);
    rmSync(`${file}.ndjson`);
  }
  rmSync(file);
}

async function report(kind: Kind, file: string, size: number): Promise<Result> {
  const result = await task(kind, file, []);
  const { seconds, cpuSeconds, storedMB, requests } = result;
  const count = requests === undefined ? '' : `, ${requests} requests`;
  const rate = (size / seconds).toFixed(1);
  console.log(
    `  ${kind.padEnd(20)}${seconds.toFixed(1)} s, ${rate} MB/s, cpu ${cpuSeconds.toFixed(1)} s, stored ${storedMB.toFixed(1)} MB${count}`,
  );
  const capped = await task(kind, file, HEAP_CAP);
  console.log(
    `  ${''.padEnd(20)}heap + buffers ${capped.inUseMB.toFixed(0)} MB in use, ${capped.withGarbageMB.toFixed(0)} MB with garbage, rss ${capped.rssMB.toFixed(0)} MB`,
  );
  return result;
}

/** Our schema; nearly all of it is history, as in an old bot. Returns the rows. */
function make(file: string, rows: number): number {
  const db = new DatabaseSync(file);
  db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF; PRAGMA foreign_keys = OFF; BEGIN');
  db.exec(
    'CREATE TABLE schema_migrations (version INTEGER PRIMARY KEY, name TEXT NOT NULL, applied_at TEXT NOT NULL)',
  );
  for (const { version, name, up } of migrations) {
    db.prepare("INSERT INTO schema_migrations VALUES (?, ?, '2026-01-01 00:00:00')").run(version, name);
    for (const text of up(new Map())) db.exec(text);
  }
  db.exec(`WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000)
    INSERT INTO anime (code, title, description) SELECT i, 'Anime ' || i, 'Tavsif ' || hex(randomblob(40)) FROM n`);
  db.exec(`INSERT INTO anime_parts (anime_code, part_number, file_id)
    SELECT code, p.value, 'BAACAgIAAxkBAA' || hex(randomblob(20)) FROM anime, json_each('[1,2,3,4,5,6,7,8,9,10,11,12]') AS p`);
  db.prepare(`WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)
    INSERT INTO user_history (user_id, anime_code, part_number, viewed_at)
    SELECT abs(random()) % 100000, abs(random()) % 2000, abs(random()) % 12, datetime(1700000000 + abs(random()) % 60000000, 'unixepoch') FROM n`).run(
    rows,
  );
  db.exec('COMMIT; PRAGMA wal_checkpoint(TRUNCATE)');
  db.close();
  return rows;
}

function pipeline(file: string): { seconds: number; cpuSeconds: number } {
  const copy = join(directory, 'vacuumed.db');
  const begun = performance.now();
  const work = `sqlite3 "$1" "VACUUM INTO '$2'" && gzip -6 "$2" && sqlite3 "$1" .dump | gzip -6 > "$2.sql.gz"`;
  const script = `TIMEFORMAT='%U %S'; time { ${work}; }`;
  const { status, stderr } = spawnSync(
    'bash',
    ['--norc', '--noprofile', '-euo', 'pipefail', '-c', script, 'bench', file, copy],
    {
      encoding: 'utf8',
    },
  );
  if (status !== 0) throw new Error(`sqlite3 and gzip failed: ${stderr}`);
  const seconds = (performance.now() - begun) / 1000;
  for (const made of [`${copy}.gz`, `${copy}.sql.gz`]) rmSync(made);
  const cpuSeconds = stderr
    .trim()
    .split(' ')
    .reduce((sum, part) => sum + Number(part), 0);
  return { seconds, cpuSeconds };
}

/** Runs it under bash's `time`, which counts the processes it starts. */
async function task(kind: Kind, file: string, flags: readonly string[]): Promise<Result> {
  const script = `TIMEFORMAT='%U %S'; time "$@"`;
  const command = [
    process.execPath,
    '--disable-warning=ExperimentalWarning',
    ...flags,
    TASK,
    kind,
    file,
    directory,
  ];
  const child = spawn(
    'bash',
    ['--norc', '--noprofile', '-euo', 'pipefail', '-c', script, 'bench', ...command],
    {
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  const [out, said] = await Promise.all([text(child.stdout), text(child.stderr)]);
  const lines = said.trim().split('\n');
  const cpuSeconds = (lines.pop() ?? '').split(' ').reduce((sum, part) => sum + Number(part), 0);
  if (lines.length > 0) console.error(lines.join('\n'));
  try {
    // The servers of `remote` are children too.
    const result: Result & { serversCpuSeconds: number } = JSON.parse(out);
    return { ...result, cpuSeconds: cpuSeconds - result.serversCpuSeconds };
  } catch (cause) {
    throw new Error(`${kind} failed: ${out}`, { cause });
  }
}
