/**
 * Change files into the database of the full backup that they follow. Somebody else may have made
 * them, so this runs in the process for foreign files only: their rows are data, no trigger fires,
 * and none of their text is ever run. Node only.
 */
import { createReadStream, statSync } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';
import { explain } from '../../lib/clock.ts';
import { isLocalFault } from '../../lib/disk/local-fault.ts';
import { quoteName, tokenizeSql } from '../../lib/sql-tokens.ts';
import { moduleOf } from '../../lib/table-sql.ts';
import { type ChangeEvent, readChangeFile } from '../changes/change-file.ts';
import { coverageOf } from '../changes/coverage.ts';
import { type ForeignDatabase, openForeign } from '../foreign/connection.ts';
import { Damaged } from '../foreign/errors.ts';
import type { Task } from '../foreign/task.ts';
import type { DatabaseSchema, Row, SchemaObject, SqlValue, TableInfo } from '../model/model.ts';
import { LOG_TABLE } from '../schema/change-triggers.ts';
import { missingParts } from '../schema/missing-parts.ts';
import { openFileSnapshotSource } from '../snapshot/file.ts';
import { bindable, type Insert, insertRows } from '../verify/insert-rows.ts';
import { type Deletion, deletionOf } from './row-deletion.ts';

declare module '../foreign/task.ts' {
  interface Tasks {
    readonly replay: typeof replayTask;
  }
}

export interface ReplayFile {
  /** Unpacked. */
  readonly path: string;
  /** For people. */
  readonly name: string;
  /** After it the database is as it was at one moment. */
  readonly isRestorePoint: boolean;
}

export interface ReplayInput {
  /** The full backup's database, which was proved; after a failure it is worth nothing. */
  readonly path: string;
  /** In their order; the last one is a restore point. */
  readonly files: readonly ReplayFile[];
  /** Of the database and all files, unpacked. */
  readonly bytes: number;
}

export interface Replayed {
  /** Rows of change files that were brought in. */
  readonly images: number;
  readonly deleted: number;
  /** Tables that change files tell of. */
  readonly covered: readonly string[];
  /** For people. */
  readonly notes: readonly string[];
  /** A file whose rows do not fit; the database is worth nothing then. */
  readonly end?: ReplayEnd;
}

export interface ReplayEnd {
  readonly file: string;
  readonly problem: string;
  /** So many files before it are good, up to the last restore point. */
  readonly good: number;
}

export const replayTask: Task<ReplayInput, Replayed> = async ({ path, files, bytes }) => {
  const schema = await openFileSnapshotSource({ path }).schema();
  const foreign = openForeign(path, { mode: 'write', bytes });
  const { db } = foreign;
  try {
    const before = orphansOf(db);
    db.exec('BEGIN');
    const triggers = schema.objects.filter(({ type }) => type === 'trigger');
    for (const { name } of triggers) db.exec(`DROP TRIGGER ${quoteName(name)}`);
    const replay = new Replay(db, schema);
    const record = recordOf(db, schema);
    let good = 0;
    for (const group of groupsOf(files)) {
      try {
        await replay.group(group);
        requireRecord(record, recordOf(db, schema));
      } catch (error) {
        // A full disk here says nothing about the file.
        if (isLocalFault(error)) throw error;
        const end = { file: replay.reading, problem: explain(error), good };
        return { images: 0, deleted: 0, covered: [], notes: [], end };
      }
      good += group.length;
    }
    replay.setSequence();
    const stale = rebuildSearch(db, schema);
    makeTriggers(foreign, triggers);
    db.exec('COMMIT');
    const orphans = orphansOf(db) - before;
    return {
      images: replay.images,
      deleted: replay.deleted,
      covered: coverageOf(schema).covered.map(({ name }) => name),
      notes: [
        ...stale,
        ...(orphans > 0 ? [`${orphans} more rows than in the backup refer to rows that do not exist`] : []),
      ],
    };
  } finally {
    foreign.close();
  }
};

