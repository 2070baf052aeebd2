/** From a scan target to the SELECTs that read it in b-tree order. */

import { quoteName } from '../../lib/sql-tokens.ts';
import type { ColumnInfo, IndexColumn, IndexInfo, ScanTarget, SqlValue, TableInfo } from '../model/model.ts';
import { parseCreateIndex } from './index-sql.ts';
import type { DetailedSchema } from './schema.ts';

/** One SQL expression of a scan. */
export interface ScanValue {
  readonly sql: string;
  /** What SQLite can hold there: a rowid only integers, a column of TEXT affinity no REAL. */
  readonly holds: 'integer' | 'no real' | 'few reals' | 'anything';
}

/**
 * Row position → index into the values of the SELECT (a rowid alias is read once and stands twice).
 */
export type Layout = readonly number[];

/** One SELECT; a scan is one or more of them, one after the other. */
export interface ScanSql {
  /** For messages: `table anime`, `index anime_code`. */
  readonly label: string;
  readonly values: readonly ScanValue[];
  /** The layout of a row, by its first value. */
  readonly layoutOf: (first: SqlValue) => Layout;
  readonly from: string;
  readonly where: string | undefined;
  readonly orderBy: string;
  /** Set when the first value is a rowid: rows can be sought by it. */
  readonly rowid: { readonly sql: string; readonly table: string } | undefined;
}

export function scanSql(target: ScanTarget, details: DetailedSchema): ScanSql[] {
  switch (target.kind) {
    case 'table':
      return [
        target.table.withoutRowid ? scanKeyedTable(target.table, details) : scanRowidTable(target.table),
      ];
    case 'index':
      return [scanIndex(target.index, details)];
    case 'nested':
      return scanNested(target);
  }
}

/** The one layout of all rows; undefined for rows of two kinds. */
export function fixedLayout({ layoutOf }: ScanSql): Layout | undefined {
  const layout = layoutOf(0n);
  return layout === layoutOf(1n) ? layout : undefined;
}

/** The SELECT over the given expressions (one a value of the scan, possibly more). */
export function selectSql(scan: ScanSql, expressions: readonly string[], seek = ''): string {
  const conditions = [scan.where, seek].filter((condition) => condition !== undefined && condition !== '');
  const where =
    conditions.length === 0
      ? ''
      : ` WHERE ${conditions.map((condition) => `(${condition}\n)`).join(' AND ')}`;
  return `SELECT ${expressions.join(', ')} FROM ${scan.from}${where} ORDER BY ${scan.orderBy}`;
}

function scanRowidTable(table: TableInfo): ScanSql {
  const name = quoteName(table.name);
  const { values, layout } = rowidColumns(table, name);
  const rowid = rowidSql(table, name);
  return {
    label: `table ${table.name}`,
    values,
    layoutOf: () => layout,
    from: `${name} NOT INDEXED`,
    where: undefined,
    orderBy: rowid,
    rowid: { sql: rowid, table: name },
  };
}

/** Rowid and stored columns of a table that goes by the given name in the query. */
function rowidColumns(
  table: TableInfo,
  as: string,
): { readonly values: readonly ScanValue[]; readonly layout: Layout } {
  const alias = table.rowidAlias === null ? undefined : table.columns[table.rowidAlias];
  const values: ScanValue[] = [{ sql: rowidSql(table, as), holds: 'integer' }];
  const layout = [0];
  for (const column of storedColumns(table)) {
    layout.push(column === alias ? 0 : values.push(columnValue(as, column)) - 1);
  }
  return { values, layout };
}

function scanKeyedTable(table: TableInfo, details: DetailedSchema): ScanSql {
  const name = quoteName(table.name);
  const values = storedColumns(table).map((column) => columnValue(name, column));
  const layout = values.map((_, position) => position);
  const key = (details.primaryKeys.get(table.name) ?? []).filter((column) => column.key);
  return {
    label: `table ${table.name}`,
    values,
    layoutOf: () => layout,
    from: name,
    where: undefined,
    orderBy: key.map((column) => orderTerm(indexTerm(table, column), column)).join(', '),
    rowid: undefined,
  };
}

function scanIndex(index: IndexInfo, details: DetailedSchema): ScanSql {
  const table = details.schema.tables.find((candidate) => candidate.name === index.table);
  if (table === undefined) throw new Error(`index ${index.name} belongs to no table`);
  const parts = index.sql === null ? undefined : parseCreateIndex(index.sql);
  const terms = index.columns.map((column, position) => ({
    column,
    sql: indexTerm(table, column, parts?.terms[position]),
  }));
  const layout = terms.map((_, position) => position);
  return {
    label: `index ${index.name}`,
    values: terms.map(({ column, sql }) => indexValue(table, column, sql)),
    layoutOf: () => layout,
    from: `${quoteName(table.name)} INDEXED BY ${quoteName(index.name)}`,
    where: parts?.where,
    orderBy: terms.map(({ column, sql }) => orderTerm(sql, column)).join(', '),
    rowid: undefined,
  };
}

const VECTOR = /^libsql_vector_idx\b/i;

class VectorIndex extends Error {
  override readonly name = 'VectorIndex';
  constructor(table: string) {
    super(`table ${table} has a vector index, which cannot be backed up`);
  }
}

/**
 * Throws for an index that libSQL alone can read: the copy of a file may have it, but nothing could
 * check or restore it.
 */
export function refuseVectorIndexes(indexes: readonly IndexInfo[]): void {
  const found = indexes.find(
    ({ sql }) => sql !== null && parseCreateIndex(sql).terms.some((term) => VECTOR.test(term)),
  );
  if (found !== undefined) throw new VectorIndex(found.table);
}

type NestedTarget = Extract<ScanTarget, { readonly kind: 'nested' }>;

