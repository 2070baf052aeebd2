/** What changed between two SQLite files, table by table. Node only (node:sqlite). */
import { statSync } from 'node:fs';
import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { quoteName, tokenizeSql } from '../../lib/sql-tokens.ts';
import { moduleOf, shadowsOf } from '../../lib/table-sql.ts';
import { openForeign } from '../foreign/connection.ts';
import { limitsFor, runInProcess } from '../foreign/process.ts';
import type { Task } from '../foreign/task.ts';
import type { SchemaObject } from '../model/model.ts';
import { ENGINE_TABLES } from '../schema/engine-tables.ts';
import { type Stranger, strangersOf } from '../schema/strangers.ts';
import { chain } from '../snapshot/packed-row.ts';
import { settledCopy } from './copy-database.ts';

declare module '../foreign/task.ts' {
  interface Tasks {
    readonly diff: typeof diffTask;
  }
}

export interface DiffInput {
  /** SQLite files. */
  readonly first: string;
  readonly second: string;
  /** A directory for copies of those that are in WAL mode. */
  readonly scratch: string;
}

export interface TableDiff {
  readonly table: string;
  /** Rows of the second that the first has not, by primary key (by rowid where there is none). */
  readonly added: number;
  readonly removed: number;
  /** Same key, another value or type in any column. */
  readonly changed: number;
  readonly same: number;
  /** `only in the first`, or columns that only one of the two has (they are not compared). */
  readonly note: string | undefined;
}

export interface DatabaseDiff {
  readonly tables: readonly TableDiff[];
  /** {@link strangersOf} each of the two. */
  readonly strangers: { readonly first: readonly Stranger[]; readonly second: readonly Stranger[] };
}

/**
 * Compares every table but SQLite's own, those behind virtual tables, and the engine's record of
 * its runs, which every run and every restore moves on: two backups of the same data would always
 * differ by it. Generated columns are derived from the others and left out. The files are opened
 * read-only.
 */
export const diffTask: Task<DiffInput, DatabaseDiff> = async (input) => {
  const first = await settledCopy(input.first, join(input.scratch, 'first-settled.db'));
  const second = await settledCopy(input.second, join(input.scratch, 'second-settled.db'));
  const bytes = statSync(first).size + statSync(second).size;
  const { db, close } = openForeign(first, { mode: 'read', bytes, second });
  try {
    const a = tablesOf(db, 'main');
    const b = tablesOf(db, 'second');
    const names = [...new Set([...a.keys(), ...b.keys()])].filter((table) => !ENGINE_TABLES.includes(table));
    const tables = names.map((table): TableDiff => {
      const left = a.get(table);
      const right = b.get(table);
      if (left === undefined)
        return { ...NOTHING, table, added: count(db, 'second', table), note: 'only in the second' };
      if (right === undefined)
        return { ...NOTHING, table, removed: count(db, 'main', table), note: 'only in the first' };
      return diffTable(db, table, left, right);
    });
    return {
      tables,
      strangers: { first: strangersOf(objectsIn(db, 'main')), second: strangersOf(objectsIn(db, 'second')) },
    };
  } finally {
    close();
  }
};

/** One of the two may be anybody's. */
export function diffInProcess(input: DiffInput, signal?: AbortSignal): Promise<DatabaseDiff> {
  const limits = limitsFor(statSync(input.first).size + statSync(input.second).size);
  return runInProcess('diff', input, { limits, signal });
}

const NOTHING = { added: 0, removed: 0, changed: 0, same: 0 };

interface Shape {
  readonly columns: readonly string[];
  /** Primary key in its order; empty for a table that has only its rowid. */
  readonly key: readonly string[];
}

type Side = 'main' | 'second';

function objectsIn(db: DatabaseSync, side: Side): Omit<SchemaObject, 'hasStorage'>[] {
  const rows = db.prepare(`SELECT type, name, tbl_name, sql FROM ${side}.sqlite_schema ORDER BY name`).all();
  return rows.map(({ type, name, tbl_name: table, sql }) => ({
    type: String(type) as SchemaObject['type'],
    name: String(name),
    tableName: String(table),
    sql: typeof sql === 'string' ? sql : null,
  }));
}

function tablesOf(db: DatabaseSync, side: Side): Map<string, Shape> {
  const objects = objectsIn(db, side);
  const shadows = shadowsOf(objects);
  const names = objects.flatMap(({ type, name, sql }) => {
    const isOwn = type === 'table' && !name.startsWith('sqlite_') && !shadows.has(name.toLowerCase());
    return isOwn && moduleOf(tokenizeSql(sql ?? '')) === undefined ? [name] : [];
  });
  return new Map(names.map((name) => [name, shapeOf(db, side, name)]));
}

function shapeOf(db: DatabaseSync, side: Side, table: string): Shape {
  const columns = db.prepare('SELECT name, pk, hidden FROM pragma_table_xinfo(?, ?)').all(table, side);
  const keyed = columns
    .filter((column) => Number(column['pk']) > 0)
    .toSorted((x, y) => Number(x['pk']) - Number(y['pk']));
  return {
    columns: columns.filter((column) => column['hidden'] === 0).map((column) => String(column['name'])),
    key: keyed.map((column) => String(column['name'])),
  };
}

function diffTable(db: DatabaseSync, table: string, left: Shape, right: Shape): TableDiff {
  const sameKey = left.key.join() === right.key.join();
  const key = sameKey && left.key.length > 0 ? left.key.map(quoteName) : ['rowid'];
  const common = left.columns.filter((name) => right.columns.includes(name));
  const apart = [...left.columns, ...right.columns].filter((name) => !common.includes(name));
  const match = key.map((name) => `x.${name} IS y.${name}`).join(' AND ');
  const differs = common
    .map(quoteName)
    .map((name) => `(x.${name} IS NOT y.${name} COLLATE BINARY OR typeof(x.${name}) <> typeof(y.${name}))`);
  const [x, y] = [`main.${quoteName(table)} AS x`, `second.${quoteName(table)} AS y`];
  const both = countOf(db, `${x} JOIN ${y} ON ${match}`);
  const changed =
    differs.length === 0 ? 0 : countOf(db, `${x} JOIN ${y} ON ${match} WHERE ${chain(differs, ' OR ')}`);
  return {
    table,
    added: countOf(db, `${y} WHERE NOT EXISTS (SELECT 1 FROM ${x} WHERE ${match})`),
    removed: countOf(db, `${x} WHERE NOT EXISTS (SELECT 1 FROM ${y} WHERE ${match})`),
    changed,
    same: both - changed,
    note: apart.length === 0 ? undefined : `not compared, as only one has them: ${apart.join(', ')}`,
  };
}

function count(db: DatabaseSync, side: Side, table: string): number {
  return countOf(db, `${side}.${quoteName(table)}`);
}

function countOf(db: DatabaseSync, from: string): number {
  return Number(db.prepare(`SELECT count(*) AS n FROM ${from}`).get()?.['n']);
}
