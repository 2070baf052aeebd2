/** One database connection of the server; it runs one statement at a time. Node only. */
import Database from 'libsql';
import { drainStatement } from './drain.ts';
import { textsAsHex } from './hex-texts.ts';
import { type Dialect, withTextForName } from './hosted.ts';
import { type Column, Kept, type Prepared } from './kept-statements.ts';
import { checkSize, RowBatch } from './row-batch.ts';
import { failureFromSqlite, missingColumn } from './sql-errors.ts';
import type { Statement } from './statement.ts';
import type { BoundValue, NativeValue } from './wire-values.ts';

/** A running statement: its first rows are there, so its writes have happened. */
export interface Execution {
  readonly columns: readonly Column[];
  /** The next rows, about {@link BATCH_BYTES} of them, as JSON arrays; undefined at the end. */
  next(): readonly string[] | undefined;
  /** After the last row. */
  outcome(): { readonly affectedRows: number; readonly lastInsertRowid: bigint | null };
  /** Ends the statement early; its locks are gone when this returns. */
  abort(): void;
}

type Arguments = BoundValue[] | Record<string, BoundValue>;

/** `start` throws libsql's own error when the database is locked, and may then be called again. */
export interface Attempt {
  start(): Execution;
}

export interface Opening {
  readonly file: string;
  readonly dialect: Dialect;
}

export class Connection {
  /** Rolled back to let another writer in; every step of the next program fails. */
  forcedRollback = false;
  readonly #file: string;
  readonly #dialect: Dialect;
  #db: Database.Database;
  #stuck = false;
  #busy: Promise<void> = Promise.resolve();
  #foreignKeysTouched = false;
  readonly #kept = new Kept();
  #schema: NativeValue | undefined;
  #version: Database.Statement | undefined;
  #changed: Database.Statement | undefined;

  constructor({ file, dialect }: Opening) {
    this.#file = file;
    this.#dialect = dialect;
    this.#db = openDatabase(file);
  }

  get isAutocommit(): boolean {
    return !this.#db.inTransaction;
  }

  /** One step at a time: a second program here waits for the first one's current step. */
  async exclusively<T>(run: () => Promise<T>): Promise<T> {
    const before = this.#busy;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#busy = promise;
    await before;
    try {
      return await run();
    } finally {
      resolve();
    }
  }

  /**
   * A statement ready to start. Throws {@link SqlFailure} when the statement is at fault.
   * @param rowBytes longest value
   */
  prepare(asked: Statement, args: Arguments, rowBytes: number): Attempt {
    const values = Object.values(args);
    for (const value of values) checkSize(value, rowBytes);
    if (/foreign_keys/i.test(asked.sql)) this.#foreignKeysTouched = true;
    if (asked.kind === 'ddl') this.#kept.end();
    const prepared = this.#kept.take(asked.sql) ?? this.#prepareWhole(asked);
    const { statement, native, columns } = prepared;
    const keep = (): void => this.#kept.put(asked.sql, prepared, values);
    if (columns === undefined) {
      return {
        start: () => {
          native.run(args);
          keep();
          return {
            columns: [],
            next: () => undefined,
            outcome: () => this.#outcome(statement),
            abort() {},
          };
        },
      };
    }
    const newBatch = (): RowBatch => new RowBatch(statement.isQuery, rowBytes);
    return { start: () => this.#read({ ...prepared, columns }, args, newBatch, keep) };
  }

  #prepareWhole(asked: Statement): Prepared {
    const statement = this.#dialect === 'hosted' ? this.#withTexts(asked) : asked;
    const native = this.#prepare(this.#stuck && statement.kind === 'end' ? 'ROLLBACK' : statement.sql);
    if (!native.reader) return { statement, native, columns: undefined };
    const columns = native.columns().map(({ name, type }) => ({ name, decltype: type }));
    const reading = statement.isQuery ? this.#prepare(textsAsHex(statement.sql, columns.length)) : native;
    return { statement, native: reading.raw().safeIntegers(), columns };
  }

  /**
   * Gives up an attempt that met a lock. libsql leaves such a statement half-started, and SQLite
   * commits nothing on its connection meanwhile: later writes would be lost. A new connection takes
   * over when the transaction is over, which can only be a rollback (a transaction that met a lock
   * has written nothing).
   */
  giveUp(): void {
    this.#stuck = true;
    this.leaveStuckConnection();
  }

