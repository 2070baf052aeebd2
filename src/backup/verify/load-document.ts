/**
 * A document -> a scratch SQLite database, to be compared or looked into. The document may be
 * anybody's: its SQL is checked (foreign/schema-text.ts), prepared one statement at a time, and
 * runs under an authorizer (foreign/connection.ts). Node only.
 */
import { createReadStream, statSync } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';
import { quoteName } from '../../lib/sql-tokens.ts';
import { readDocument } from '../document/reader.ts';
import type { DocumentSchema } from '../document/schema-json.ts';
import { explainFull, type ForeignDatabase, openForeign } from '../foreign/connection.ts';
import { Damaged } from '../foreign/errors.ts';
import { requireSchema } from '../foreign/schema-text.ts';
import type { Task } from '../foreign/task.ts';
import type { Row, SchemaObject } from '../model/model.ts';
import { openFileSnapshotSource } from '../snapshot/file.ts';
import { type Insert, insertRows, withoutDefence } from './insert-rows.ts';

declare module '../foreign/task.ts' {
  interface Tasks {
    readonly load: typeof loadTask;
  }
}

/**
 * Creates the database `path` and loads every row of the file `document` into it; rejects
 * (DocumentError, Damaged) when the document is not whole or not what it says. Tables, rows, then
 * indexes, views and triggers, so that none of them changes a row on its way in.
 * @param bare another database to create, with all but the rows: `path` then goes without the
 * indexes that no row can break, which take more time than the rows
 * @returns its `backup_timestamp`
 */
export async function loadDocument(document: string, path: string, bare?: string): Promise<string> {
  const { size } = statSync(document);
  const foreign = openForeign(path, { mode: 'write', bytes: size });
  const { db } = foreign;
  try {
    db.exec('BEGIN');
    const inserts = new Map<string, Insert>();
    const sequences: Row[] = [];
    let schema: DocumentSchema | undefined;
    let leftOut: ReadonlySet<string> = new Set();
    let timestamp = '';
    for await (const event of readDocument(createReadStream(document))) {
      if (event.kind === 'header') {
        schema = event.schema;
        timestamp = event.backupTimestamp;
        createTables(foreign, schema);
        if (bare !== undefined) leftOut = await createBare(bare, schema, size);
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
    createOthers(foreign, schema, leftOut);
    db.exec('COMMIT');
    return timestamp;
  } catch (error) {
    throw explainFull(db, path, error);
  } finally {
    foreign.close();
  }
}

/** @returns the names of its indexes that no row can break: they only order columns as they are */
async function createBare(path: string, schema: DocumentSchema, size: number): Promise<ReadonlySet<string>> {
  const foreign = openForeign(path, { mode: 'write', bytes: size });
  try {
    foreign.db.exec('BEGIN');
    createTables(foreign, schema);
    createOthers(foreign, schema);
    foreign.db.exec('COMMIT');
  } finally {
    foreign.close();
  }
  const { tables, indexes } = await openFileSnapshotSource({ path }).schema();
  const isStored = (of: string, column: number): boolean =>
    column === -1 || tables.find(({ name }) => name === of)?.columns[column]?.generated === 'no';
  const plain = indexes.filter(
    ({ table, unique, partial, columns }) =>
      !unique && !partial && columns.every(({ columnId }) => isStored(table, columnId)),
  );
  return new Set(plain.map(({ name }) => name));
}

/** {@link loadDocument} in the process for foreign files. */
export const loadTask: Task<{ document: string; path: string }, string> = ({ document, path }) =>
  loadDocument(document, path);

function createTables(foreign: ForeignDatabase, schema: DocumentSchema): void {
  requireSchema(schema.objects);
  requireKinds(schema);
  const { db } = foreign;
  db.exec(`PRAGMA user_version = ${schema.userVersion}; PRAGMA application_id = ${schema.applicationId}`);
  const made = new Set(schema.tables.filter(({ kind }) => kind !== 'table').map(({ name }) => name));
  createObjects(
    foreign,
    schema.objects.filter(({ type, name }) => type === 'table' && !made.has(name)),
  );
  // Makes sqlite_stat1; virtual tables have made their shadow tables, with rows of their own.
  if (made.has('sqlite_stat1')) db.exec('ANALYZE');
  withoutDefence(db, () => {
    for (const name of made) db.exec(`DELETE FROM ${quoteName(name)}`);
  });
}

/** Behind the rows. */
function createOthers(
  foreign: ForeignDatabase,
  schema: DocumentSchema,
  leftOut: ReadonlySet<string> = new Set(),
): void {
  const isMade = ({ type, name }: SchemaObject): boolean => type !== 'index' || !leftOut.has(name);
  createObjects(
    foreign,
    schema.objects.filter((object) => object.type !== 'table' && isMade(object)),
  );
  requireDeclared(foreign.db, schema.objects.filter(isMade));
}

/**
 * Tables that are not made by their own SQL must be of those that SQLite makes, or lie behind a
 * virtual table.
 */
function requireKinds({ objects, tables }: DocumentSchema): void {
  const virtual = objects
    .filter(({ type, sql }) => type === 'table' && /^CREATE\s+VIRTUAL\s/i.test(sql ?? ''))
    .map(({ name }) => name.toLowerCase());
  const declared = new Set(objects.filter(({ type }) => type === 'table').map(({ name }) => name));
  for (const { name, kind } of tables) {
    const isInternal = /^sqlite_/i.test(name);
    const isShadow = virtual.some((owner) => name.toLowerCase().startsWith(`${owner}_`));
    const isRight =
      declared.has(name) && (kind === 'internal') === isInternal && (kind !== 'shadow' || isShadow);
    if (!isRight) throw new Damaged(`the schema is refused: table ${JSON.stringify(name)} is not ${kind}`);
  }
}

/** Each as one statement: what stands behind it is never compiled. */
function createObjects({ db, creating }: ForeignDatabase, objects: readonly SchemaObject[]): void {
  for (const { type, name, sql } of objects) {
    if (sql === null) continue;
    creating(true);
    try {
      db.prepare(sql).run();
    } catch (cause) {
      throw new Error(`${type} ${JSON.stringify(name)} cannot be made`, { cause });
    } finally {
      creating(false);
    }
  }
}

/** Whatever the SQL of the objects did, it made these objects and no others. */
function requireDeclared(db: DatabaseSync, objects: readonly SchemaObject[]): void {
  const line = (...parts: readonly unknown[]): string => JSON.stringify(parts);
  const isOurs = (name: string): boolean => !/^sqlite_/i.test(name);
  const made = db
    .prepare('SELECT type, name, tbl_name AS owner FROM sqlite_schema')
    .all()
    .filter(({ name }) => isOurs(String(name)))
    .map(({ type, name, owner }) => line(type, name, owner));
  const declared = objects
    .filter(({ name }) => isOurs(name))
    .map(({ type, name, tableName }) => line(type, name, tableName));
  const [odd] = new Set(declared).symmetricDifference(new Set(made));
  if (odd !== undefined)
    throw new Damaged(`the schema is refused: its SQL does not make what it declares: ${odd}`);
}
