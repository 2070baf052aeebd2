/**
 * Reads the committed frames of a write-ahead log as SQLite's recovery would. @see
 * https://sqlite.org/fileformat2.html#walformat
 */

/** `length` bytes from `at`; fewer at the end of the file. */
export type ReadAt = (at: number, length: number) => Uint8Array;

export interface WalCommit {
  /** How many pages it wrote. */
  readonly frames: number;
  /** What it wrote to page 1; almost always nothing or one version. */
  readonly firstPages: readonly Uint8Array[];
  /** Pages of the database after it. */
  readonly pages: number;
}

export interface Wal {
  readonly pageSize: number;
  /** In order; can be read once. */
  readonly commits: Iterable<WalCommit>;
}

const HEADER_BYTES = 32;
const FRAME_HEADER_BYTES = 24;
const MAGIC = 0x377f0682;
const FORMAT = 3_007_000;
/** Bytes of a read: a busy host reads its log whole after each checkpoint. */
const BLOCK_BYTES = 1 << 17;

/**
 * Undefined for what SQLite would not replay either: a missing header, or one with a wrong
 * checksum.
 */
export function openWal(read: ReadAt): Wal | undefined {
  const header = read(0, HEADER_BYTES);
  if (header.byteLength < HEADER_BYTES) return undefined;
  const view = viewOf(header);
  const magic = view.getUint32(0);
  if ((magic & ~1) >>> 0 !== MAGIC || view.getUint32(4) !== FORMAT) return undefined;
  const isLittle = (magic & 1) === 0;
  const sum: Sum = [0, 0];
  add(sum, view, 0, 24, isLittle);
  if (sum[0] !== view.getUint32(24) || sum[1] !== view.getUint32(28)) return undefined;
  const pageSize = view.getUint32(8);
  if (pageSize < 512 || pageSize > 65_536 || (pageSize & (pageSize - 1)) !== 0) return undefined;
  return {
    pageSize,
    commits: commitsOf(read, { pageSize, isLittle, sum, salts: [view.getUint32(16), view.getUint32(20)] }),
  };
}

type Sum = [number, number];

interface Chain {
  readonly pageSize: number;
  readonly isLittle: boolean;
  readonly sum: Sum;
  readonly salts: readonly [number, number];
}

/**
 * Ends where the chain of checksums breaks: later frames were never committed, or come from an
 * earlier log.
 */
function* commitsOf(read: ReadAt, { pageSize, isLittle, sum, salts }: Chain): Generator<WalCommit> {
  let firstPages: Uint8Array[] = [];
  let frames = 0;
  for (const frame of framesOf(read, FRAME_HEADER_BYTES + pageSize)) {
    const view = viewOf(frame);
    if (view.getUint32(8) !== salts[0] || view.getUint32(12) !== salts[1]) return;
    add(sum, view, 0, 8, isLittle);
    add(sum, view, FRAME_HEADER_BYTES, pageSize, isLittle);
    if (sum[0] !== view.getUint32(16) || sum[1] !== view.getUint32(20)) return;
    frames += 1;
    if (view.getUint32(0) === 1) firstPages.push(frame.slice(FRAME_HEADER_BYTES));
    const pages = view.getUint32(4);
    if (pages === 0) continue;
    yield { frames, firstPages, pages };
    firstPages = [];
    frames = 0;
  }
}

function* framesOf(read: ReadAt, frameBytes: number): Generator<Uint8Array> {
  const atOnce = Math.max(1, Math.floor(BLOCK_BYTES / frameBytes)) * frameBytes;
  for (let at = HEADER_BYTES; ; at += atOnce) {
    const block = read(at, atOnce);
    for (let i = 0; i + frameBytes <= block.byteLength; i += frameBytes)
      yield block.subarray(i, i + frameBytes);
    if (block.byteLength < atOnce) return;
  }
}

/** In 32-bit integers throughout: larger numbers would each be an object. */
function add(sum: Sum, view: DataView, from: number, length: number, isLittle: boolean): void {
  let a = sum[0] | 0;
  let b = sum[1] | 0;
  for (let at = from; at < from + length; at += 8) {
    a = (a + view.getInt32(at, isLittle) + b) | 0;
    b = (b + view.getInt32(at + 4, isLittle) + a) | 0;
  }
  sum[0] = a >>> 0;
  sum[1] = b >>> 0;
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
