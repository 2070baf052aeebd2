import type { DatabaseSchema } from '../model/model.ts';
import { INTERIOR_HEADER, PAGE_SIZE, PageType } from './format.ts';
import { putPageHeader } from './interior.ts';
import type { Pager } from './pager.ts';

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
export function firstPage(root: Buffer, schema: DatabaseSchema, pager: Pager): Buffer {
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
