import type {
  DatabaseSchema,
  HeadLastWriter,
  Row,
  RowBatch,
  ScanTarget,
  SnapshotSink,
} from '../model/model.ts';
import { BTree } from './btree.ts';
import { type FileLimits, INTERIOR_HEADER, PAGE_SIZE, PageType, SQLITE_LIMITS } from './format.ts';
import { putPageHeader } from './interior.ts';
import { indexLayout, type RecordLayout, tableLayout } from './layout.ts';
import { Pager } from './pager.ts';

export { PAGE_SIZE };

/**
 * A sink that writes a SQLite file (page size {@link PAGE_SIZE}, UTF-8, no auto_vacuum, no free
 * pages): pages 2.. in order through `out.write` in chunks of 256 to 512 KiB, page 1 through
 * `out.close`, so `out` wants a head of `PAGE_SIZE` bytes. Memory does not grow with the database,
 * nor with the size of a row beyond the row itself.
 *
 * Rejects, and leaves `out` to be aborted by the caller, when rows come out of rowid order, do not
 * fit their table, or exceed SQLite's limits. Index rows are taken in the order given: only the
 * sorter knows collations.
 * @see docs/decisions.md, "The `.db` file"
 * @param limits lowered by tests
 */
export function createSqliteSink(
  out: HeadLastWriter<unknown>,
  limits: FileLimits = SQLITE_LIMITS,
): SnapshotSink & { readonly pages: number } {
  return new SqliteSink(out, limits);
}

class SqliteSink implements SnapshotSink {
  readonly #out: HeadLastWriter<unknown>;
  readonly #limits: FileLimits;
  readonly #pager: Pager;
  #schema: DatabaseSchema | undefined;
  #layouts = new Map<string, RecordLayout>();
  /** Root pages of the finished b-trees. Tables and indexes share one namespace. */
  readonly #roots = new Map<string, number>();
  /**
   * Set while a step runs and left so by one that fails: nothing may follow it, least of all the
   * end of the file.
   */
  #busy = false;
  #open: { name: string; layout: RecordLayout; tree: BTree; rows: number } | undefined;

  constructor(out: HeadLastWriter<unknown>, limits: FileLimits) {
    this.#out = out;
    this.#limits = limits;
    this.#pager = new Pager(out, limits);
  }

  /** Pages of the file so far, page 1 included: finished, it has `pages * PAGE_SIZE` bytes. */
  get pages(): number {
    return this.#pager.pages;
  }

  targets(schema: DatabaseSchema): readonly ScanTarget[] {
    return schema.tables.flatMap((table): ScanTarget[] => [
      { kind: 'table', table },
      ...schema.indexes
        .filter((index) => index.table === table.name)
        .map((index): ScanTarget => ({ kind: 'index', index })),
    ]);
  }

