/**
 * Whether a write-ahead log or a rollback journal belongs to the database file beside it. SQLite
 * replays any journal it finds. So when a person puts an old copy over the file, the journal of the
 * earlier file would overwrite that copy. docs/decisions.md, "Whose journal is it", has the rules.
 * Pure: bytes in, verdict out.
 */
import { openWal, type ReadAt } from './wal-file.ts';

/**
 * `belongs`: SQLite may have it. `foreign`: nobody may replay it. `trial`: page 1 cannot tell, a
 * trial can (journal-trial.ts). `doubt`: a person decides.
 */
export type Verdict =
  | { readonly kind: 'belongs' }
  | { readonly kind: 'trial' }
  | { readonly kind: 'foreign' | 'doubt'; readonly why: string };

export interface MainFile {
  /** The first page; shorter when the file is. */
  readonly firstPage: Uint8Array;
  readonly bytes: number;
}

const BELONGS: Verdict = { kind: 'belongs' };
const MAGIC = 'SQLite format 3\0';
const HEADER_BYTES = 100;
/** A disk writes this much whole, so a power cut tears a write here. */
const SECTOR_BYTES = 512;

/** Places in the header (sqlite.org/fileformat2.html#the_database_header). */
const AT = { readVersion: 19, changes: 24, pages: 28, cookie: 40, validFor: 92 } as const;
type Places = readonly (readonly [from: number, to: number])[];
/** Size of the cache, `user_version`, kind of vacuum, `application_id`: a PRAGMA sets these. */
const SETTINGS: Places = [
  [48, 52],
  [60, 72],
];
/** The change counter; its copy and the library's version: every write to page 1 changes these. */
const COUNTED: Places = [[24, 28], ...SETTINGS, [92, 100]];
/**
 * The number of pages and the free list, too: a transaction that leaves the schema alone may change
 * these.
 */
const VOLATILE: Places = [[24, 40], ...SETTINGS, [92, 100]];
/** And the schema's number. */
const OF_SCHEMA: Places = [[24, 44], ...SETTINGS, [92, 100]];

/**
 * A log begins with the whole main file, and until it ends only a checkpoint writes there. So page
 * 1 is what the log began on, or what the log itself has for it, or (after a power cut) some
 * sectors of each.
 */
export function judgeWal(main: MainFile | undefined, read: ReadAt): Verdict {
  const wal = openWal(read);
  const commits = wal?.commits[Symbol.iterator]();
  let next = commits?.next();
  if (wal === undefined || commits === undefined || next === undefined || next.done === true) return BELONGS;
  const unfit = unfitFile(main);
  if (unfit !== undefined || main === undefined) return { kind: 'doubt', why: unfit ?? '' };
  const header = viewOf(main.firstPage);
  // A file at rest, or a backup: a log comes into being only after the mark of WAL mode.
  if (header.getUint8(AT.readVersion) !== 2)
    return { kind: 'foreign', why: 'the database file is not in WAL mode' };
  if (pageSizeOf(header) !== wal.pageSize) return { kind: 'foreign', why: 'its pages have another size' };
  const sectors = new Sectors(main.firstPage.subarray(0, wal.pageSize));
  let first: Uint8Array | undefined;
  const { pages, frames, firstPages } = next.value;
  // Our own program begins a log so (embedded-database.ts): more than a number then identifies the
  // base.
  const isOnlyCounted = frames === 1 && firstPages.length === 1;
  for (; next.done !== true; next = commits.next())
    for (const page of next.value.firstPages) {
      first ??= page;
      sectors.see(page);
    }
  if (first === undefined)
    return pages === pagesOf(main, header)
      ? BELONGS
      : { kind: 'foreign', why: 'it is of a database of another size' };
  const isBase = isBaseOf(main.firstPage, first, isOnlyCounted ? COUNTED : VOLATILE);
  if (sectors.areSeen(isBase)) return BELONGS;
  const later = viewOf(first);
  // Every change of the schema counts up.
  if (header.getUint32(AT.cookie) >= later.getUint32(AT.cookie) || !mayBeBase(header, later)) return CHANGED;
  // The log's first transaction changed the schema. Over an empty database nothing is at stake.
  if (pagesOf(main, header) <= 1 && header.getUint16(HEADER_BYTES + 3) === 0) return BELONGS;
  // One page with its header alone is no change of a schema: the file may be of before one.
  const isHeaderOnly = isSame(main.firstPage, first, SECTOR_BYTES, wal.pageSize);
  return isOnlyCounted && isHeaderOnly && isBaseOf(main.firstPage, first, OF_SCHEMA)
    ? { kind: 'doubt', why: 'it is of another schema than the file' }
    : { kind: 'trial' };
}

const CHANGED: Verdict = { kind: 'foreign', why: 'it was begun on another state of the database' };

/** Sectors of a page that come from some version of it. */
class Sectors {
  readonly #page: Uint8Array;
  readonly #seen: boolean[];
  constructor(page: Uint8Array) {
    this.#page = page;
    this.#seen = Array.from({ length: page.byteLength / SECTOR_BYTES }, () => false);
  }

