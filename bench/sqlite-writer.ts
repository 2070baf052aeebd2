/**
 * Speed and memory of the SQLite file writer, without database or network.
 *
 *   npx node bench/sqlite-writer.ts [MiB, default 256] [file] [--check]
 *   npx node --max-old-space-size=96 bench/sqlite-writer.ts 1200 /tmp/big.db --check  past 1 GiB
 *
 * Rows: integers, short text, a date, a REAL, and two indexes. "writer" counts the time inside the
 * sink, the output being thrown away or written to the file; "with rows" adds the time to make the
 * rows. With `--check`, SQLite reads the file.
 */
import { type FileHandle, open } from 'node:fs/promises';
import { DatabaseSync } from 'node:sqlite';
import type {
  ColumnInfo,
  DatabaseSchema,
  HeadLastWriter,
  IndexColumn,
  IndexInfo,
  Row,
  SnapshotSink,
  TableInfo,
} from '../src/backup/model/model.ts';
import { createSqliteSink, PAGE_SIZE } from '../src/backup/sqlite/sqlite-sink.ts';
import { record } from './measures.ts';

const BATCH = 500;
/**
 * Bytes a row takes in the table and both indexes together, measured; turns the size asked for into
 * rows.
 */
const BYTES_A_ROW = 121;
const MIB = 2 ** 20;

const [size = '256', path] = process.argv.slice(2).filter((argument) => !argument.startsWith('--'));
const rows = Math.floor((Number(size) * MIB) / BYTES_A_ROW);

const table: TableInfo = {
  name: 'history',
  sql: 'CREATE TABLE history(id INTEGER PRIMARY KEY, user_id INTEGER NOT NULL, code INTEGER, title TEXT, watched_at TEXT, score REAL)',
  kind: 'table',
  withoutRowid: false,
  strict: false,
  autoincrement: false,
  rowidAlias: 0,
  columns: [
    ['id', 'INTEGER'],
    ['user_id', 'INTEGER'],
    ['code', 'INTEGER'],
    ['title', 'TEXT'],
    ['watched_at', 'TEXT'],
    ['score', 'REAL'],
  ].map(([name = '', declaredType = ''], id): ColumnInfo => {
    return {
      name,
      declaredType,
      notNull: false,
      defaultValue: null,
      primaryKey: id === 0 ? 1 : 0,
      generated: 'no',
    };
  }),
};
const byUser = index('history_by_user', [1, 4]);
const byTitle = index('history_by_title', [3]);
const schema: DatabaseSchema = {
  objects: [
    { type: 'table', name: table.name, tableName: table.name, sql: table.sql, hasStorage: true },
    ...[byUser, byTitle].map(({ name, sql }) => ({
      type: 'index' as const,
      name,
      tableName: table.name,
      sql,
      hasStorage: true,
    })),
  ],
  tables: [table],
  indexes: [byUser, byTitle],
  userVersion: 1,
  applicationId: 0,
  schemaVersion: 3,
};

const file = path === undefined ? undefined : await open(path, 'w');
const peak = { heap: 0, buffers: 0 };
let inside = 0;
const started = performance.now();
const sink = createSqliteSink(output(file));
sink.begin(schema);
await write(sink, { kind: 'table', table }, tableRow);
await write(sink, { kind: 'index', index: byUser }, (i) => [userOf(i), watchedAt(i), BigInt(i + 1)]);
await write(sink, { kind: 'index', index: byTitle }, titleEntry);
await timed(() => sink.finish());
const total = performance.now() - started;
await file?.close();

const bytes = sink.pages * PAGE_SIZE;
console.log(
  `${(bytes / 1e6).toFixed(1)} MB, ${rows} rows, ${(bytes / rows).toFixed(1)} bytes a row with 2 indexes`,
);
record({
  what: '.db writer',
  of: 'alone',
  value: bytes / 1e3 / inside,
  unit: 'MB/s',
  goal: 40,
  isMoreBetter: true,
});
console.log(`writer     ${(bytes / 1e3 / inside).toFixed(1)} MB/s`);
console.log(`with rows  ${(bytes / 1e3 / total).toFixed(1)} MB/s`);
console.log(
  `peak       heap ${mib(peak.heap)}, buffers ${mib(peak.buffers)}, rss ${mib(process.resourceUsage().maxRSS * 1024)}`,
);
if (path !== undefined && process.argv.includes('--check')) check(path);

