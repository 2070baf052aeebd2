import type { Row, SqlValue } from '../model/model.ts';
import {
  type FileLimits,
  LEAF_HEADER,
  localPayload,
  MAX_LOCAL_INDEX,
  MAX_LOCAL_TABLE,
  MIN_CELL,
  OVERFLOW_CAPACITY,
  PAGE_SIZE,
  PageType,
} from './format.ts';
import { InteriorLevel, putPageHeader } from './interior.ts';
import { type LargeRecord, largeRecord } from './large-record.ts';
import type { RecordLayout } from './layout.ts';
import type { Pager } from './pager.ts';
import { RecordEncoder } from './record.ts';
import { putRowidBefore, putVarintBefore } from './varint.ts';

/** Bytes before a cell's payload at most: two varints. */
const MAX_CELL_PREFIX = 18;

/**
 * Builds one b-tree from rows in its order. Leaves go to the pager as they fill, interior pages as
 * their children are complete; what stays in memory is the right edge of the tree, one page a
 * level.
 */
export class BTree {
  readonly #pager: Pager;
  readonly #limits: FileLimits;
  readonly #encoder: RecordEncoder;
  /** The leaf under construction: the first `PAGE_SIZE` bytes, behind them the encoder's. */
  readonly #bytes: Buffer;
  readonly #leaf: Buffer;
  readonly #leafType: number;
  readonly #keyed: boolean;
  readonly #maxLocal: number;
  readonly #overflow: OverflowChain;
  readonly #levels: InteriorLevel[] = [];
  readonly #rowidBytes = Buffer.alloc(9);
  #cells = 0;
  #content = PAGE_SIZE;
  /** Bytes of the leaf's last cell, without padding. */
  #lastSize = 0;
  #lastRowid: bigint | undefined;

  constructor(pager: Pager, layout: RecordLayout, limits: FileLimits) {
    this.#pager = pager;
    this.#limits = limits;
    this.#encoder = new RecordEncoder(layout);
    this.#bytes = this.#encoder.bytes;
    this.#leaf = this.#bytes.subarray(0, PAGE_SIZE);
    this.#leafType = layout.keyed ? PageType.tableLeaf : PageType.indexLeaf;
    this.#keyed = layout.keyed;
    this.#maxLocal = layout.keyed ? MAX_LOCAL_TABLE : MAX_LOCAL_INDEX;
    this.#overflow = new OverflowChain(pager);
  }