  see(version: Uint8Array): void {
    for (const [i, seen] of this.#seen.entries())
      this.#seen[i] = seen || isSame(this.#page, version, i * SECTOR_BYTES, (i + 1) * SECTOR_BYTES);
  }

  /** The first sector has the header, by which a page may also be the base's. */
  areSeen(isFirstKnown: boolean): boolean {
    return this.#seen.every((seen, i) => seen || (i === 0 && isFirstKnown));
  }
}

/**
 * Whether `later` came from the first sector by a transaction that changed nothing but `places`
 * there.
 */
function isBaseOf(page: Uint8Array, later: Uint8Array, places: Places): boolean {
  if (!mayBeBase(viewOf(page), viewOf(later))) return false;
  let from = 0;
  for (const [start, end] of places) {
    if (!isSame(page, later, from, start)) return false;
    from = end;
  }
  return isSame(page, later, from, SECTOR_BYTES);
}

/**
 * A connection counts from the page 1 that it last read, so one that wrote the base itself repeats
 * its number.
 */
function mayBeBase(page: DataView, later: DataView): boolean {
  const counter = page.getUint32(AT.changes);
  const next = later.getUint32(AT.changes);
  return counter === next || (counter + 1) >>> 0 === next;
}

const JOURNAL_MAGIC = 'd9d505f920a163d7';
const JOURNAL_HEADER_BYTES = 28;

/**
 * A rollback journal holds the pages from before a transaction. The transaction's last write to the
 * file counts up in page 1, so the file's page 1 is the journal's or has the next number.
 */
export function judgeRollbackJournal(main: MainFile | undefined, read: ReadAt): Verdict {
  const found = readJournal(read);
  if (found === undefined) return BELONGS;
  const unfit = unfitFile(main);
  if (unfit !== undefined || main === undefined) return { kind: 'doubt', why: unfit ?? '' };
  const header = viewOf(main.firstPage);
  if (pageSizeOf(header) !== found.pageSize) return { kind: 'foreign', why: 'its pages have another size' };
  if (found.firstPage === undefined)
    return found.pages === pagesOf(main, header)
      ? BELONGS
      : { kind: 'foreign', why: 'it is of a database of another size' };
  const before = viewOf(found.firstPage).getUint32(AT.changes);
  const isAfter = header.getUint32(AT.changes) === (before + 1) >>> 0;
  return isAfter || isSame(main.firstPage, found.firstPage, 0, SECTOR_BYTES) ? BELONGS : CHANGED;
}

interface RollbackJournal {
  readonly pageSize: number;
  /** Of the database before the transaction. */
  readonly pages: number;
  /** Page 1 before the transaction, if it was changed. */
  readonly firstPage: Uint8Array | undefined;
}

/**
 * Undefined when SQLite would find nothing to roll back. @see
 * https://sqlite.org/fileformat2.html#the_rollback_journal
 */
function readJournal(read: ReadAt): RollbackJournal | undefined {
  const header = read(0, JOURNAL_HEADER_BYTES);
  if (!isJournalHeader(header)) return undefined;
  const view = viewOf(header);
  const [pages, sector, pageSize] = [view.getUint32(16), view.getUint32(20), view.getUint32(24)];
  if (pageSize < 512 || pageSize > 65_536 || sector < 32 || sector > 65_536) return undefined;
  const recordBytes = pageSize + 8;
  for (let at = 0; isJournalHeader(read(at, JOURNAL_HEADER_BYTES)); at = Math.ceil(at / sector) * sector) {
    const stated = viewOf(read(at + 8, 4)).getUint32(0);
    at += sector;
    for (let i = 0; i < stated; i += 1, at += recordBytes) {
      const record = read(at, recordBytes);
      if (record.byteLength < recordBytes) return { pageSize, pages, firstPage: undefined };
      if (viewOf(record).getUint32(0) === 1)
        return { pageSize, pages, firstPage: record.slice(4, 4 + pageSize) };
    }
  }
  return { pageSize, pages, firstPage: undefined };
}

function isJournalHeader(bytes: Uint8Array): boolean {
  return (
    bytes.byteLength === JOURNAL_HEADER_BYTES &&
    Buffer.from(bytes.subarray(0, 8)).toString('hex') === JOURNAL_MAGIC
  );
}

/**
 * Why nothing can be said of the file, if so. SQLite deletes the journal of an empty file, and
 * fills a file that is no database from it.
 */
function unfitFile(main: MainFile | undefined): string | undefined {
  if (main === undefined) return 'the database file itself is missing';
  if (main.bytes === 0) return 'the database file itself is empty';
  const isDatabase =
    main.firstPage.byteLength >= SECTOR_BYTES &&
    Buffer.from(main.firstPage.subarray(0, MAGIC.length)).toString('latin1') === MAGIC;
  return isDatabase ? undefined : 'the file beside it is no SQLite database';
}

/** 1 stands for 65,536. */
function pageSizeOf(header: DataView): number {
  const size = header.getUint16(16);
  return size === 1 ? 65_536 : size;
}

/** As the header says, if the library that wrote it keeps that field. */
function pagesOf(main: MainFile, header: DataView): number {
  const isKept = header.getUint32(AT.changes) === header.getUint32(AT.validFor);
  const stated = header.getUint32(AT.pages);
  return isKept && stated > 0 ? stated : Math.floor(main.bytes / pageSizeOf(header));
}

function isSame(a: Uint8Array, b: Uint8Array, from: number, to: number): boolean {
  for (let i = from; i < to; i += 1) if (a[i] !== b[i]) return false;
  return true;
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
