/**
 * The rows of change files into a database: all rows that the files name go first, then come those
 * that are still there at the end. Of a row that is named several times, the last one counts. Node
 * only.
 */
import { closeSync, createReadStream, openSync, readSync } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';
import { type ChangeEvent, readChangeBatches } from '../changes/change-file.ts';
import { isLeftOut } from '../changes/coverage.ts';
import { Damaged } from '../foreign/errors.ts';
import type { DatabaseSchema, Row, SqlValue, TableInfo } from '../model/model.ts';
import { keyOf } from '../schema/change-key.ts';
import { LOG_TABLE } from '../schema/change-triggers.ts';
import { bindable, type Insert, insertRows } from '../verify/insert-rows.ts';
import { type Deletion, deletionOf, nameOfRowid } from './row-deletion.ts';

/** Rows of files up to so many bytes wait in memory; those of larger ones are read twice. */
const WAITING_BYTES = 16 * 1024 * 1024;

export interface ReplayFile {
  /** Where it lies unpacked, with others: there may be very many. */
  readonly path: string;
  readonly at: number;
  readonly bytes: number;
  /** For people. */
  readonly name: string;
  /** After it the database is as it was at one moment. */
  readonly isRestorePoint: boolean;
}

type Changed = Extract<ChangeEvent, { readonly kind: 'image' | 'deleted' }>;
type KeyName = string | bigint;

export class Replay {
  readonly #db: DatabaseSync;
  readonly #schema: DatabaseSchema;
  readonly #before: (table: TableInfo) => void;
  readonly #waitingBytes: number;
  readonly #tables: ReadonlyMap<string, TableInfo>;
  readonly #targets = new Map<TableInfo, Target>();
  #sequence: ReadonlyMap<string, SqlValue> | undefined;
  #open: { readonly path: string; readonly fd: number } | undefined;
  images = 0;
  deleted = 0;
  /** The name of the file at work. */
  reading = '';

  /** @param before is told of a table before anything is done to its rows */
  constructor(
    db: DatabaseSync,
    schema: DatabaseSchema,
    before: (table: TableInfo) => void,
    waitingBytes: number = WAITING_BYTES,
  ) {
    this.#db = db;
    this.#schema = schema;
    this.#before = before;
    this.#waitingBytes = waitingBytes;
    // A table that is not covered now may have been, when the files were made.
    const known = schema.tables.filter(
      (table) => table.kind === 'table' && !isLeftOut(table.name) && keyOf(table) !== undefined,
    );
    this.#tables = new Map(known.map((table) => [table.name, table]));
  }

  /** Files up to a restore point. */
  async group(files: readonly ReplayFile[]): Promise<void> {
    const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
    if (bytes > this.#waitingBytes) return this.#large(files);
    const waiting = new Map<Target, Map<KeyName, Row>>();
    for (const file of files)
      await this.#each(file, (target, event) => {
        if (this.#begin(target, event)) return;
        const name = target.remove(event);
        const rows = within(waiting, target);
        if (event.kind === 'image') rows.set(name, event.row);
        else rows.delete(name);
      });
    for (const [target, rows] of waiting) this.#insert(target, [...rows.values()]);
  }

