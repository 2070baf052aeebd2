/**
 * Restore of a million rows into a living remote database on loopback, while a writer goes on
 * (docs/spec/backup.md, "Speed and memory": within 60 s). Run: `node bench/restore.ts [rows]`. The
 * server is a process of its own.
 */
import { fork } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { startSqlServer } from '../sim/sql-over-http/sql-server.ts';
import { restore } from '../src/backup/restore/restore.ts';
import { createDirectoryStore } from '../src/backup/store/directory.ts';
import { sql } from '../src/db/database.ts';
import { openEmbeddedDatabase } from '../src/db/file/embedded-database.ts';
import { migrate } from '../src/db/migrate.ts';
import { openRemoteDatabase } from '../src/db/remote-database.ts';
import { systemClock } from '../src/lib/clock.ts';
import { record } from './measures.ts';

const [, , first = '1000000', file = ''] = process.argv;
if (first === 'server') {
  const server = await startSqlServer({ file });
  process.send?.(server.url);
  process.once('disconnect', () => process.exit(0));
} else await bench(Number(first));

async function bench(rows: number): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'bench-restore-'));
  try {
    const path = join(directory, 'backup.db');
    await makeDatabase(path, rows);
    const child = fork(new URL(import.meta.url), ['server', join(directory, 'server.db')]);
    const url = await new Promise<string>((resolve) =>
      child.once('message', (message) => resolve(String(message))),
    );
    const db = openRemoteDatabase({ url, authToken: undefined, fetch });
    await migrate(db, { now: () => new Date(), backup: async () => {} });
    const writer = writeAllTheWhile(url);
    let peak = 0;
    const sampler = setInterval(() => {
      peak = Math.max(peak, process.memoryUsage().rss);
    }, 50);
    const phases = new Map<string, number>();
    const requests = new Map<string, number>();
    const timed: typeof fetch = async (input, init) => {
      const sent = performance.now();
      const answer = await fetch(input, init);
      const ms = performance.now() - sent;
      const kind = typeof init?.body === 'string' ? kindOf(init.body) : undefined;
      if (kind !== undefined) requests.set(kind, Math.max(ms, requests.get(kind) ?? 0));
      return answer;
    };
    const began = performance.now();
    const report = await restore(
      {
        target: { kind: 'remote', url, authToken: undefined },
        bucket: { store: createDirectoryStore(join(directory, 'bucket')), prefix: '' },
        keys: undefined,
        context: undefined,
        closeTarget: () => {},
        clock: systemClock,
        random: Math.random,
        fetch: timed,
      },
      {
        from: { kind: 'file', path },
        onProgress: ({ phase }) => {
          if (!phases.has(phase)) phases.set(phase, performance.now() - began);
        },
      },
    );
    const seconds = (performance.now() - began) / 1000;
    clearInterval(sampler);
    const waits = await writer.stop();
    const total = report.tables.reduce((sum, table) => sum + table.rows, 0);
    record({
      what: 'restore into a living server',
      of: `${total} rows`,
      value: seconds,
      unit: 's',
      goal: 60,
    });
    console.log(
      `${total} rows into a living remote database: ${seconds.toFixed(1)} s (goal 60), peak RSS ${Math.round(peak / 1e6)} MB; began at (s): ${[...phases].map(([phase, ms]) => `${phase} ${(ms / 1000).toFixed(1)}`).join(', ')}`,
    );
    console.log(
      `a writer beside it: ${waits.length} commits, median ${at(waits, 0.5)} ms, 99 % within ${at(waits, 0.99)} ms, longest ${at(waits, 1)} ms, ${writer.failed} refused`,
    );
    console.log(
      `longest transaction of each kind: ${[...requests].map(([kind, ms]) => `${kind} ${Math.round(ms)} ms`).join(', ')}`,
    );
    db.close();
    child.disconnect();
    if (seconds > 60) process.exitCode = 1;
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** Writing requests by their work; each is one transaction. */
function kindOf(body: string): string | undefined {
  if (body.includes('BEGIN IMMEDIATE')) return 'swap';
  if (body.includes('"CREATE INDEX') || body.includes('"CREATE UNIQUE INDEX')) return 'index';
  return body.includes('"INSERT OR IGNORE INTO restoring_') ? 'load' : undefined;
}

async function makeDatabase(path: string, rows: number): Promise<void> {
  const db = await openEmbeddedDatabase(path);
  await migrate(db, { now: () => new Date(), backup: async () => {} });
  db.close();
  const own = new DatabaseSync(path, { enableForeignKeyConstraints: false });
  const n = (count: number): string =>
    `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${Math.round(count)})`;
  own.exec(`PRAGMA synchronous = OFF; BEGIN;
    ${n(rows / 10)} INSERT INTO users (user_id, username, first_name) SELECT 100000000 + i * 7, 'user' || i, 'Ism ' || i FROM n;
    ${n(rows / 100)} INSERT INTO anime (code, title, description) SELECT i, 'Naruto ' || i, 'Tavsif ' || i FROM n;
    ${n(rows / 10)} INSERT INTO anime_parts (anime_code, part_number, file_id)
      SELECT 1 + i / 12 % ${rows / 100}, 1 + i % 12 + 12 * (i / 12 / ${rows / 100}), 'BAACAgIAAxkBAAIBBGWmNQ' || i FROM n;
    ${n(rows * 0.79)} INSERT INTO user_history (user_id, anime_code, part_number, viewed_at)
      SELECT 100000000 + 7 * (1 + (i * 7919) % ${rows / 10}), 1 + (i * 31) % ${rows / 100}, 1 + i % 12, datetime(1700000000 + i, 'unixepoch') FROM n;
    COMMIT`);
  own.close();
}

function writeAllTheWhile(url: string): { stop(): Promise<number[]>; readonly failed: number } {
  const db = openRemoteDatabase({ url, authToken: undefined, fetch });
  const waits: number[] = [];
  let failed = 0;
  let going = true;
  const work = (async () => {
    for (let i = 0; going; i += 1) {
      const began = performance.now();
      await db
        .write([sql("INSERT OR REPLACE INTO alerts (key, told_at) VALUES ('bench', ?)", String(i))])
        .catch(() => {
          failed += 1;
        });
      waits.push(performance.now() - began);
      await sleep(5);
    }
    db.close();
  })();
  return {
    get failed() {
      return failed;
    },
    async stop() {
      going = false;
      await work;
      return waits.toSorted((a, b) => a - b);
    },
  };
}

function at(sorted: readonly number[], share: number): string {
  return (sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0).toFixed(1);
}
