/**
 * A RowSource over node:sqlite, for tests only: small, slow, independent of the reader in
 * src/backup/snapshot.
 */
import type { DatabaseSync, SQLInputValue } from 'node:sqlite';
import {
  type DatabaseSchema,
  type IndexInfo,
  InvalidText,
  type Row,
  type RowSource,
  type Scan,
  type ScanTarget,
  type SqlValue,
  type TableInfo,
} from '../../src/backup/model/model.ts';

const BATCH = 100;

/**
 * Reads `db` inside a transaction of its own. Rows exactly as model.ts asks for; `nested` scans are
 * not made.
 */
export function openSqliteSource(db: DatabaseSync): RowSource {
  return {
    async read(use) {
      db.exec('BEGIN');
      try {
        const schema = readSqliteSchema(db);
        return await use({
          schema,
          async *scans(targets) {
            for (const target of targets) yield scan(db, schema, target);
          },
        });
      } finally {
        db.exec('COMMIT');
      }
    },
  };
}

export function readSqliteSchema(db: DatabaseSync): DatabaseSchema {
  const all = (sql: string, ...values: SQLInputValue[]) => db.prepare(sql).all(...values);
  const objects = all('SELECT type, name, tbl_name, sql, rootpage FROM sqlite_schema ORDER BY rowid').map(
    (row) => ({
      type: row['type'] as 'table' | 'index' | 'view' | 'trigger',
      name: row['name'] as string,
      tableName: row['tbl_name'] as string,
      sql: row['sql'] as string | null,
      hasStorage: Number(row['rootpage'] ?? 0) !== 0,
    }),
  );
  const tables: TableInfo[] = [];
  const indexes: IndexInfo[] = [];
  for (const object of objects) {
    if (object.type !== 'table' || !object.hasStorage) continue;
    const list = all(
      "SELECT type, wr, strict FROM pragma_table_list WHERE schema = 'main' AND name = ?",
      object.name,
    )[0];
    const columns = all('SELECT * FROM pragma_table_xinfo(?)', object.name).map((row) => ({
      name: row['name'] as string,
      declaredType: row['type'] as string,
      notNull: row['notnull'] === 1,
      defaultValue: row['dflt_value'] as string | null,
      primaryKey: row['pk'] as number,
      generated:
        row['hidden'] === 2
          ? ('virtual' as const)
          : row['hidden'] === 3
            ? ('stored' as const)
            : ('no' as const),
    }));
    const withoutRowid = list?.['wr'] === 1;
    const listed = all('SELECT * FROM pragma_index_list(?) ORDER BY seq DESC', object.name);
    const keyIndex = listed.find((index) => index['origin'] === 'pk');
    const keys = columns.flatMap((column, id) =>
      column.primaryKey > 0 ? [{ id, type: column.declaredType }] : [],
    );
    const alias = keys.length === 1 && keyIndex === undefined && !withoutRowid ? keys[0] : undefined;
    tables.push({
      name: object.name,
      sql: object.sql,
      kind: list?.['type'] === 'shadow' ? 'shadow' : object.name.startsWith('sqlite_') ? 'internal' : 'table',
      withoutRowid,
      strict: list?.['strict'] === 1,
      autoincrement: /\bautoincrement\b/i.test(object.sql ?? ''),
      rowidAlias: alias?.type.toUpperCase() === 'INTEGER' ? alias.id : null,
      columns,
      ...(withoutRowid && keyIndex !== undefined
        ? { recordOrder: indexColumns(db, keyIndex['name'] as string).map((column) => column.columnId) }
        : {}),
    });
    for (const index of listed) {
      if (withoutRowid && index['origin'] === 'pk') continue;
      const name = index['name'] as string;
      indexes.push({
        name,
        table: object.name,
        sql: objects.find((candidate) => candidate.type === 'index' && candidate.name === name)?.sql ?? null,
        unique: index['unique'] === 1,
        origin: index['origin'] as 'c' | 'u' | 'pk',
        partial: index['partial'] === 1,
        columns: indexColumns(db, name),
      });
    }
  }
  const pragma = (name: string) => Number(Object.values(all(`PRAGMA ${name}`)[0] ?? {})[0]);
  return {
    objects,
    tables,
    indexes,
    userVersion: pragma('user_version'),
    applicationId: pragma('application_id'),
    schemaVersion: pragma('schema_version'),
  };
}

/**
 * The terms of a CREATE INDEX: what stands between its outermost parentheses, and its WHERE clause.
 */
