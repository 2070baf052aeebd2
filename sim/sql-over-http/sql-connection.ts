/**
 * One database connection of the server; it runs one statement at a time. Node only: libsql is a
 * native package.
 */
import Database from 'libsql';
import { drainStatement } from './drain.ts';
import { decodeHexTexts, textsAsHex } from './hex-texts.ts';
import { type Dialect, withTextForName } from './hosted.ts';
import { failureFromSqlite, missingColumn, SqlFailure } from './sql-errors.ts';
import type { Statement } from './statement.ts';
import { type BoundValue, encodeValue, type NativeValue } from './wire-values.ts';

export interface Column {
  readonly name: string;
  readonly decltype: string | null;
}

/** A running statement: its first rows are there, so its writes have happened. */
export interface Execution {
  readonly columns: readonly Column[];
  /**
   * The next rows, {@link BATCH_BYTES} or so of them, each a JSON array of values; undefined at the
   * end.
   */
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
  /**
   * The transaction was rolled back to let another writer in; every step of the next program fails.
   */
  forcedRollback = false;
  readonly #file: string;
  readonly #dialect: Dialect;
  #db: Database.Database;
  #stuck = false;
  #busy: Promise<void> = Promise.resolve();
  #foreignKeysTouched = false;

  constructor({ file, dialect }: Opening) {
    this.#file = file;
    this.#dialect = dialect;
    this.#db = openDatabase(file);
  }

  get isAutocommit(): boolean {
    return !this.#db.inTransaction;
  }

  /**
   * One step at a time: a second program on this connection waits for the first one's current step.
   */
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
    const statement = this.#dialect === 'hosted' ? this.#withTexts(asked) : asked;
    for (const value of Object.values(args)) checkSize(value, rowBytes);
    if (/foreign_keys/i.test(statement.sql)) this.#foreignKeysTouched = true;
    const prepared = this.#prepare(this.#stuck && statement.kind === 'end' ? 'ROLLBACK' : statement.sql);
    if (!prepared.reader) {
      return {
        start: () => {
          prepared.run(args);
          return {
            columns: [],
            next: () => undefined,
            outcome: () => this.#outcome(statement),
            abort() {},
          };
        },
      };
    }
    const columns = prepared.columns().map(({ name, type }) => ({ name, decltype: type }));
    const reading = statement.isQuery ? this.#prepare(textsAsHex(statement.sql, columns.length)) : prepared;
    const newBatch = (): RowBatch => new RowBatch(statement.isQuery, rowBytes);
    return { start: () => this.#read(reading, columns, statement, args, newBatch) };
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
    this.#db.close();
    this.#db = openDatabase(this.#file);
    this.#stuck = false;
  }

  describe(statement: Statement): { columns: readonly Column[] } {
    const prepared = this.#prepare(statement.sql);
    return { columns: prepared.columns().map(({ name, type }) => ({ name, decltype: type })) };
  }

  rollback(): void {
    if (this.#db.inTransaction) this.#db.exec('ROLLBACK');
    this.leaveStuckConnection();
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
    this.#db.close();
  }

  #read(
    reading: Database.Statement,
    columns: readonly Column[],
    statement: Statement,
    args: Arguments,
    newBatch: () => RowBatch,
  ): Execution {
    const rows = reading.raw().safeIntegers().iterate(args);
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
      outcome: () => this.#outcome(statement),
      abort() {
        if (!upcoming.done) drainStatement(db, rows);
      },
    };
  }

  /**
   * Turns names in double quotes that fit no column into texts, as SQLite does with its default
   * settings.
   */
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
    const [changes, rowid] = row(
      this.#db.prepare('SELECT changes(), last_insert_rowid()').raw().safeIntegers().get(),
    );
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

/** What is encoded and sent at once: a chunk worth a write, in a millisecond or so. */
const BATCH_ROWS = 250;
const BATCH_BYTES = 64 * 1024;

/**
 * Rows on their way to JSON; their texts are decoded together. RETURNING and PRAGMA cannot stand
 * inside another query: their texts are taken as the binding reads them.
 */
class RowBatch {
  readonly #rows: NativeValue[][] = [];
  readonly #texts: string[] = [];
  readonly #isHex: boolean;
  readonly #rowBytes: number;
  #bytes = 0;

  constructor(isHex: boolean, rowBytes: number) {
    this.#isHex = isHex;
    this.#rowBytes = rowBytes;
  }

  get hasRoom(): boolean {
    return this.#rows.length < BATCH_ROWS && this.#bytes < BATCH_BYTES;
  }

  add(values: NativeValue[]): void {
    for (const value of values) {
      if (typeof value === 'string') {
        const bytes = this.#isHex ? value.length / 2 : value.length;
        if (bytes > this.#rowBytes) throw tooBig();
        this.#bytes += bytes;
        this.#texts.push(value);
      } else if (value instanceof Uint8Array) {
        checkSize(value, this.#rowBytes);
        this.#bytes += value.byteLength;
      }
    }
    this.#rows.push(values);
  }

  /** Each row as a JSON array. */
  encode(): string[] {
    const texts = this.#isHex ? decodeHexTexts(this.#texts) : this.#texts;
    let next = 0;
    return this.#rows.map((values) => {
      let json = '';
      for (const value of values) {
        if (json !== '') json += ',';
        json += encodeValue(typeof value === 'string' ? (texts[next++] ?? '') : value);
      }
      return `[${json}]`;
    });
  }
}

function checkSize(value: NativeValue, limit: number): void {
  const bytes = typeof value === 'string' ? value.length : value instanceof Uint8Array ? value.byteLength : 0;
  if (bytes > limit) throw tooBig();
}

function tooBig(): SqlFailure {
  return new SqlFailure('SQLITE_TOOBIG', 'SQLite error: string or blob too big');
}

function row(value: unknown): NativeValue[] {
  if (!Array.isArray(value)) throw new TypeError('libsql returned a row that is no array');
  return value;
}