  async #large(files: readonly ReplayFile[]): Promise<void> {
    const last = new Map<Target, Map<KeyName, number>>();
    for (const [at, file] of files.entries())
      await this.#each(file, (target, event) => {
        if (this.#begin(target, event)) return;
        within(last, target).set(target.remove(event), at);
      });
    if (last.size === 0) return;
    for (const [at, file] of files.entries())
      await this.#each(file, (target, event) => {
        if (event.kind === 'image' && last.get(target)?.get(target.nameOf(event)) === at)
          this.#insert(target, [event.row]);
      });
  }

  /** Whether that was all: the row is in no other one's way. */
  #begin(target: Target, event: Changed): boolean {
    if (event.kind === 'deleted') {
      this.deleted += 1;
      if (target.isAlone) target.remove(event);
    } else if (target.isAlone) this.#insert(target, [event.row]);
    return target.isAlone;
  }

  #insert(target: Target, rows: readonly Row[]): void {
    target.insert(rows);
    this.images += rows.length;
  }

  async #each(file: ReplayFile, take: (target: Target, event: Changed) => void): Promise<void> {
    const { path, at, bytes, name } = file;
    this.reading = name;
    const contents =
      bytes > WAITING_BYTES ? createReadStream(path, { start: at, end: at + bytes - 1 }) : this.#read(file);
    for await (const events of readChangeBatches(contents, (table) => this.#tables.get(table)))
      for (const event of events) {
        if (event.kind === 'sequence') this.#sequence = event.sequence;
        else if (event.kind === 'image' || event.kind === 'deleted') take(this.#targetOf(event.table), event);
      }
  }

  #read({ path, at, bytes }: ReplayFile): Uint8Array {
    if (this.#open?.path !== path) {
      this.close();
      this.#open = { path, fd: openSync(path, 'r') };
    }
    const contents = new Uint8Array(bytes);
    let done = 0;
    for (let more = 1; more > 0 && done < bytes; done += more)
      more = readSync(this.#open.fd, contents, done, bytes - done, at + done);
    return contents.subarray(0, done);
  }

  /** Before the files may be removed. */
  close(): void {
    if (this.#open !== undefined) closeSync(this.#open.fd);
    this.#open = undefined;
  }

  #targetOf(table: TableInfo): Target {
    const known = this.#targets.get(table);
    if (known !== undefined) return known;
    this.#before(table);
    const made = new Target(this.#db, table, this.#schema);
    this.#targets.set(table, made);
    return made;
  }

  /** Names of the tables that the files had rows of. */
  get met(): ReadonlySet<string> {
    return new Set([...this.#targets.keys()].map(({ name }) => name));
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

function within<K, V>(maps: Map<Target, Map<K, V>>, target: Target): Map<K, V> {
  const known = maps.get(target);
  if (known !== undefined) return known;
  const made = new Map<K, V>();
  maps.set(target, made);
  return made;
}

class Target {
  /**
   * Its rowid is all that two rows cannot share: a row takes the place of its former self, whatever
   * else the files hold.
   */
  readonly isAlone: boolean;
  readonly #db: DatabaseSync;
  readonly #table: TableInfo;
  readonly #deletion: Deletion;
  readonly #inserts = new Map<string, Insert>();

  constructor(db: DatabaseSync, table: TableInfo, { indexes }: DatabaseSchema) {
    this.#db = db;
    this.#table = table;
    this.#deletion = deletionOf(db, table);
    this.isAlone =
      !table.withoutRowid && !indexes.some((index) => index.table === table.name && index.unique);
  }

  nameOf(event: Changed): KeyName {
    const { keyOf, keyOfDeleted, name } = this.#deletion;
    return name(event.kind === 'image' ? keyOf(event.row) : keyOfDeleted(event));
  }

  remove(event: Changed): KeyName {
    const { keyOf, keyOfDeleted, name, run } = this.#deletion;
    const key = event.kind === 'image' ? keyOf(event.row) : keyOfDeleted(event);
    run(key);
    return name(key);
  }

  insert(rows: readonly Row[]): void {
    insertRows(this.#db, this.#inserts, this.#table, rows, (columns) =>
      this.isAlone ? replacing(nameOfRowid(this.#table), columns) : '',
    );
  }
}

/** No OR REPLACE: it would put a default in the place of a NULL that is not allowed. */
function replacing(rowid: string, columns: readonly string[]): string {
  const others = columns.slice(1).filter((name) => name !== rowid);
  const sets = others.map((name) => `${name} = excluded.${name}`).join(', ');
  return ` ON CONFLICT (${rowid}) DO ${sets === '' ? 'NOTHING' : `UPDATE SET ${sets}`}`;
}