/** What is missing of the bot's own, by the same rule as in a backup (missing-parts.ts). */
function recordOf(db: DatabaseSync, schema: DatabaseSchema): readonly string[] {
  const table = schema.tables.find(({ name }) => name === 'schema_migrations');
  if (table?.kind !== 'table' || !table.columns.some(({ name }) => name === 'version')) return [];
  const rows = db.prepare('SELECT version FROM schema_migrations ORDER BY version').all();
  return missingParts(
    schema,
    rows.map(({ version }) => Number(version)),
  );
}

function requireRecord(before: readonly string[], after: readonly string[]): void {
  const found = after.filter((finding) => !before.includes(finding));
  if (found.length > 0) throw new Damaged(`with it the database is not whole: ${found.join('; ')}`);
}

/**
 * Files up to a restore point: between two of them no rows fit together, and two rows that swapped
 * a unique value may lie in two files.
 */
export function groupsOf(files: readonly ReplayFile[]): ReplayFile[][] {
  const groups: ReplayFile[][] = [];
  let open: ReplayFile[] = [];
  for (const file of files) {
    open.push(file);
    if (!file.isRestorePoint) continue;
    groups.push(open);
    open = [];
  }
  if (open.length > 0) throw new Error('the last change file is no restore point');
  return groups;
}

/** Twice what a file has, unless a single row is larger (changes/ship.ts). */
const USUAL_BYTES = 16 * 1024 * 1024;

class Replay {
  readonly #db: DatabaseSync;
  readonly #tables: ReadonlyMap<string, TableInfo>;
  readonly #deletes = new Map<string, Deletion>();
  readonly #inserts = new Map<string, Insert>();
  #sequence: ReadonlyMap<string, SqlValue> | undefined;
  images = 0;
  deleted = 0;
  /** The name of the file at work. */
  reading = '';

  constructor(db: DatabaseSync, schema: DatabaseSchema) {
    this.#db = db;
    this.#tables = new Map(coverageOf(schema).covered.map((table) => [table.name, table]));
  }

  /** All rows that the files name go first; then come those that are still there at the end. */
  async group(files: readonly ReplayFile[]): Promise<void> {
    const [only] = files;
    if (files.length === 1 && only !== undefined)
      return statSync(only.path).size > USUAL_BYTES ? this.#large(only) : this.#single(only);
    // Of a row that several files have, the last one counts.
    const last = new Map<string, number>();
    for (const [at, file] of files.entries())
      for await (const event of this.#events(file)) {
        if (event.kind !== 'image' && event.kind !== 'deleted') continue;
        const deletion = this.#deletionOf(event.table);
        const key = event.kind === 'image' ? deletion.keyOf(event.row) : deletion.keyOfDeleted(event);
        last.set(deletion.name(key), at);
        deletion.run(key);
        if (event.kind === 'deleted') this.deleted += 1;
      }
    for (const [at, file] of files.entries())
      for await (const event of this.#events(file)) {
        if (event.kind === 'sequence') this.#sequence = event.sequence;
        if (event.kind !== 'image') continue;
        const deletion = this.#deletionOf(event.table);
        if (last.get(deletion.name(deletion.keyOf(event.row))) === at) this.#insert(event.table, [event.row]);
      }
  }

