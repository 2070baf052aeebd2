/** From a scan target to the SELECT that reads it in b-tree order. */
import type { ColumnInfo, IndexColumn, IndexInfo, ScanTarget, TableInfo } from '../model.ts';
import { parseCreateIndex } from './index-sql.ts';
import type { DetailedSchema } from './schema.ts';
import { quoteName } from './sql-tokens.ts';

/** One SQL expression of a scan. */
export interface ScanValue {
  readonly sql: string;
  /** What SQLite can hold there: a rowid only integers, a column of TEXT affinity no REAL. */
  readonly holds: 'integer' | 'no real' | 'few reals' | 'anything';
}

export interface ScanSql {
  /** For messages: `table anime`, `index anime_code`. */
  readonly label: string;
  readonly values: readonly ScanValue[];
  /** Row position → index into `values` (a rowid alias is read once and stands twice). */
  readonly layout: readonly number[];
  readonly from: string;
  readonly where: string | undefined;
  readonly orderBy: string;
  /** Set when rows can be sought by the first value, a unique ascending rowid. */
  readonly seekable: boolean;
  /** Where the columns live, for fetching one large value by its rowid. */
  readonly rowid: { readonly valueIndex: number; readonly sql: string; readonly table: string } | undefined;
}

export function scanSql(target: ScanTarget, details: DetailedSchema): ScanSql {
  switch (target.kind) {
    case 'table':
      return target.table.withoutRowid ? scanKeyedTable(target.table, details) : scanRowidTable(target.table);
    case 'index':
      return scanIndex(target.index, details);
    case 'nested':
      return scanNested(target.parent, target.child, details);
  }
}

/** The SELECT over the given expressions (one a value of the scan, possibly more). */
export function selectSql(scan: ScanSql, expressions: readonly string[]): string {
  const where = scan.where === undefined ? '' : ` WHERE (${scan.where}\n)`;
  return `SELECT ${expressions.join(', ')} FROM ${scan.from}${where} ORDER BY ${scan.orderBy}`;
}

function scanRowidTable(table: TableInfo): ScanSql {
  const rowid = rowidSql(table);
  const columns = table.columns.filter((column) => column.generated !== 'virtual');
  const alias = table.rowidAlias === null ? undefined : table.columns[table.rowidAlias];
  const values: ScanValue[] = [{ sql: rowid, holds: 'integer' }];
  const layout = [0];
  for (const column of columns) {
    if (column === alias) layout.push(0);
    else layout.push(values.push(columnValue(table, column)) - 1);
  }
  return {
    label: `table ${table.name}`,
    values,
    layout,
    from: `${quoteName(table.name)} NOT INDEXED`,
    where: undefined,
    orderBy: rowid,
    seekable: true,
    rowid: { valueIndex: 0, sql: rowid, table: quoteName(table.name) },
  };
}

function scanKeyedTable(table: TableInfo, details: DetailedSchema): ScanSql {
  const values = table.columns
    .filter((column) => column.generated !== 'virtual')
    .map((column) => columnValue(table, column));
  const key = details.primaryKeys.get(table.name) ?? [];
  return {
    label: `table ${table.name}`,
    values,
    layout: values.map((_, index) => index),
    from: quoteName(table.name),
    where: undefined,
    orderBy: key
      .filter((column) => column.key)
      .map((column) => orderTerm(indexTerm(table, column), column))
      .join(', '),
    seekable: false,
    rowid: undefined,
  };
}

function scanIndex(index: IndexInfo, details: DetailedSchema): ScanSql {
  const table = details.schema.tables.find((candidate) => candidate.name === index.table);
  if (table === undefined) throw new Error(`index ${index.name} belongs to no table`);
  const parts = index.sql === null ? undefined : parseCreateIndex(index.sql);
  const terms = index.columns.map((column, position) => indexTerm(table, column, parts?.terms[position]));
  return {
    label: `index ${index.name}`,
    values: index.columns.map((column, position) => indexValue(table, column, terms[position] ?? '')),
    layout: index.columns.map((_, position) => position),
    from: `${quoteName(table.name)} INDEXED BY ${quoteName(index.name)}`,
    where: parts?.where,
    orderBy: index.columns.map((column, position) => orderTerm(terms[position] ?? '', column)).join(', '),
    seekable: false,
    rowid: undefined,
  };
}

