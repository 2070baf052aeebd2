/**
 * Numbers of the SQLite file format (https://sqlite.org/fileformat2.html) for the one shape of file
 * we write.
 */

/** Bytes a page. What Turso's upload asks for, and SQLite's own default. */
export const PAGE_SIZE = 4096;

/** First byte of a b-tree page. WITHOUT ROWID tables are stored as index b-trees. */
export const PageType = {
  indexInterior: 0x02,
  tableInterior: 0x05,
  indexLeaf: 0x0a,
  tableLeaf: 0x0d,
} as const;

export const LEAF_HEADER = 8;
export const INTERIOR_HEADER = 12;

/** SQLite frees cells into 4-byte blocks, so none may be smaller. */
export const MIN_CELL = 4;

/**
 * Payload kept on a table leaf (U-35) and on an index page ((U-12)*64/255-23), and the least kept
 * when it overflows ((U-12)*32/255-23).
 */
export const MAX_LOCAL_TABLE = PAGE_SIZE - 35;
export const MAX_LOCAL_INDEX = Math.floor(((PAGE_SIZE - 12) * 64) / 255) - 23;
const MIN_LOCAL = Math.floor(((PAGE_SIZE - 12) * 32) / 255) - 23;

/** Payload bytes on an overflow page, after the 4-byte number of the next one. */
export const OVERFLOW_CAPACITY = PAGE_SIZE - 4;

/** What a file may hold at most; tests lower these to reach them. */
export interface FileLimits {
  /** The page that covers byte 2^30: SQLite's POSIX locks live there, no content may. */
  readonly lockPage: number;
  /** SQLITE_MAX_PAGE_COUNT of stock builds. */
  readonly maxPages: number;
  /** Bytes of one row: SQLITE_MAX_LENGTH of stock builds. */
  readonly maxRecord: number;
}

export const SQLITE_LIMITS: FileLimits = {
  lockPage: 2 ** 30 / PAGE_SIZE + 1,
  maxPages: 0xfffffffe,
  maxRecord: 1_000_000_000,
};

/** Bytes of a payload that stay on the b-tree page; the rest goes to overflow pages. */
export function localPayload(payload: number, maxLocal: number): number {
  if (payload <= maxLocal) return payload;
  const local = MIN_LOCAL + ((payload - MIN_LOCAL) % OVERFLOW_CAPACITY);
  return local <= maxLocal ? local : MIN_LOCAL;
}
