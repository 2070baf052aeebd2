/**
 * What flows through a backup: values, rows, the schema, and the two ends of the pipe
 * (a {@link Snapshot} is read, {@link SnapshotSink}s write). Types and their contracts only.
 */

/**
 * One SQLite value, exactly as stored: NULL = `null`, INTEGER = `bigint`, REAL = `number` (so `1.0`
 * is `1` and `1` is `1n`; infinities and -0.0 allowed, NaN never: SQLite stores it as NULL), TEXT =
 * `string` (may hold NUL characters), BLOB = `Uint8Array`, TEXT that is not valid UTF-8 = {@link
 * InvalidText}.
 */
export type SqlValue = null | bigint | number | string | Uint8Array | InvalidText;

/** TEXT whose bytes are not valid UTF-8; kept as bytes so that nothing is lost. */
export class InvalidText {
  readonly bytes: Uint8Array;
  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }
}

/**
 * One row of a scan.
 * - rowid table: `[rowid, ...stored columns]`, ascending by rowid; a column that aliases the rowid
 *   carries the same value.
 * - WITHOUT ROWID table: `[...stored columns in declared order]`, in primary key order.
 * - index: the values of `PRAGMA index_xinfo` in its order (key columns, then rowid or the rest of
 *   the primary key),
 *   in index order (collations, DESC), partial indexes only their rows.
 * "Stored columns" are all but VIRTUAL generated ones.
 */
export type Row = readonly SqlValue[];

/** Some rows of one scan, in order; valid until the next are asked for. */
export interface RowBatch extends Iterable<Row> {
  readonly length: number;
  /** The same rows in other words, where the source has them so. */
  readonly encoded?: EncodedRows;
}

/** Rows not yet decoded to values; only of tables without generated columns. */
export interface EncodedRows {
  /** As the table's digest is made of them (docs/formats.md, "Digests"). */
  readonly canonical: Uint8Array;
  /** As rows of a document; valid until asked again. */
  json(form: JsonRowForm): Uint8Array;
}

/** How the rows of one table stand in a document. */
export interface JsonRowForm {
  /** What stands before each value of a row, and behind the last. */
  readonly heads: readonly string[];
  readonly close: string;
  /** Writes a value that the source does not write itself. */
  readonly value: (value: SqlValue) => string;
  /** Before the first row, and between two. */
  readonly first: string;
  readonly between: string;
  /** A longer row is an error with the text {@link tooLarge}. */
  readonly maxRowBytes: number;
  readonly tooLarge: string;
}

/** One line of `sqlite_schema`, in its rowid order. `sql` is null for automatic indexes. */
export interface SchemaObject {
  readonly type: 'table' | 'index' | 'view' | 'trigger';
  readonly name: string;
  readonly tableName: string;
  readonly sql: string | null;
  /** False for views, triggers and virtual tables: objects without a b-tree. */
  readonly hasStorage: boolean;
}

export interface ColumnInfo {
  readonly name: string;
  readonly declaredType: string;
  readonly notNull: boolean;
  readonly defaultValue: string | null;
  /** 1-based position in the primary key, 0 when not part of it. */
  readonly primaryKey: number;
  readonly generated: 'no' | 'virtual' | 'stored';
}

export interface TableInfo {
  readonly name: string;
  readonly sql: string | null;
  /**
   * `table` a table of the program or the user, `shadow` storage of a virtual table (FTS5),
   * `internal` sqlite_sequence, sqlite_stat*. Virtual tables have no storage and are not listed:
   * they are in {@link DatabaseSchema.objects} only.
   */
  readonly kind: 'table' | 'shadow' | 'internal';
  readonly withoutRowid: boolean;
  readonly strict: boolean;
  readonly autoincrement: boolean;
  /** Index into `columns` of the INTEGER PRIMARY KEY that aliases the rowid, or null. */
  readonly rowidAlias: number | null;
  /** All columns in declared order, VIRTUAL generated ones included (rows do not carry those). */
  readonly columns: readonly ColumnInfo[];
  /**
   * WITHOUT ROWID only: column numbers in the order of the record on disk, as `PRAGMA index_xinfo`
   * of the primary key gives them. Needed when the key names one column twice under two collations
   * (it is then stored twice); otherwise it follows from `columns`.
   */
  readonly recordOrder?: readonly number[];
}

export interface IndexColumn {
  /** Column number in the table, -1 = rowid, -2 = expression. */
  readonly columnId: number;
  readonly name: string | null;
  readonly descending: boolean;
  readonly collation: string;
  /** False for the trailing rowid / primary key columns that only locate the row. */
  readonly key: boolean;
}

export interface IndexInfo {
  readonly name: string;
  readonly table: string;
  readonly sql: string | null;
  readonly unique: boolean;
  /** c = CREATE INDEX, u = UNIQUE constraint, pk = PRIMARY KEY. */
  readonly origin: 'c' | 'u' | 'pk';
  readonly partial: boolean;
  readonly columns: readonly IndexColumn[];
}

export interface DatabaseSchema {
  readonly objects: readonly SchemaObject[];
  readonly tables: readonly TableInfo[];
  /**
   * Indexes with a b-tree of their own (the primary key of a WITHOUT ROWID table is its table and
   * not listed).
   */
  readonly indexes: readonly IndexInfo[];
  readonly userVersion: number;
  readonly applicationId: number;
  /** `PRAGMA schema_version`: the schema cookie. */
  readonly schemaVersion: number;
}

