/**
 * Restore of a million rows into a living remote database on loopback, while a writer goes on
 * (docs/spec/backup.md, "Speed and memory": within 60 s). Run: `node bench/restore.ts [rows]`. The
 * server is a process of its own. The peer loads what `sqlite3 .dump` says of the tables with rows
 * into an empty server of the same kind: its lines as they are, 2,000 a request, a transaction
 * each. It stages nothing, proves nothing, and has nobody beside it.
 */
import { type ChildProcess, fork, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { createInterface } from 'node:readline';
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
import { cpuMsOf } from './process-cpu.ts';
import { isInstalled } from './whole-process.ts';

const PEER_LINES = 2_000;
const GOAL_SECONDS = 15;

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
    const { child, url } = await startServer(join(directory, 'server.db'));
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
    const cpuBefore = cpuOf(child);
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
    const cpu = { own: cpuOf().own - cpuBefore.own, server: cpuOf(child).server - cpuBefore.server };
    const waits = await writer.stop();
    const total = report.tables.reduce((sum, table) => sum + table.rows, 0);
    record({
      what: 'restore into a living server',
      of: `${total} rows`,
      value: seconds,
      unit: 's',
      goal: GOAL_SECONDS,
    });
    console.log(
      `${total} rows into a living remote database: ${seconds.toFixed(1)} s (goal ${GOAL_SECONDS}), CPU ${cpu.own.toFixed(1)} s and ${cpu.server.toFixed(1)} s of the server, peak RSS ${Math.round(peak / 1e6)} MB; began at (s): ${[...phases].map(([phase, ms]) => `${phase} ${(ms / 1000).toFixed(1)}`).join(', ')}`,
    );
    console.log(
      `a writer beside it: ${waits.length} commits, median ${at(waits, 0.5)} ms, 99 % within ${at(waits, 0.99)} ms, longest ${at(waits, 1)} ms, ${writer.failed} refused`,
    );
    console.log(
      `longest transaction of each kind: ${[...requests].map(([kind, ms]) => `${kind} ${Math.round(ms)} ms`).join(', ')}`,
    );
    db.close();
    child.disconnect();
    if (isInstalled('sqlite3')) {
      const peer = await loadDump(path, join(directory, 'peer.db'));
      const of = { of: `${total} rows`, unit: 'ratio' };
      record({ what: 'restore / dump line by line', ...of, value: seconds / peer.seconds });
      record({ what: 'restore / dump line by line, CPU', ...of, value: (cpu.own + cpu.server) / peer.cpu });
      console.log(`  the dump: ${peer.seconds.toFixed(1)} s, CPU ${peer.cpu.toFixed(1)} s`);
    }
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

async function startServer(file: string): Promise<{ child: ChildProcess; url: string }> {
  const child = fork(new URL(import.meta.url), ['server', file]);
  const url = await new Promise<string>((resolve) =>
    child.once('message', (message) => resolve(String(message))),
  );
  return { child, url };
}

/** Seconds so far, without the process that prepares the backup. */
function cpuOf(child?: ChildProcess): { own: number; server: number } {
  const { user, system } = process.cpuUsage();
  return { own: (user + system) / 1e6, server: child?.pid === undefined ? 0 : cpuMsOf(child.pid) / 1000 };
}

async function loadDump(path: string, file: string): Promise<{ seconds: number; cpu: number }> {
  const { child, url } = await startServer(file);
  const before = cpuOf(child);
  const began = performance.now();
  const dump = spawn('sqlite3', [path, '.dump users anime anime_parts user_history'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let lines: string[] = [];
  const send = async (): Promise<void> => {
    const sql = `BEGIN; ${lines.join('\n')} COMMIT;`;
    lines = [];
    const requests = [{ type: 'sequence', sql }, { type: 'close' }];
    const answer = await fetch(`${url}/v2/pipeline`, { method: 'POST', body: JSON.stringify({ requests }) });
    const said = await answer.text();
    if (!answer.ok || said.includes('"error"'))
      throw new Error(`the dump was refused: ${said.slice(0, 500)}`);
  };
  for await (const line of createInterface({ input: dump.stdout })) {
    if (/^(PRAGMA|BEGIN|COMMIT)/.test(line)) continue;

    lines.push(line);
    if (lines.length >= PEER_LINES && line.endsWith(';')) await send();
  }
  await send();
  const seconds = (performance.now() - began) / 1000;
  const { own, server } = cpuOf(child);
  child.disconnect();
  return { seconds, cpu: own - before.own + server - before.server };
}

/** Writing requests by their work; each is one transaction. */
function kindOf(body: string): string | undefined {
  if (body.includes('"INSERT OR IGNORE INTO restoring_')) return 'load';
  if (body.includes('"CREATE INDEX') || body.includes('"CREATE UNIQUE INDEX')) return 'index';
  return body.includes('"BEGIN IMMEDIATE"') ? 'swap' : undefined;
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