  /** Its rows have no room in memory: it is read twice. */
  async #large(file: ReplayFile): Promise<void> {
    for await (const event of this.#events(file)) {
      if (event.kind !== 'image' && event.kind !== 'deleted') continue;
      const deletion = this.#deletionOf(event.table);
      deletion.run(event.kind === 'image' ? deletion.keyOf(event.row) : deletion.keyOfDeleted(event));
      if (event.kind === 'deleted') this.deleted += 1;
    }
    for await (const event of this.#events(file)) {
      if (event.kind === 'sequence') this.#sequence = event.sequence;
      if (event.kind === 'image') this.#insert(event.table, [event.row]);
    }
  }

  /** A usual file has some 8 MB of rows: they wait in memory until all deletions are done. */
  async #single(file: ReplayFile): Promise<void> {
    const images = new Map<TableInfo, Row[]>();
    for await (const event of this.#events(file)) {
      if (event.kind === 'sequence') this.#sequence = event.sequence;
      if (event.kind === 'deleted') {
        const deletion = this.#deletionOf(event.table);
        deletion.run(deletion.keyOfDeleted(event));
        this.deleted += 1;
      }
      if (event.kind !== 'image') continue;
      const deletion = this.#deletionOf(event.table);
      deletion.run(deletion.keyOf(event.row));
      const rows = images.get(event.table);
      if (rows === undefined) images.set(event.table, [event.row]);
      else rows.push(event.row);
    }
    for (const [table, rows] of images) this.#insert(table, rows);
  }

  #insert(table: TableInfo, rows: readonly Row[]): void {
    insertRows(this.#db, this.#inserts, table, rows);
    this.images += rows.length;
  }

  #events({ path, name }: ReplayFile): AsyncGenerator<ChangeEvent> {
    this.reading = name;
    return readChangeFile(createReadStream(path), (table) => this.#tables.get(table));
  }

  #deletionOf(table: TableInfo): Deletion {
    const known = this.#deletes.get(table.name);
    if (known !== undefined) return known;
    const made = deletionOf(this.#db, table);
    this.#deletes.set(table.name, made);
    return made;
  }

  /** Last: every row that was brought in has moved the counters. */
  setSequence(): void {
    const sequence = this.#sequence;
    if (sequence === undefined || sequence.size === 0) return;
    const isThere = this.#db.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'sqlite_sequence'").get();
    if (isThere === undefined) throw new Damaged('counters of AUTOINCREMENT, in a database that has none');
    this.#db.prepare('DELETE FROM sqlite_sequence WHERE name <> ?').run(LOG_TABLE);
    const insert = this.#db.prepare('INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)');
    for (const [name, seq] of sequence) if (name !== LOG_TABLE) insert.run(name, bindable(seq));
  }
}

/**
 * Search tables are made of other tables' rows: anew, where their rows come from a table. What
 * comes from a view would run somebody's SQL. Returns what is to be told.
 */
function rebuildSearch(db: DatabaseSync, { objects, tables }: DatabaseSchema): string[] {
  const left = coverageOf({ tables, objects }).left.filter(({ isData }) => isData);
  const notes = left.map(({ table, reason }) => `table ${table} is as in the full backup: ${reason}`);
  const unrecorded = new Set(left.map(({ table }) => table));
  for (const { type, name, sql, hasStorage } of objects) {
    if (type !== 'table' || hasStorage || unrecorded.has(name)) continue;
    if (moduleOf(tokenizeSql(sql ?? ''))?.toLowerCase() !== 'fts5') continue;
    try {
      db.exec(`INSERT INTO ${quoteName(name)} (${quoteName(name)}) VALUES ('rebuild')`);
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      notes.push(`search table ${name} is as in the full backup (${why}): have it rebuilt`);
    }
  }
  return notes;
}

/** Letter by letter as they were: SQLite keeps the text of a trigger. */
function makeTriggers({ db, creating }: ForeignDatabase, triggers: readonly SchemaObject[]): void {
  for (const { sql } of triggers) {
    creating(true);
    try {
      db.prepare(sql ?? '').run();
    } finally {
      creating(false);
    }
  }
  const made = db.prepare("SELECT sql FROM sqlite_schema WHERE type = 'trigger'").all();
  const texts = new Set(made.map(({ sql }) => sql));
  const odd = triggers.find(({ sql }) => !texts.has(sql));
  if (odd !== undefined || made.length !== triggers.length)
    throw new Damaged(`trigger ${odd?.name ?? ''} does not come back as it was`);
}

function orphansOf(db: DatabaseSync): number {
  try {
    return db.prepare('PRAGMA foreign_key_check').all().length;
  } catch {
    // A table that others refer to has no such key: SQLite cannot count.
    return 0;
  }
}