export function indexTerms(sql: string): { terms: string[]; where: string } {
  const terms: string[] = [];
  const tokens = /'(?:[^']|'')*'|"(?:[^"]|"")*"|`(?:[^`]|``)*`|\[[^\]]*\]|[\s\S]/g;
  let depth = 0;
  let term = '';
  for (let match = tokens.exec(sql); match !== null; match = tokens.exec(sql)) {
    const [token] = match;
    if (token === ')') depth -= 1;
    if (depth === 0 && token === ')') return { terms: [...terms, term], where: sql.slice(tokens.lastIndex) };
    if (depth === 1 && token === ',') {
      terms.push(term);
      term = '';
    } else if (depth > 0) {
      term += token;
    }
    if (token === '(') depth += 1;
  }
  throw new Error(`no terms in ${sql}`);
}

export function quoteName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** The name under which SQL reaches the rowid, unless columns shadow all three. */
export function rowidName(table: TableInfo): string {
  const taken = new Set(table.columns.map((column) => column.name.toLowerCase()));
  const free = ['rowid', '_rowid_', 'oid'].find((name) => !taken.has(name));
  if (free === undefined) throw new Error(`rowid of ${table.name} cannot be read`);
  return free;
}

function indexColumns(db: DatabaseSync, name: string): IndexInfo['columns'] {
  const rows = db.prepare('SELECT * FROM pragma_index_xinfo(?)').all(name);
  return rows.map((row) => ({
    columnId: row['cid'] as number,
    name: row['name'] as string | null,
    descending: row['desc'] === 1,
    collation: row['coll'] as string,
    key: row['key'] === 1,
  }));
}

function scan(db: DatabaseSync, schema: DatabaseSchema, target: ScanTarget): Scan {
  if (target.kind === 'nested') throw new Error('nested scans are not made here');
  const { columns, from } =
    target.kind === 'table' ? tableQuery(db, target.table) : indexQuery(schema, target.index);
  // Text travels as its bytes: node:sqlite would stop at nothing, but replace what is not UTF-8.
  const select = columns.map(
    (column) => `typeof(${column}), iif(typeof(${column}) = 'text', CAST(${column} AS BLOB), ${column})`,
  );
  const statement = db.prepare(`SELECT ${select.join(', ')} ${from}`);
  statement.setReadBigInts(true);
  statement.setReturnArrays(true);
  return { target, rows: batches(statement.iterate() as Iterable<unknown>) };
}

async function* batches(raw: Iterable<unknown>): AsyncIterable<readonly Row[]> {
  let batch: Row[] = [];
  for (const values of raw) {
    batch.push(decodeRow(values as (SqlValue | string)[]));
    if (batch.length < BATCH) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}

function decodeRow(values: (SqlValue | string)[]): Row {
  const row: SqlValue[] = [];
  for (let at = 0; at < values.length; at += 2) {
    const value = values[at + 1] as SqlValue;
    row.push(values[at] === 'text' ? decodeText(value as Uint8Array) : value);
  }
  return row;
}

function decodeText(bytes: Uint8Array): string | InvalidText {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return new InvalidText(bytes);
  }
}

function tableQuery(db: DatabaseSync, table: TableInfo): { columns: string[]; from: string } {
  const stored = table.columns
    .filter((column) => column.generated !== 'virtual')
    .map((column) => quoteName(column.name));
  const from = `FROM ${quoteName(table.name)}`;
  if (!table.withoutRowid) {
    const rowid = rowidName(table);
    return { columns: [rowid, ...stored], from: `${from} ORDER BY ${rowid}` };
  }
  // An explicit order: left alone, SQLite may scan a covering index, even when told NOT INDEXED.
  const key = db.prepare("SELECT name FROM pragma_index_list(?) WHERE origin = 'pk'").get(table.name);
  const order = indexColumns(db, key?.['name'] as string)
    .filter((column) => column.key)
    .map(
      (column) =>
        `${quoteName(column.name ?? '')} COLLATE ${column.collation}${column.descending ? ' DESC' : ''}`,
    );
  return { columns: stored, from: `${from} ORDER BY ${order.join(', ')}` };
}

function indexQuery(schema: DatabaseSchema, index: IndexInfo): { columns: string[]; from: string } {
  const table = schema.tables.find((candidate) => candidate.name === index.table);
  if (table === undefined) throw new Error(`no table ${index.table}`);
  const parsed = index.sql === null ? undefined : indexTerms(index.sql);
  const columns = index.columns.map((column, position) => {
    if (column.columnId >= 0) return quoteName(table.columns[column.columnId]?.name ?? '');
    if (column.columnId === -1) return rowidName(table);
    return `(${(parsed?.terms[position] ?? '').replace(/\s+(ASC|DESC)\s*$/i, '')})`;
  });
  const order = index.columns.map(
    (column, position) =>
      `${columns[position]} COLLATE ${column.collation}${column.descending ? ' DESC' : ''}`,
  );
  return {
    columns,
    from: `FROM ${quoteName(table.name)} ${parsed?.where ?? ''} ORDER BY ${order.join(', ')}`,
  };
}
