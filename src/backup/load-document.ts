/** A document -> a scratch SQLite database, to be compared or looked into. Node only (node:sqlite). */
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { readDocument } from './document/reader.ts';
import type { DocumentSchema } from './document/schema-json.ts';
import { InvalidText, type Row, type SqlValue, type TableInfo } from './model.ts';

/**
 * Creates `path` and loads every row into it; rejects (DocumentError) when the document is not whole. Tables, rows, then indexes, views and
 * triggers, so that none of them changes a row on its way in.
 */
export async function loadDocument(body: AsyncIterable<Uint8Array>, path: string): Promise<void> {
  // Shadow tables of FTS5 are written as they were: defensive mode would refuse.
  const db = new DatabaseSync(path, {
    enableForeignKeyConstraints: false,
    defensive: false,
    // Old programs wrote "literals" in the SQL of their tables.
    enableDoubleQuotedStringLiterals: true,
  });
  try {
    db.exec('PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; BEGIN');
    const inserts = new Map<string, Insert>();
    const sequences: Row[] = [];
    let schema: DocumentSchema | undefined;
    for await (const event of readDocument(body)) {
      if (event.kind === 'header') {
        schema = event.schema;
        createTables(db, schema);
      }
      if (event.kind !== 'rows') continue;
      const { table, rows } = event;
      if (table.name === 'sqlite_sequence') sequences.push(...rows);
      else insertRows(db, inserts, table, rows);
    }
    if (schema === undefined) throw new Error('the document has no header');
    // Last: every row inserted above has moved the counters.
    const sequence = schema.tables.find(({ name }) => name === 'sqlite_sequence');
    if (sequence !== undefined) {
      db.exec('DELETE FROM sqlite_sequence');
      insertRows(db, inserts, sequence, sequences);
    }
    createRest(db, schema);
    db.exec('COMMIT');
  } finally {
    db.close();
  }
}

function createTables(db: DatabaseSync, schema: DocumentSchema): void {
  db.exec(`PRAGMA user_version = ${schema.userVersion}; PRAGMA application_id = ${schema.applicationId}`);
  const made = new Set(schema.tables.filter(({ kind }) => kind !== 'table').map(({ name }) => name));
  for (const { type, name, sql } of schema.objects)
    if (type === 'table' && sql !== null && !made.has(name)) db.exec(sql);
  // Makes sqlite_stat1; virtual tables have made their shadow tables, with rows of their own.
  if (made.has('sqlite_stat1')) db.exec('ANALYZE');
  for (const name of made) db.exec(`DELETE FROM ${quote(name)}`);
}

function createRest(db: DatabaseSync, schema: DocumentSchema): void {
  for (const { type, sql } of schema.objects) if (type !== 'table' && sql !== null) db.exec(sql);
}

interface Insert {
  readonly columns: string;
  readonly verb: string;
  /** By which values are text that is not UTF-8: node:sqlite binds such text as a blob, SQL makes it text again. */
  readonly statements: Map<string, StatementSync>;
}

function insertRows(
  db: DatabaseSync,
  inserts: Map<string, Insert>,
  table: TableInfo,
  rows: readonly Row[],
): void {
  let insert = inserts.get(table.name);
  if (insert === undefined) {
    const names = table.columns.filter(({ generated }) => generated === 'no').map(({ name }) => quote(name));
    const columns = table.withoutRowid ? names : [rowidName(table), ...names];
    insert = { columns: columns.join(', '), verb: `INSERT INTO ${quote(table.name)}`, statements: new Map() };
    inserts.set(table.name, insert);
  }
  for (const row of rows) {
    const values = row.map((value) => (value instanceof InvalidText ? 'CAST(? AS TEXT)' : '?')).join(', ');
    let statement = insert.statements.get(values);
    if (statement === undefined) {
      statement = db.prepare(`${insert.verb} (${insert.columns}) VALUES (${values})`);
      insert.statements.set(values, statement);
    }
    statement.run(...row.map(bindable));
  }
}

function bindable(value: SqlValue): null | bigint | number | string | Uint8Array {
  return value instanceof InvalidText ? value.bytes : value;
}

/** The name under which SQL reaches the rowid; a table may shadow two of the three. */
export function rowidName(table: Pick<TableInfo, 'name' | 'columns'>): string {
  const taken = new Set(table.columns.map(({ name }) => name.toLowerCase()));
  const free = ['rowid', '_rowid_', 'oid'].find((name) => !taken.has(name));
  if (free === undefined) throw new Error(`columns of ${table.name} hide its rowid`);
  return free;
}

export function quote(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
