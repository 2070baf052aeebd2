/**
 * What a database is made of, read with plain SELECTs that both an embedded database and a server
 * answer (servers refuse some PRAGMAs, but not their table-valued functions).
 */

import { DatabaseUnavailable, sureRow } from '../../db/database.ts';
import { isWord, tokenizeSql } from '../../lib/sql-tokens.ts';
import { shadowsOf, tableOptions } from '../../lib/table-sql.ts';
import type {
  ColumnInfo,
  DatabaseSchema,
  IndexColumn,
  IndexInfo,
  Row,
  SchemaObject,
  SqlValue,
  TableInfo,
} from '../model/model.ts';
import { InvalidText, SchemaChanged } from '../model/model.ts';

/** The schema, and what only the scans need of it. */
export interface DetailedSchema {
  readonly schema: DatabaseSchema;
  /** Key order of the WITHOUT ROWID tables' own b-trees, by table name. */
  readonly primaryKeys: ReadonlyMap<string, readonly IndexColumn[]>;
}

/**
 * One row: schema cookie, user_version, application_id, 1 when the encoding is UTF-8. Asked again
 * inside the snapshot: the cookie moves with every change of the schema, the other two numbers do
 * not move it.
 */
export const VERSION_QUERY =
  'SELECT (SELECT schema_version FROM pragma_schema_version), (SELECT user_version FROM pragma_user_version), ' +
  "(SELECT application_id FROM pragma_application_id), (SELECT encoding = 'UTF-8' FROM pragma_encoding)";

const OBJECTS = 'sqlite_schema';
// Virtual tables (rootpage 0) are left out: a missing module would fail the query.
const STORED = "m.type = 'table' AND m.rootpage <> 0";
const COLUMNS = `sqlite_schema m, pragma_table_xinfo(m.name) x WHERE ${STORED}`;
const INDEX_COLUMNS = `sqlite_schema m, pragma_index_list(m.name) l, pragma_index_xinfo(l.name) x WHERE ${STORED}`;

/**
 * To be run in one transaction; {@link readSchema} takes their rows in this order. No view is
 * resolved (lib/table-sql.ts).
 */
export const SCHEMA_QUERIES: readonly string[] = [
  VERSION_QUERY,
  `SELECT type, name, tbl_name, rootpage, sql FROM ${OBJECTS} ORDER BY rowid`,
  `SELECT m.name, x.name, x.type, x."notnull", x.dflt_value, x.pk, x.hidden FROM ${COLUMNS} ORDER BY m.rowid, x.cid`,
  'SELECT m.name, l.name, l."unique", l.origin, l.partial, x.cid, x.name, x."desc", x.coll, x.key ' +
    `FROM ${INDEX_COLUMNS} ORDER BY m.rowid, l.seq, x.seqno`,
  // A table that an answer left out would count as none.
  `SELECT ${[OBJECTS, COLUMNS, INDEX_COLUMNS].map((from) => `(SELECT count(*) FROM ${from})`).join(', ')}`,
];

/**
 * Builds the schema from the answers to {@link SCHEMA_QUERIES}. Throws when the database cannot be
 * read faithfully.
 */
export function readSchema(answers: readonly (readonly Row[])[]): DetailedSchema {
  const [version, master = [], columns = [], indexColumns = [], counts] = answers;
  const [schemaVersion, userVersion, applicationId, isUtf8] = sureRow(version);
  const counted = sureRow(counts);
  if ([master, columns, indexColumns].some(({ length }, i) => counted[i] !== BigInt(length)))
    throw new DatabaseUnavailable('the database answered without rows that its schema has');
  // A UTF-16 database hands out other bytes than it would be rebuilt from; libSQL itself makes
  // UTF-8 only.
  if (isUtf8 !== 1n)
    throw new Error(
      'the database holds its texts as UTF-16: convert it with "sqlite3 FILE .dump | sqlite3 new.db" and use new.db',
    );
  const objects = master.map(readObject);
  const indexes = groupIndexes(indexColumns);
  const shadows = shadowsOf(objects);
  const tables = objects
    .filter((object) => object.type === 'table' && object.hasStorage)
    .map((object) => readTable(object, columns, shadows, indexes));
  return {
    schema: {
      objects,
      tables,
      indexes: objects
        .filter((object) => object.type === 'index')
        .map((object) => readIndex(object, indexes)),
      userVersion: number(userVersion),
      applicationId: number(applicationId),
      schemaVersion: number(schemaVersion),
    },
    primaryKeys: new Map(
      tables.filter((table) => table.withoutRowid).map((table) => [table.name, ownKey(table.name, indexes)]),
    ),
  };
}

/** Compares the answer to {@link VERSION_QUERY} inside a snapshot with the schema it is read by. */
export function requireSameSchema(schema: DatabaseSchema, row: Row | undefined): void {
  const [schemaVersion, userVersion, applicationId] = row ?? [];
  if (
    schemaVersion !== BigInt(schema.schemaVersion) ||
    userVersion !== BigInt(schema.userVersion) ||
    applicationId !== BigInt(schema.applicationId)
  ) {
    throw new SchemaChanged('the schema changed between reading it and reading the rows');
  }
}