  begin(schema: DatabaseSchema): void {
    if (this.#schema !== undefined) throw new Error('a sqlite sink writes one file');
    this.#schema = schema;
    this.#layouts = new Map([
      ...schema.tables.map((table) => [table.name, tableLayout(table)] as const),
      ...schema.indexes.map((index) => [index.name, indexLayout(index, schema)] as const),
    ]);
    const stored = new Set(schema.objects.filter((object) => object.hasStorage).map((object) => object.name));
    for (const name of stored) if (!this.#layouts.has(name)) throw new Error(`no columns known for ${name}`);
    for (const name of this.#layouts.keys())
      if (!stored.has(name)) throw new Error(`${name} is not in the schema`);
  }

  beginScan(target: ScanTarget): void {
    if (this.#open !== undefined) throw new Error(`scan of ${this.#open.name} is not at its end`);
    if (target.kind === 'nested') throw new Error('a sqlite file has no nested rows');
    const { name } = target.kind === 'table' ? target.table : target.index;
    const layout = this.#layouts.get(name);
    if (layout === undefined) throw new Error(`${name} is not in the schema`);
    if (this.#roots.has(name)) throw new Error(`${name} was scanned before`);
    this.#open = { name, layout, tree: new BTree(this.#pager, layout, this.#limits), rows: 0 };
  }

  async rows(batch: RowBatch): Promise<void> {
    const open = this.#open;
    if (open === undefined) throw new Error('rows outside a scan');
    this.#start();
    for (const row of batch) {
      const large = addRow(open.tree, row, open.layout, open.rows);
      if (large !== undefined) await open.tree.addLarge(row, large);
      open.rows += 1;
      if (this.#pager.full) await this.#pager.flush();
    }
    this.#busy = false;
  }

  async endScan(): Promise<void> {
    if (this.#open === undefined) throw new Error('no scan to end');
    this.#start();
    const { name, tree } = this.#open;
    this.#roots.set(name, this.#pager.add(tree.finish(), 0, 0));
    this.#open = undefined;
    if (this.#pager.full) await this.#pager.flush();
    this.#busy = false;
  }

  async finish(): Promise<void> {
    const schema = this.#schema;
    if (schema === undefined || this.#open !== undefined) throw new Error('not all rows were read');
    // Never cleared: the file is finished, or it failed.
    this.#start();
    const tree = new BTree(this.#pager, SCHEMA_LAYOUT, this.#limits);
    for (const [position, object] of schema.objects.entries()) {
      const root = object.hasStorage ? this.#roots.get(object.name) : 0;
      if (root === undefined) throw new Error(`${object.type} ${object.name} was not scanned`);
      const rowid = BigInt(position + 1);
      const row = [rowid, object.type, object.name, object.tableName, BigInt(root), object.sql];
      const large = addRow(tree, row, SCHEMA_LAYOUT, position);
      if (large !== undefined) await tree.addLarge(row, large);
      if (this.#pager.full) await this.#pager.flush();
    }
    const head = firstPage(tree.finish(), schema, this.#pager);
    await this.#pager.flush();
    await this.#out.close(new Uint8Array(head));
  }

  #start(): void {
    if (this.#busy) throw new Error('an earlier step of this sqlite file failed or is not at its end');
    this.#busy = true;
  }
}

/** `sqlite_schema(type, name, tbl_name, rootpage, sql)`. */
const SCHEMA_LAYOUT: RecordLayout = {
  name: 'table sqlite_schema',
  width: 6,
  keyed: true,
  source: Int32Array.of(1, 2, 3, 4, 5),
  real: new Uint8Array(5),
};

/**
 * Adds a row, or returns the record of one that is too large to be added at once. Errors say which
 * row it was.
 */
function addRow(
  tree: BTree,
  row: Row,
  layout: RecordLayout,
  position: number,
): ReturnType<BTree['large']> | undefined {
  try {
    return tree.add(row) ? undefined : tree.large(row);
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    throw new Error(`${layout.name}, row ${position + 1}: ${cause.message}`, { cause });
  }
}

const FILE_HEADER = 100;
const MAGIC = 'SQLite format 3\0';
/**
 * File format version "rollback journal", which is what `VACUUM INTO` writes as well. Marked as WAL
 * (2), a file cannot be opened by a user who may not write beside it (read-only directory or
 * medium: "attempt to write a readonly database") nor from memory (sqlite3_deserialize, sql.js:
 * "unable to open database file"): a backup must open anywhere. Where WAL is asked for, as by
 * Turso's upload, `PRAGMA journal_mode = wal` makes it so in one step.
 */
const JOURNAL_ROLLBACK = 1;
/** Descending indexes, and integers 0 and 1 without content. */
const SCHEMA_FORMAT = 4;
const UTF8 = 1;
/** The SQLite whose file format this is, as `SQLITE_VERSION_NUMBER`: for information. */
const LIBRARY_VERSION = 3_045_001;

/**
 * Page 1: the file header and the root of the `sqlite_schema` tree. `root` is that root as built
 * for an ordinary page; when it does not fit beside the header it becomes a page of its own, the
 * only child of an empty root: what SQLite does itself, and allows on page 1 alone.
 */
function firstPage(root: Buffer, schema: DatabaseSchema, pager: Pager): Buffer {
  const page = Buffer.alloc(PAGE_SIZE);
  const interior = root[0] === PageType.tableInterior;
  const cells = root.readUInt16BE(3);
  const content = root.readUInt16BE(5);
  const used = (interior ? INTERIOR_HEADER : 8) + 2 * cells;
  if (FILE_HEADER + used <= content) {
    root.copy(page, FILE_HEADER, 0, used);
    root.copy(page, content, content);
  } else {
    const child = pager.add(root, 0, 0);
    putPageHeader(page.subarray(FILE_HEADER), PageType.tableInterior, 0, PAGE_SIZE);
    page.writeUInt32BE(child, FILE_HEADER + 8);
  }
  putFileHeader(page, schema, pager.pages);
  return page;
}

/** https://sqlite.org/fileformat2.html#the_database_header; fields not named are zero. */
function putFileHeader(page: Buffer, schema: DatabaseSchema, pages: number): void {
  page.write(MAGIC, 0, 'latin1');
  page.writeUInt16BE(PAGE_SIZE, 16);
  page[18] = JOURNAL_ROLLBACK;
  page[19] = JOURNAL_ROLLBACK;
  // Payload fractions: fixed by the format.
  page[21] = 64;
  page[22] = 32;
  page[23] = 32;
  // The page count counts only when the change counter (24) equals the one the count is valid for
  // (92).
  page.writeUInt32BE(1, 24);
  page.writeUInt32BE(pages, 28);
  page.writeUInt32BE(1, 92);
  page.writeInt32BE(schema.schemaVersion | 0, 40);
  page.writeUInt32BE(SCHEMA_FORMAT, 44);
  page.writeUInt32BE(UTF8, 56);
  page.writeInt32BE(schema.userVersion | 0, 60);
  page.writeInt32BE(schema.applicationId | 0, 68);
  page.writeUInt32BE(LIBRARY_VERSION, 96);
}
