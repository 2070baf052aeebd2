/**
 * Speed and memory of the two snapshot readers. `node bench/snapshot.ts [megabytes of database]` (default 60).
 * The servers run in a process of their own. "recorded" is the reader alone: the cursor's answer was written to a file before and
 * is sent as it is. Baselines: what libsql's binding gives for a plain SELECT (inexact), and JSON.parse line by line.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { createReadStream, createWriteStream, mkdtempSync, rmSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { pipeline } from 'node:stream/promises';
import Database from 'libsql';
import { startSqlServer } from '../sim/sql-over-http/sql-server.ts';
import type { ScanTarget, SnapshotSource } from '../src/backup/model.ts';
import { openEmbeddedSnapshotSource } from '../src/backup/snapshot/embedded.ts';
import { openRemoteSnapshotSource } from '../src/backup/snapshot/remote.ts';

const MB = 1e6;
/** Bytes of database a row of the sample takes, index included. */
const BYTES_PER_ROW = 98;
const SERVE = '--serve';

if (process.argv[2] === SERVE) await serve(process.argv[3] ?? '', process.argv[4] ?? '');
else await bench(Number(process.argv[2] ?? 60));

async function bench(megabytes: number): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'bench-snapshot-'));
  try {
    const file = join(directory, 'data.db');
    build(file, Math.round((megabytes * MB) / BYTES_PER_ROW));
    const bytes = statSync(file).size;
    console.log(`database ${(bytes / MB).toFixed(1)} MB`);
    await measure('binding, plain SELECT (baseline)', bytes, async () => plainSelect(file));
    await measure('embedded reader', bytes, () => readAll(openEmbeddedSnapshotSource({ path: file })));

    const recording = join(directory, 'cursor.ndjson');
    const child = fork(import.meta.filename, [SERVE, file, recording], { stdio: 'inherit' });
    const urls = await firstMessage(child);
    await record(urls.live, recording);
    await measure('remote reader, stand-in server', bytes, () =>
      readAll(openRemoteSnapshotSource({ url: urls.live, fetch })),
    );
    const replayed: typeof fetch = (input, init) =>
      fetch(String(input).endsWith('/v3/cursor') ? `${urls.recorded}/v3/cursor` : input, init);
    await measure('remote reader, recorded answer', bytes, () =>
      readAll(openRemoteSnapshotSource({ url: urls.live, fetch: replayed })),
    );
    console.log(`answer ${(statSync(recording).size / MB).toFixed(1)} MB`);
    await measure('JSON.parse line by line (baseline)', bytes, () => parseLines(recording));
    child.kill();
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

function build(file: string, rows: number): void {
  const db = new Database(file);
  db.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF;
    CREATE TABLE user_history (id INTEGER PRIMARY KEY AUTOINCREMENT, user_id INTEGER, anime_code INTEGER, part_number INTEGER, title TEXT, viewed_at TEXT);
    CREATE INDEX history_of_user ON user_history (user_id, viewed_at);
    WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${rows})
      INSERT INTO user_history SELECT i, 7000000000 + i * 7919 % 100000, i % 1000, i % 24, iif(i % 4, 'Naruto Shippuden ', 'Наруто ') || i % 500,
        '2024-01-01 12:' || printf('%02d:%02d', i / 60 % 60, i % 60) FROM n;
    PRAGMA wal_checkpoint(TRUNCATE)`);
  db.close();
}

async function readAll(source: SnapshotSource): Promise<number> {
  return source.read(async ({ schema, scans }) => {
    const targets: ScanTarget[] = [
      ...schema.tables.map((table): ScanTarget => ({ kind: 'table', table })),
      ...schema.indexes.map((index): ScanTarget => ({ kind: 'index', index })),
    ];
    let rows = 0;
    for await (const scan of scans(targets)) for await (const batch of scan.rows) rows += batch.length;
    return rows;
  });
}

function plainSelect(file: string): number {
  const db = new Database(file);
  let rows = 0;
  for (const sql of [
    'SELECT * FROM user_history ORDER BY id',
    'SELECT user_id, viewed_at, id FROM user_history ORDER BY 1, 2, 3',
  ]) {
    for (const _ of db.prepare(sql).raw().safeIntegers().iterate()) rows++;
  }
  db.close();
  return rows;
}

async function parseLines(recording: string): Promise<number> {
  let rows = 0;
  for await (const line of createInterface({ input: createReadStream(recording) })) {
    const entry: unknown = JSON.parse(line);
    if (typeof entry === 'object' && entry !== null && 'row' in entry) rows++;
  }
  return rows;
}

async function record(url: string, recording: string): Promise<void> {
  const recorder: typeof fetch = async (input, init) => {
    const response = await fetch(input, init);
    if (!String(input).endsWith('/v3/cursor') || response.body === null) return response;
    const [kept, passed] = response.body.tee();
    saved = pipeline(kept, createWriteStream(recording));
    return new Response(passed, response);
  };
  let saved: Promise<void> | undefined;
  await readAll(openRemoteSnapshotSource({ url, fetch: recorder }));
  await saved;
}

async function measure(label: string, bytes: number, run: () => Promise<number>): Promise<void> {
  global.gc?.();
  const before = process.memoryUsage.rss();
  let peak = before;
  const sampler = setInterval(() => {
    peak = Math.max(peak, process.memoryUsage.rss());
  }, 20);
  const started = performance.now();
  const rows = await run();
  const ms = performance.now() - started;
  clearInterval(sampler);
  const speed = `${(bytes / ms / 1e3).toFixed(1).padStart(7)} MB/s`;
  console.log(
    `${label.padEnd(36)} ${speed}  ${((ms * 1e6) / rows).toFixed(0).padStart(6)} ns/row  ${rows} rows  +${((peak - before) / MB).toFixed(0)} MB rss`,
  );
}

async function serve(file: string, recording: string): Promise<void> {
  const live = await startSqlServer({ file });
  const recorded = createServer((request, response) => {
    request.resume();
    createReadStream(recording).pipe(response);
  });
  recorded.listen(0, '127.0.0.1', () => {
    const address = recorded.address();
    if (address !== null && typeof address !== 'string') {
      process.send?.({ live: live.url, recorded: `http://127.0.0.1:${address.port}` });
    }
  });
}

function firstMessage(child: ChildProcess): Promise<{ live: string; recorded: string }> {
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('message', (message) => {
      if (typeof message === 'object' && 'live' in message && 'recorded' in message) {
        resolve({ live: String(message.live), recorded: String(message.recorded) });
      } else reject(new Error('the servers did not start'));
    });
  });
}