function readObject([type, name, tableName, rootPage, sql]: Row): SchemaObject {
  if (type !== 'table' && type !== 'index' && type !== 'view' && type !== 'trigger') {
    throw new Error(`schema entry of unknown type ${String(type)}`);
  }
  requireText(type, name, tableName, sql);
  return {
    type,
    name: text(name),
    tableName: text(tableName),
    sql: optionalText(sql),
    hasStorage: rootPage !== null && rootPage !== 0n,
  };
}

/** SQLite takes such names and texts; no manifest and no document can hold them. */
function requireText(type: string, name?: SqlValue, tableName?: SqlValue, sql?: SqlValue): void {
  const fault =
    name === ''
      ? 'an empty name: rename it'
      : name instanceof InvalidText || tableName instanceof InvalidText
        ? 'a name that is not UTF-8 text: rename it'
        : sql instanceof InvalidText
          ? 'bytes in its SQL that are not UTF-8 text: make it again without them'
          : undefined;
  if (fault === undefined) return;
  const shown = name instanceof InvalidText ? new TextDecoder().decode(name.bytes) : String(name);
  throw new Error(`${type} ${JSON.stringify(shown)} has ${fault}, or drop it, with sqlite3, and try again`);
}

function readTable(
  { name, sql }: SchemaObject,
  allColumns: readonly Row[],
  shadows: ReadonlySet<string>,
  indexes: readonly IndexGroup[],
): TableInfo {
  const columns = allColumns.filter((row) => row[0] === name).map(readColumn);
  const tokens = sql === null ? [] : tokenizeSql(sql);
  const { withoutRowid, strict } = tableOptions(tokens);
  const isShadow = shadows.has(name.toLowerCase());
  const recordOrder = ownKey(name, indexes).map((column) => column.columnId);
  return {
    name,
    sql,
    kind: name.startsWith('sqlite_') ? 'internal' : isShadow ? 'shadow' : 'table',
    withoutRowid,
    strict,
    // A keyword that cannot be a bare name, and stands nowhere but after PRIMARY KEY.
    autoincrement: tokens.some((token) => isWord(token, 'AUTOINCREMENT')),
    rowidAlias: withoutRowid ? null : findRowidAlias(name, columns, indexes),
    columns,
    ...(withoutRowid ? { recordOrder } : {}),
  };
}

/**
 * The columns of a table's primary key index; of a WITHOUT ROWID table, that is all its stored
 * columns as they lie on disk.
 */
function ownKey(table: string, indexes: readonly IndexGroup[]): readonly IndexColumn[] {
  return indexes.find((index) => index.table === table && index.origin === 'pk')?.columns ?? [];
}

/**
 * A primary key of a rowid table is either the rowid itself or has an index of its own. So the
 * alias is the single key column without such an index, whatever made it one (`INTEGER PRIMARY KEY
 * DESC` and `INT PRIMARY KEY` have an index).
 */
function findRowidAlias(
  table: string,
  columns: readonly ColumnInfo[],
  indexes: readonly IndexGroup[],
): number | null {
  const keys = columns.flatMap((column, index) => (column.primaryKey > 0 ? [index] : []));
  const [key] = keys;
  if (key === undefined || keys.length > 1) return null;
  return indexes.some((index) => index.table === table && index.origin === 'pk') ? null : key;
}

const GENERATED = { 2: 'virtual', 3: 'stored' } as const;

function readColumn([, name, type, notNull, defaultValue, primaryKey, hidden]: Row): ColumnInfo {
  return {
    name: text(name),
    declaredType: text(type),
    notNull: notNull === 1n,
    defaultValue: optionalText(defaultValue),
    primaryKey: number(primaryKey),
    generated: hidden === 2n ? GENERATED[2] : hidden === 3n ? GENERATED[3] : 'no',
  };
}

interface IndexGroup {
  readonly table: string;
  readonly name: string;
  readonly unique: boolean;
  readonly origin: 'c' | 'u' | 'pk';
  readonly partial: boolean;
  readonly columns: IndexColumn[];
}

function groupIndexes(rows: readonly Row[]): IndexGroup[] {
  const groups = new Map<string, IndexGroup>();
  for (const [table, name, unique, origin, partial, columnId, column, descending, collation, key] of rows) {
    const indexName = text(name);
    let group = groups.get(indexName);
    if (group === undefined) {
      group = {
        table: text(table),
        name: indexName,
        unique: unique === 1n,
        origin: origin === 'u' || origin === 'pk' ? origin : 'c',
        partial: partial === 1n,
        columns: [],
      };
      groups.set(indexName, group);
    }
    group.columns.push({
      columnId: number(columnId),
      name: optionalText(column),
      descending: descending === 1n,
      collation: optionalText(collation) ?? 'BINARY',
      key: key === 1n,
    });
  }
  return [...groups.values()];
}

function readIndex({ name, sql }: SchemaObject, groups: readonly IndexGroup[]): IndexInfo {
  const group = groups.find((candidate) => candidate.name === name);
  if (group === undefined) throw new Error(`index ${name} has no columns`);
  const { table, unique, origin, partial, columns } = group;
  return { name, table, sql, unique, origin, partial, columns };
}

function text(value: SqlValue | undefined): string {
  if (typeof value !== 'string') throw new Error('the schema holds a name that is not UTF-8 text');
  return value;
}

function optionalText(value: SqlValue | undefined): string | null {
  return value === null || value === undefined ? null : text(value);
}

function number(value: SqlValue | undefined): number {
  if (typeof value !== 'bigint') throw new Error('the schema holds no number where one must be');
  return Number(value);
}