/**
 * What a scan reads. `nested` (anime with their parts) is a pass of its own, in the order the
 * document needs.
 */
export type ScanTarget =
  | { readonly kind: 'table'; readonly table: TableInfo }
  | { readonly kind: 'index'; readonly index: IndexInfo }
  /**
   * Every row of `parent` and of `child`, each exactly once, in one pass: every parent followed by
   * its children. A tag comes first: `[0n, parent rowid, ...parent's stored columns]`, ascending by
   * the parent's rowid; `[1n, child rowid, ...child's stored columns]`, the children of the parent
   * row before them (`childKey` column = parent's `parentKey` column, SQL `=` with BINARY
   * collation), ascending by `orderBy` when given, then by the child's rowid; `[2n, child rowid,
   * ...child's stored columns]`, children without a parent (key NULL or pointing nowhere), last of
   * all, ascending by the child's rowid. `parentKey` is an index into `parent.columns` and unique
   * there (whoever asks has made sure); `childKey` and `orderBy` are indexes into `child.columns`.
   * Both tables have rowids.
   */
  | {
      readonly kind: 'nested';
      readonly parent: TableInfo;
      readonly child: TableInfo;
      readonly parentKey: number;
      readonly childKey: number;
      readonly orderBy: number | null;
    };

export interface Scan {
  readonly target: ScanTarget;
  /** Batches of hundreds or thousands; consumed once, in order, before the next scan. */
  readonly rows: AsyncIterable<RowBatch>;
}

/** One consistent view of the whole database. */
export interface Snapshot {
  readonly schema: DatabaseSchema;
  /** The scans in the order asked for; each must be consumed whole before the next is taken. */
  scans(targets: readonly ScanTarget[]): AsyncIterable<Scan>;
  /** The same view as a SQLite file, where the source has it so; read before `use` settles. */
  readonly file?: SnapshotFile;
  /**
   * What the database's own engine thinks of it; call when all scans are done. Only where `read`
   * was asked for it.
   */
  readonly check?: () => Promise<SourceCheck>;
}

/**
 * A SQLite file as {@link SqliteSink} would write it: pages of 4096 bytes, UTF-8, no auto_vacuum, a
 * rollback journal.
 */
export interface SnapshotFile {
  /** Page 1. */
  readonly head: Uint8Array;
  /** All bytes behind the head, in order. A chunk is valid until the next is asked for. */
  rest(): AsyncIterable<Uint8Array>;
}

export interface SnapshotSource {
  /** The schema as it is now, without a snapshot. */
  schema(): Promise<DatabaseSchema>;
  /** Whether one of the tables that `isAsked` picks has a row; reads no more than it must. */
  any(isAsked: (table: TableInfo) => boolean): Promise<boolean>;
  /**
   * Opens one read transaction, calls `use`, closes it. Rejects with {@link SchemaChanged} when the
   * schema moved between reading it and reading the rows: nothing that `use` produced may be kept;
   * call again. `use` asks for its scans exactly once. Whatever is thrown in `use` closes the
   * transaction and is rethrown. After `signal` nothing more is read of a server's answer.
   */
  read<T>(
    use: (snapshot: Snapshot) => Promise<T>,
    options?: { readonly checks: boolean; readonly signal?: AbortSignal },
  ): Promise<T>;
}

/** All that a run needs of a source. */
export type RowSource = Pick<SnapshotSource, 'read'>;

/** The schema changed while it was being read (a migration ran); read again. */
export class SchemaChanged extends Error {
  override readonly name = 'SchemaChanged';
}

/** Consumes scans: the SQLite page writer, the document writer, the digests. */
export interface SnapshotSink {
  /** Called first; `file` is {@link Snapshot.file}. */
  begin(schema: DatabaseSchema, file?: SnapshotFile): void | Promise<void>;
  /** Which scans this sink wants to see, given the schema. */
  targets(schema: DatabaseSchema): readonly ScanTarget[];
  beginScan(target: ScanTarget): void | Promise<void>;
  /** Back-pressure: the next batch comes only when the returned promise settles. */
  rows(batch: RowBatch): void | Promise<void>;
  endScan(): void | Promise<void>;
  /** All scans are done, the snapshot is still open: what is read beside them is awaited here. */
  endScans?(): Promise<void>;
  /** All scans are done and the snapshot proved complete. */
  finish(): Promise<void>;
}

/**
 * A byte stream whose first bytes are known last (page 1 of a SQLite file). `write` takes the bytes
 * after the head, in order; `close(head)` supplies the head, whose length was fixed when the writer
 * was opened (0 for ordinary streams). A writer takes ownership of no chunk: it copies what it
 * keeps past the returned promise.
 */
export interface HeadLastWriter<Result = void> {
  write(chunk: Uint8Array): Promise<void>;
  /** Hex, of what was written so far, by a writer that hashes it anyway. */
  sha256?(): string;
  close(head: Uint8Array): Promise<Result>;
  /** Removes every trace; idempotent; never throws. */
  abort(reason: unknown): Promise<void>;
}

export interface SourceCheck {
  /** What makes a restore fail or lose something, in SQLite's words. */
  readonly damage: readonly string[];
  /** What is odd and comes back as it is: rows that refer to nothing, a search index out of step */
  readonly notes: readonly string[];
  /** What was looked at, in words: a line of the manifest's proof. */
  readonly proof: string;
}