  /** After every step: leaves a stuck connection as soon as no transaction holds it. */
  leaveStuckConnection(): void {
    if (!this.#stuck || this.#db.inTransaction) return;
    this.#reopen();
    this.#stuck = false;
  }

  rollback(): void {
    if (this.#db.inTransaction) this.#db.exec('ROLLBACK');
    this.leaveStuckConnection();
  }

  /** For a new stream, which has a new connection on the server: no older schema stays. */
  begin(): void {
    const schema = this.#schemaVersion();
    if (schema === undefined) {
      this.#kept.end();
      return;
    }
    if (this.#schema !== undefined && schema !== this.#schema) this.#reopen();
    this.#schema = schema;
    this.#kept.begin();
  }

  /** Fit for the next stream: no transaction, no setting of the last one. */
  reset(): void {
    this.rollback();
    this.forcedRollback = false;
    if (this.#foreignKeysTouched) this.#db.exec('PRAGMA foreign_keys = ON');
    this.#foreignKeysTouched = false;
  }

  close(): void {
    this.rollback();
    this.#letGo();
  }

  #reopen(): void {
    this.#letGo();
    this.#db = openDatabase(this.#file);
  }

  /** Undefined for a locked or damaged file: the stream's own statements tell it. */
  #schemaVersion(): NativeValue | undefined {
    try {
      this.#version ??= this.#db.prepare('PRAGMA schema_version').raw();
      return row(this.#version.get())[0];
    } catch {
      this.#version = undefined;
      return undefined;
    }
  }

  #letGo(): void {
    this.#kept.end();
    this.#version = undefined;
    this.#changed = undefined;
    this.#db.close();
  }

  #read(
    { native, columns, statement }: Prepared & { readonly columns: readonly Column[] },
    args: Arguments,
    newBatch: () => RowBatch,
    keep: () => void,
  ): Execution {
    const rows = native.iterate(args);
    let upcoming = rows.next(); // the first step: writes happen here, and a lock is met here
    let failure: unknown;
    const db = this.#db;
    return {
      columns,
      next() {
        if (failure !== undefined) throw failure;
        if (upcoming.done) return undefined;
        const batch = newBatch();
        while (!upcoming.done && batch.hasRoom) {
          batch.add(row(upcoming.value));
          try {
            upcoming = rows.next();
          } catch (error) {
            // SQLite has halted the statement itself. The rows before the error go out before it.
            upcoming = { done: true, value: undefined };
            failure = failureFromSqlite(error, statement.sql);
          }
        }
        return batch.encode();
      },
      outcome: () => {
        keep();
        return this.#outcome(statement);
      },
      abort() {
        if (!upcoming.done) drainStatement(db, rows);
      },
    };
  }

  /** Turns names in double quotes that fit no column into texts, as SQLite does by default. */
  #withTexts(statement: Statement): Statement {
    try {
      this.#db.prepare(statement.sql);
      return statement;
    } catch (error) {
      const missing = missingColumn(error);
      const sql = missing === undefined ? undefined : withTextForName(statement.sql, missing);
      return sql === undefined ? statement : this.#withTexts({ ...statement, sql });
    }
  }

  #prepare(sql: string): Database.Statement {
    try {
      return this.#db.prepare(sql);
    } catch (error) {
      throw failureFromSqlite(error, sql);
    }
  }

  #outcome(statement: Statement): { affectedRows: number; lastInsertRowid: bigint | null } {
    if (!statement.isChange) return { affectedRows: 0, lastInsertRowid: null };
    this.#changed ??= this.#db.prepare('SELECT changes(), last_insert_rowid()').raw().safeIntegers();
    const [changes, rowid] = row(this.#changed.get());
    return {
      affectedRows: Number(changes),
      lastInsertRowid: statement.isInsert && typeof rowid === 'bigint' ? rowid : null,
    };
  }
}

function openDatabase(file: string): Database.Database {
  const db = new Database(file);
  // NORMAL: what the server runs with; a killed process loses nothing in WAL mode.
  db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA foreign_keys = ON');
  return db;
}

function row(value: unknown): NativeValue[] {
  if (!Array.isArray(value)) throw new TypeError('libsql returned a row that is no array');
  return value;
}