/** Each child once, under its first parent (the lowest rowid: old data may hold a code twice). */
function scanNested(parent: TableInfo, child: TableInfo, details: DetailedSchema): ScanSql {
  const { childColumn, parentColumn } = findLink(parent, child, details);
  const own = scanRowidTable(child);
  const rowid = rowidSql(child);
  const linked = `(SELECT ${quoteName(parentColumn)} AS link, min(${rowidSql(parent)}) AS parent_rowid FROM ${quoteName(parent.name)} GROUP BY 1) AS nested_parent`;
  const ordering = child.columns.find((column) => column.name.toLowerCase() === NESTED_ORDER);
  const order = ordering === undefined ? [] : [columnSql(child, ordering)];
  return {
    label: `table ${child.name} by ${parent.name}`,
    values: [{ sql: 'nested_parent.parent_rowid', holds: 'integer' }, ...own.values],
    layout: [0, ...own.layout.map((position) => position + 1)],
    from: `${quoteName(child.name)} NOT INDEXED LEFT JOIN ${linked} ON nested_parent.link = ${childColumn}`,
    where: undefined,
    orderBy: ['nested_parent.parent_rowid IS NULL', 'nested_parent.parent_rowid', ...order, rowid].join(', '),
    seekable: false,
    rowid: { valueIndex: 1, sql: rowid, table: quoteName(child.name) },
  };
}

/** Children stand in the order of this column, where they have it. */
const NESTED_ORDER = 'part_number';
/** The one link known by name: databases of the old bot may lack the foreign key (spec/bot.md). */
const KNOWN_LINK = { parent: 'anime', child: 'anime_parts', childColumn: 'anime_code', parentColumn: 'code' };

function findLink(
  parent: TableInfo,
  child: TableInfo,
  details: DetailedSchema,
): { childColumn: string; parentColumn: string } {
  const key = details.foreignKeys.find(
    (candidate) =>
      candidate.child === child.name && candidate.parent.toLowerCase() === parent.name.toLowerCase(),
  );
  const known = parent.name === KNOWN_LINK.parent && child.name === KNOWN_LINK.child ? KNOWN_LINK : undefined;
  const link = key ?? known;
  const parentKey = parent.columns.find((column) => column.primaryKey === 1)?.name;
  const parentColumn = link?.parentColumn ?? parentKey;
  const column = child.columns.find(({ name }) => name.toLowerCase() === link?.childColumn.toLowerCase());
  if (column === undefined || parentColumn === undefined) {
    throw new Error(`table ${child.name} has no foreign key to ${parent.name}`);
  }
  return { childColumn: columnSql(child, column), parentColumn };
}

/** A name of the rowid that no column takes. */
function rowidSql(table: TableInfo): string {
  const alias = table.rowidAlias === null ? undefined : table.columns[table.rowidAlias];
  if (alias !== undefined) return columnSql(table, alias);
  const taken = new Set(table.columns.map((column) => column.name.toLowerCase()));
  const free = ['rowid', '_rowid_', 'oid'].find((name) => !taken.has(name));
  if (free === undefined)
    throw new Error(`table ${table.name} hides its rowid behind columns of all three names`);
  return `${quoteName(table.name)}.${free}`;
}

function columnSql(table: TableInfo, column: ColumnInfo): string {
  return `${quoteName(table.name)}.${quoteName(column.name)}`;
}

function columnValue(table: TableInfo, column: ColumnInfo): ScanValue {
  return { sql: columnSql(table, column), holds: holdings(column.declaredType) };
}

function indexValue(table: TableInfo, column: IndexColumn, sql: string): ScanValue {
  const source = table.columns[column.columnId];
  if (column.columnId === -1 || (source !== undefined && column.columnId === table.rowidAlias))
    return { sql, holds: 'integer' };
  return { sql, holds: source === undefined ? 'anything' : holdings(source.declaredType) };
}

function indexTerm(table: TableInfo, column: IndexColumn, term?: string): string {
  if (column.columnId === -1) return rowidSql(table);
  const source = table.columns[column.columnId];
  if (source !== undefined) return columnSql(table, source);
  if (term === undefined) throw new Error(`an index of table ${table.name} has an expression without text`);
  if (/^libsql_vector_idx\b/i.test(term)) {
    throw new Error(`table ${table.name} has a vector index, which can not be backed up`);
  }
  // The line break ends a comment that the text may close with.
  return `(${term}\n)`;
}

/** NULLs come first ascending and last descending, in ORDER BY as in the b-tree. */
function orderTerm(sql: string, column: IndexColumn): string {
  return `${sql} COLLATE ${quoteName(column.collation)}${column.descending ? ' DESC' : ''}`;
}

/** Column affinity (sqlite.org/datatype3.html 3.1) as to REAL values: INTEGER affinity turns all but fractions and infinities into integers. */
function holdings(declaredType: string): ScanValue['holds'] {
  if (/INT/i.test(declaredType)) return 'few reals';
  return /CHAR|CLOB|TEXT/i.test(declaredType) ? 'no real' : 'anything';
}
