/** Databases to read, the truth about them, and what a source makes of them. */
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import Database from 'libsql';
import { onTestFinished } from 'vitest';
import type { SqlServerOptions } from '../../../sim/sql-over-http/sql-server.ts';
import { type SqlServer, startSqlServer } from '../../../sim/sql-over-http/sql-server.ts';
import {
  type DatabaseSchema,
  InvalidText,
  type Row,
  type RowSource,
  type ScanTarget,
  type SqlValue,
} from '../../../src/backup/model/model.ts';

import { serverKind } from '../../support/server-kind.ts';

export interface TestDatabase {
  readonly file: string;
  readonly db: Database.Database;
}

/** A libSQL file with this content, gone after the test. */
export function makeDatabase(sql = ''): TestDatabase {
  const directory = mkdtempSync(join(tmpdir(), 'snapshot-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true, maxRetries: 10 }));
  const file = join(directory, 'data.db');
  const db = new Database(file);
  db.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF; PRAGMA foreign_keys = OFF; ${sql}`);
  onTestFinished(() => void db.close());
  return { file, db };
}

export async function serve(file: string, options: Partial<SqlServerOptions> = {}): Promise<SqlServer> {
  const server = await startSqlServer({ ...serverKind(), file, ...options });
  onTestFinished(() => server.close());
  return server;
}

/** Everything a schema offers to scan. */
export function allTargets(schema: DatabaseSchema): ScanTarget[] {
  return [
    ...schema.tables.map((table): ScanTarget => ({ kind: 'table', table })),
    ...schema.indexes.map((index): ScanTarget => ({ kind: 'index', index })),
  ];
}

function nameOf(target: ScanTarget): string {
  if (target.kind === 'index') return target.index.name;
  return target.kind === 'table' ? target.table.name : `${target.parent.name}/${target.child.name}`;
}

export interface Contents {
  readonly schema: DatabaseSchema;
  readonly rows: Readonly<Record<string, readonly Row[]>>;
}

/** Reads a whole snapshot into memory. */
export async function readAll(
  source: RowSource,
  targetsOf: (schema: DatabaseSchema) => ScanTarget[] = allTargets,
): Promise<Contents> {
  return source.read(async ({ schema, scans }) => {
    const rows: Record<string, Row[]> = {};
    for await (const scan of scans(targetsOf(schema))) {
      const found: Row[] = [];
      for await (const batch of scan.rows) found.push(...batch);
      rows[nameOf(scan.target)] = found;
    }
    return { schema, rows };
  });
}

/** `read`, and once more when the first attempt found that it needs the exact form. */
export async function readWithRetry(
  source: RowSource,
  targetsOf: (schema: DatabaseSchema) => ScanTarget[] = allTargets,
): Promise<Contents> {
  try {
    return await readAll(source, targetsOf);
  } catch {
    return readAll(source, targetsOf);
  }
}

/** A copy that nobody else has open. */
export function copyOf({ file, db }: TestDatabase): string {
  db.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  const copy = `${file}.copy`;
  copyFileSync(file, copy);
  return copy;
}

/**
 * What SQLite itself (node:sqlite, another library, on a copy of the file) says is in every table
 * and index, in the order of the b-trees: no ORDER BY, the walk itself.
 */
export function truth(database: TestDatabase): Record<string, readonly Row[]> {
  const sqlite = new DatabaseSync(copyOf(database), { readOnly: true });
  const rows: Record<string, readonly Row[]> = {};
  const tables = sqlite
    .prepare(
      "SELECT name, wr FROM pragma_table_list WHERE schema = 'main' AND type IN ('table', 'shadow') AND name <> 'sqlite_schema'",
    )
    .all();
  for (const { name, wr } of tables) {
    const table = quote(name);
    const columns = sqlite
      .prepare(`SELECT name FROM pragma_table_xinfo(?) WHERE hidden <> 2 ORDER BY cid`)
      .all(String(name));
    const names = columns.map((column) => `${table}.${quote(column['name'])}`);
    const taken = new Set(columns.map((column) => String(column['name']).toLowerCase()));
    const rowid = ['rowid', '_rowid_', 'oid'].find((candidate) => !taken.has(candidate));
    rows[String(name)] = select(
      sqlite,
      wr === 1 ? names : [`${table}.${rowid}`, ...names],
      // NOT INDEXED does not keep a WITHOUT ROWID table from being read through a covering index.
      wr === 1 ? `${table} INDEXED BY ${quote(primaryKeyIndex(sqlite, name))}` : `${table} NOT INDEXED`,
    );
  }
  for (const { name, table } of sqlite
    .prepare('SELECT name, tbl_name AS "table" FROM sqlite_schema WHERE type = \'index\'')
    .all()) {
    const terms = sqlite
      .prepare('SELECT cid, name FROM pragma_index_xinfo(?) ORDER BY seqno')
      .all(String(name));
    const told = indexParts.get(String(name)) ?? { expressions: [], where: undefined };
    const expressions = told.expressions.values();
    const values = terms.map(({ cid, name: column }) => {
      if (cid === -2) return expressions.next().value ?? '';
      if (cid !== -1) return `${quote(table)}.${quote(column)}`;
      const columns = sqlite.prepare('SELECT name FROM pragma_table_xinfo(?)').all(String(table));
      const taken = new Set(columns.map((entry) => String(entry['name']).toLowerCase()));
      return `${quote(table)}.${['rowid', '_rowid_', 'oid'].find((candidate) => !taken.has(candidate))}`;
    });
    const { where } = told;
    rows[String(name)] = select(
      sqlite,
      values,
      `${quote(table)} INDEXED BY ${quote(name)}${where === undefined ? '' : ` WHERE ${where}\n`}`,
    );
  }
  sqlite.close();
  return rows;
}

function primaryKeyIndex(sqlite: DatabaseSync, table: unknown): unknown {
  return sqlite.prepare("SELECT name FROM pragma_index_list(?) WHERE origin = 'pk'").get(String(table))?.[
    'name'
  ];
}

/**
 * Expressions and conditions of the indexes, told by whoever made them: the truth must not parse
 * what is tested to be parsed.
 */
export const indexParts = new Map<
  string,
  { readonly expressions: readonly string[]; readonly where: string | undefined }
>();

function select(sqlite: DatabaseSync, values: readonly string[], from: string): Row[] {
  const expressions = values.flatMap((value) => [
    `typeof(${value})`,
    `CASE typeof(${value}) WHEN 'text' THEN CAST(${value} AS BLOB) ELSE ${value} END`,
  ]);
  const statement = sqlite.prepare(`SELECT ${expressions.join(', ')} FROM ${from}`);
  statement.setReadBigInts(true);
  statement.setReturnArrays(true);
  return statement.all().map((row) => {
    const cells = Object.values(row);
    return values.map((_, index) => exactValue(cells[index * 2], cells[index * 2 + 1]));
  });
}

function exactValue(type: unknown, value: unknown): SqlValue {
  if (type === 'text') return textOf(value instanceof Uint8Array ? value : new Uint8Array());
  if (value === null || typeof value === 'bigint' || typeof value === 'number') return value;
  if (value instanceof Uint8Array) return new Uint8Array(value);
  throw new TypeError(`unexpected ${typeof value}`);
}

function textOf(bytes: Uint8Array): string | InvalidText {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return new InvalidText(new Uint8Array(bytes));
  }
}

function quote(name: unknown): string {
  return `"${String(name).replaceAll('"', '""')}"`;
}