async function write(
  target: SnapshotSink,
  scan: Parameters<SnapshotSink['beginScan']>[0],
  row: (i: number) => Row,
): Promise<void> {
  await timed(() => target.beginScan(scan));
  for (let first = 0; first < rows; first += BATCH) {
    const batch: Row[] = [];
    for (let i = first; i < Math.min(first + BATCH, rows); i += 1) batch.push(row(i));
    await timed(() => target.rows(batch));
    if (first % (BATCH * 20) === 0) {
      const { heapUsed, arrayBuffers } = process.memoryUsage();
      peak.heap = Math.max(peak.heap, heapUsed);
      peak.buffers = Math.max(peak.buffers, arrayBuffers);
    }
  }
  await timed(() => target.endScan());
}

async function timed(work: () => void | Promise<void>): Promise<void> {
  const before = performance.now();
  await work();
  inside += performance.now() - before;
}

function output(target: FileHandle | undefined): HeadLastWriter<void> {
  let position = PAGE_SIZE;
  return {
    async write(chunk) {
      if (target !== undefined) await target.write(chunk, 0, chunk.length, position);
      position += chunk.length;
    },
    async close(head) {
      if (target !== undefined) await target.write(head, 0, head.length, 0);
    },
    async abort() {},
  };
}

/** Ten rows a user, in order of users; a thousand titles, each of the same number of rows. */
function userOf(i: number): bigint {
  return 5_000_000_000n + BigInt(Math.floor(i / 10));
}

function titleOf(number: number): string {
  return `Title ${String(number).padStart(4, '0')} ${'shippuden'.slice(0, number % 10)}`;
}

function watchedAt(i: number): string {
  const two = (value: number) => String(value).padStart(2, '0');
  const second = i % 86_400;
  // Ascends within the ten rows of a user, as long as they do not span midnight: 86400 is a
  // multiple of ten.
  return `2024-05-17 ${two(Math.floor(second / 3600))}:${two(Math.floor(second / 60) % 60)}:${two(second % 60)}`;
}

function tableRow(i: number): Row {
  const score = i % 7 === 0 ? null : i % 3 === 0 ? 8 : (i % 100) / 10;
  return [BigInt(i + 1), BigInt(i + 1), userOf(i), BigInt(i % 5000), titleOf(i % 1000), watchedAt(i), score];
}

/** The i-th entry in index order: rows 1, 1001, 2001 … have title 0, and so on. */
function titleEntry(i: number): Row {
  const full = Math.floor(rows / 1000);
  const longer = rows % 1000;
  const split = longer * (full + 1);
  const title = i < split ? Math.floor(i / (full + 1)) : longer + Math.floor((i - split) / full);
  const before = title <= longer ? title * (full + 1) : split + (title - longer) * full;
  return [titleOf(title), BigInt((i - before) * 1000 + title + 1)];
}

function index(name: string, columnIds: readonly number[]): IndexInfo {
  const column = (columnId: number, key: boolean): IndexColumn => {
    return {
      columnId,
      name: table.columns[columnId]?.name ?? null,
      descending: false,
      collation: 'BINARY',
      key,
    };
  };
  const names = columnIds.map((id) => table.columns[id]?.name).join(', ');
  return {
    name,
    table: table.name,
    sql: `CREATE INDEX ${name} ON history(${names})`,
    unique: false,
    origin: 'c',
    partial: false,
    columns: [...columnIds.map((id) => column(id, true)), column(-1, false)],
  };
}

function check(name: string): void {
  const before = performance.now();
  using db = new DatabaseSync(name, { readOnly: true });
  const [answer] = db.prepare('PRAGMA integrity_check').all();
  const counted = db.prepare('SELECT count(*) AS n FROM history NOT INDEXED').get()?.['n'];
  const seconds = ((performance.now() - before) / 1000).toFixed(1);
  console.log(`integrity_check ${answer?.['integrity_check']}, ${counted} rows, ${seconds} s`);
  if (answer?.['integrity_check'] !== 'ok' || counted !== rows) process.exitCode = 1;
}

function mib(value: number): string {
  return `${(value / MIB).toFixed(1)} MiB`;
}