  /** Adds a row; false when it is so large that it takes {@link large} and {@link addLarge}. */
  add(row: Row): boolean {
    const encoder = this.#encoder;
    const { layout } = encoder;
    if (row.length !== layout.width) throw new RangeError(`${row.length} values, expected ${layout.width}`);
    if (this.#keyed) this.#checkRowid(row[0]);
    if (!encoder.encode(row)) return false;
    const { start, payload, end } = encoder;
    const length = end - payload;
    if (length <= this.#maxLocal) {
      this.#place(start, end, row);
      return true;
    }
    // The rest goes to its chain first; then the chain's number takes its place behind the local
    // part.
    const localEnd = payload + localPayload(length, this.#maxLocal);
    const first = this.#overflow.begin(end - localEnd);
    this.#overflow.write(this.#bytes, localEnd, end);
    this.#bytes.writeUInt32BE(first, localEnd);
    this.#place(start, localEnd + 4, row);
    return true;
  }

  /** The record of a row that {@link add} found too large. */
  large(row: Row): LargeRecord {
    const record = largeRecord(row, this.#encoder.layout);
    if (record.length > this.#limits.maxRecord) {
      throw new RangeError(`row of ${record.length} bytes, sqlite takes at most ${this.#limits.maxRecord}`);
    }
    return record;
  }

  /** Adds a large row: its overflow pages (it has some) are written while it is encoded. */
  async addLarge(row: Row, record: LargeRecord): Promise<void> {
    const local = localPayload(record.length, this.#maxLocal);
    const first = this.#overflow.begin(record.length - local);
    // The cell is put together where the encoder works, which is free meanwhile.
    const payload = PAGE_SIZE + MAX_CELL_PREFIX;
    let filled = 0;
    for (const piece of record.pieces()) {
      const kept = Math.min(piece.length, local - filled);
      piece.copy(this.#bytes, payload + filled, 0, kept);
      filled += kept;
      this.#overflow.write(piece, kept, piece.length);
      if (this.#pager.full) await this.#pager.flush();
    }
    this.#bytes.writeUInt32BE(first, payload + local);
    const rowid = this.#keyed ? putRowidBefore(this.#bytes, payload, row[0] as bigint) : payload;
    const start = putVarintBefore(this.#bytes, rowid, record.length);
    this.#place(start, payload + local + 4, row);
  }

  /** Ends the tree and returns its root page, which the caller adds to the file. */
  finish(): Buffer {
    putPageHeader(this.#leaf, this.#leafType, this.#cells, this.#content);
    let page = this.#leaf.fill(0, LEAF_HEADER + 2 * this.#cells, this.#content);
    for (const level of this.#levels) page = level.finish(this.#pager.add(page, 0, 0));
    return page;
  }

  /** Rows out of order would give a file whose lookups miss rows: better no file. */
  #checkRowid(rowid: SqlValue | undefined): void {
    if (typeof rowid !== 'bigint') throw new RangeError('rowid is no integer');
    if (this.#lastRowid !== undefined && rowid <= this.#lastRowid) {
      throw new RangeError(`rowid ${rowid} after ${this.#lastRowid}, rows must ascend`);
    }
  }

  /** Puts the finished cell `bytes[from, to)` on the leaf, or on the next one. */
  #place(from: number, to: number, row: Row): void {
    const size = to - from;
    const padded = Math.max(size, MIN_CELL);
    if (LEAF_HEADER + 2 * (this.#cells + 1) + padded > this.#content) this.#closeLeaf();
    const bytes = this.#bytes;
    this.#content -= padded;
    bytes.copyWithin(this.#content, from, to);
    if (padded > size) bytes.fill(0, this.#content + size, this.#content + padded);
    const pointer = LEAF_HEADER + 2 * this.#cells;
    bytes[pointer] = this.#content >> 8;
    bytes[pointer + 1] = this.#content;
    this.#cells += 1;
    this.#lastSize = size;
    if (this.#keyed) this.#lastRowid = row[0] as bigint;
  }

  /**
   * Ends a full leaf. The divider behind it is a copy of its last rowid in a table; in an index it
   * is the leaf's last entry, which moves up (taking the next entry instead could leave an empty
   * leaf at the end, which SQLite takes for corruption).
   */
  #closeLeaf(): void {
    let divider: Buffer = this.#rowidBytes;
    let from = 0;
    let to = divider.length;
    if (this.#lastRowid !== undefined) {
      from = putRowidBefore(divider, to, this.#lastRowid);
    } else {
      divider = this.#bytes;
      from = this.#content;
      to = this.#content + this.#lastSize;
      this.#content += Math.max(this.#lastSize, MIN_CELL);
      this.#cells -= 1;
    }
    putPageHeader(this.#leaf, this.#leafType, this.#cells, this.#content);
    const number = this.#pager.add(this.#leaf, LEAF_HEADER + 2 * this.#cells, this.#content);
    this.#cells = 0;
    this.#content = PAGE_SIZE;
    this.#pushUp(0, number, divider, from, to);
  }

  #pushUp(height: number, child: number, divider: Buffer, from: number, to: number): void {
    const level = this.#levels[height] ?? this.#grow();
    if (level.append(child, divider, from, to)) return;
    const number = level.close(this.#pager);
    this.#pushUp(height + 1, number, level.page, level.dividerStart, level.dividerEnd);
    level.append(child, divider, from, to);
  }

  #grow(): InteriorLevel {
    const level = new InteriorLevel(this.#keyed ? PageType.tableInterior : PageType.indexInterior);
    this.#levels.push(level);
    return level;
  }
}

/**
 * Writes the part of a payload that does not fit its b-tree page, as a chain of pages in a row.
 * Nothing else may be added to the pager between {@link OverflowChain.begin} and the last byte:
 * every page names the next one before it is written.
 */
class OverflowChain {
  readonly #pager: Pager;
  readonly #page = Buffer.alloc(PAGE_SIZE);
  #number = 0;
  #filled = 0;
  #remaining = 0;

  constructor(pager: Pager) {
    this.#pager = pager;
  }

  /** Starts a chain for `length` > 0 bytes and returns the number of its first page. */
  begin(length: number): number {
    this.#number = this.#pager.after(this.#pager.pages);
    this.#filled = 0;
    this.#remaining = length;
    return this.#number;
  }

  /** Takes the next bytes of the payload; the chain ends by itself with its last byte. */
  write(bytes: Buffer, from: number, to: number): void {
    let at = from;
    while (at < to) {
      const length = Math.min(to - at, OVERFLOW_CAPACITY - this.#filled);
      bytes.copy(this.#page, 4 + this.#filled, at, at + length);
      at += length;
      this.#filled += length;
      this.#remaining -= length;
      if (this.#filled === OVERFLOW_CAPACITY || this.#remaining === 0) this.#addPage();
    }
  }

  #addPage(): void {
    const next = this.#remaining === 0 ? 0 : this.#pager.after(this.#number);
    this.#page.writeUInt32BE(next, 0);
    const added = this.#pager.add(this.#page, 4 + this.#filled, PAGE_SIZE);
    if (added !== this.#number) throw new Error(`overflow page ${this.#number} became page ${added}`);
    this.#number = next;
    this.#filled = 0;
  }
}