/**
 * Parents with their children, then the children without a parent. Shorter rows are filled up with
 * NULL and cut again.
 */
function scanNested({ parent, child, parentKey, childKey, orderBy }: NestedTarget): ScanSql[] {
  const label = `table ${child.name} by ${parent.name}`;
  const parents = rowidColumns(parent, 'nested_p');
  const children = rowidColumns(child, 'nested_c');
  const shifted = (layout: Layout): Layout => [0, ...layout.map((position) => position + 1)];
  const layouts = { parent: shifted(parents.layout), child: shifted(children.layout) };
  const link = `${columnSql('nested_p', columnAt(parent, parentKey))} = ${columnSql('nested_c', columnAt(child, childKey))} COLLATE BINARY`;
  const parentName = `${quoteName(parent.name)} AS nested_p`;
  const childName = `${quoteName(child.name)} AS nested_c`;
  const childRowid = rowidSql(child, 'nested_c');
  const order = orderBy === null ? [] : [`${columnSql('nested_c', columnAt(child, orderBy))} COLLATE BINARY`];
  const width = Math.max(parents.values.length, children.values.length);
  const mixed = Array.from({ length: width }, (_, position): ScanValue => {
    const [ofParent, ofChild] = [parents.values[position], children.values[position]];
    return {
      sql: `CASE nested_t.tag WHEN 0 THEN ${ofParent?.sql ?? 'NULL'} ELSE ${ofChild?.sql ?? 'NULL'} END`,
      holds: mixedHoldings(ofParent?.holds, ofChild?.holds),
    };
  });
  return [
    {
      label,
      values: [{ sql: 'nested_t.tag', holds: 'integer' }, ...mixed],
      layoutOf: (tag) => (tag === 0n ? layouts.parent : layouts.child),
      from: `${parentName} NOT INDEXED CROSS JOIN (SELECT 0 AS tag UNION ALL SELECT 1) AS nested_t LEFT JOIN ${childName} ON nested_t.tag = 1 AND ${link}`,
      where: `nested_t.tag = 0 OR ${childRowid} IS NOT NULL`,
      orderBy: [rowidSql(parent, 'nested_p'), 'nested_t.tag', ...order, childRowid].join(', '),
      rowid: undefined,
    },
    {
      label,
      values: [{ sql: '2', holds: 'integer' }, ...children.values],
      layoutOf: () => layouts.child,
      from: `${childName} NOT INDEXED LEFT JOIN ${parentName} ON ${link}`,
      where: `${rowidSql(parent, 'nested_p')} IS NULL`,
      orderBy: childRowid,
      rowid: undefined,
    },
  ];
}

/** What a value of either kind can be; none is a NULL. */
function mixedHoldings(...both: (ScanValue['holds'] | undefined)[]): ScanValue['holds'] {
  if (both.includes('anything')) return 'anything';
  return both.every((holds) => holds === 'no real' || holds === undefined) ? 'no real' : 'few reals';
}

/** A name of the rowid that no column takes. */
function rowidSql(table: TableInfo, as: string): string {
  const alias = table.rowidAlias === null ? undefined : table.columns[table.rowidAlias];
  if (alias !== undefined) return columnSql(as, alias);
  if (table.withoutRowid) throw new Error(`table ${table.name} has no rowid`);
  const taken = new Set(table.columns.map((column) => column.name.toLowerCase()));
  const free = ['rowid', '_rowid_', 'oid'].find((name) => !taken.has(name));
  if (free === undefined)
    throw new Error(
      `table ${table.name} hides its rowid behind columns of all three names: rename one of them, or drop the table`,
    );
  return `${as}.${free}`;
}

function storedColumns(table: TableInfo): ColumnInfo[] {
  return table.columns.filter((column) => column.generated !== 'virtual');
}

function columnAt(table: TableInfo, index: number): ColumnInfo {
  const column = table.columns[index];
  if (column === undefined) throw new Error(`table ${table.name} has no column number ${index}`);
  return column;
}

function columnSql(as: string, column: ColumnInfo): string {
  return `${as}.${quoteName(column.name)}`;
}

function columnValue(as: string, column: ColumnInfo): ScanValue {
  return { sql: columnSql(as, column), holds: holdings(column.declaredType) };
}

function indexValue(table: TableInfo, column: IndexColumn, sql: string): ScanValue {
  const source = table.columns[column.columnId];
  if (source === undefined) return { sql, holds: column.columnId === -1 ? 'integer' : 'anything' };
  return { sql, holds: column.columnId === table.rowidAlias ? 'integer' : holdings(source.declaredType) };
}

function indexTerm(table: TableInfo, column: IndexColumn, term?: string): string {
  const name = quoteName(table.name);
  if (column.columnId === -1) return rowidSql(table, name);
  const source = table.columns[column.columnId];
  if (source !== undefined) return columnSql(name, source);
  if (term === undefined) throw new Error(`an index of table ${table.name} has an expression without text`);
  if (VECTOR.test(term)) throw new VectorIndex(table.name);
  // The line break ends a comment that the text may close with.
  return `(${term}\n)`;
}

/** NULLs come first ascending and last descending, in ORDER BY as in the b-tree. */
function orderTerm(sql: string, column: IndexColumn): string {
  return `${sql} COLLATE ${quoteName(column.collation)}${column.descending ? ' DESC' : ''}`;
}

/**
 * Column affinity (sqlite.org/datatype3.html 3.1) as to REAL values: TEXT affinity keeps none,
 * INTEGER affinity only fractions and infinities.
 */
export function holdings(declaredType: string): ScanValue['holds'] {
  if (/INT/i.test(declaredType)) return 'few reals';
  return /CHAR|CLOB|TEXT/i.test(declaredType) ? 'no real' : 'anything';
}
