/**
 * gzip with its first bytes last, as ONE member (workerd's DecompressionStream refuses two): the
 * head goes in as stored blocks, whose length is known before their content; the rest is an
 * ordinary deflate stream; the CRC-32 is put together at the end.
 */
import { constants, crc32, createDeflateRaw, gzipSync } from 'node:zlib';
import type { HeadLastWriter } from '../model/model.ts';
import { crc32Combine } from './crc32.ts';
import { MatchChoice } from './match-choice.ts';

/** RFC 1952: magic, deflate, no flags, no time (equal content gives equal files), no hint, Unix. */
const GZIP_HEADER = Uint8Array.of(0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3);
/** RFC 1951: what one stored block holds at most, and what it costs. */
const STORED_MAX = 65_535;
const STORED_OVERHEAD = 5;
/** Input is handed to the compressor in pieces of this size: one trip to zlib's thread each. */
const PIECE_BYTES = 128 * 1024;

/**
 * How many bytes stand before the compressed rest when the head has `headLength` bytes; without a
 * head the file is written in order.
 */
export function gzipHeadLength(headLength: number): number {
  if (headLength === 0) return 0;
  return GZIP_HEADER.byteLength + headLength + Math.ceil(headLength / STORED_MAX) * STORED_OVERHEAD;
}

/**
 * Compresses what is written into `inner`, which must have been opened with
 * `gzipHeadLength(headLength)`. Memory: two pieces of input and what zlib needs; the next piece
 * waits for the one before.
 * @param level zlib's 0 to 9
 */
export class GzipWriter<Result> implements HeadLastWriter<Result> {
  readonly #inner: HeadLastWriter<Result>;
  readonly #headLength: number;
  readonly #level: number;
  /** Made with the first piece: many files have none. */
  #deflate: ReturnType<typeof createDeflateRaw> | undefined;
  /** Compressed bytes that zlib handed out and `inner` has not got yet. */
  #output: Uint8Array[] = [];
  #piece: Uint8Array<ArrayBuffer> = new Uint8Array(0);
  #spare: Uint8Array<ArrayBuffer> = new Uint8Array(0);
  #used = 0;
  /** The piece before: being compressed and written while the next is filled. */
  #running: Promise<void> = Promise.resolve();
  #failed: { readonly error: unknown } | undefined;
  readonly #choice: MatchChoice;
  #strategy: number = constants.Z_DEFAULT_STRATEGY;
  #crc = 0;
  #bytes = 0;
  #closed = false;

  constructor(inner: HeadLastWriter<Result>, headLength: number, level: number) {
    this.#inner = inner;
    this.#headLength = headLength;
    this.#level = level;
    this.#choice = new MatchChoice(level);
    if (headLength === 0) this.#output.push(GZIP_HEADER);
  }

  async write(chunk: Uint8Array): Promise<void> {
    this.#expectOpen();
    if (this.#piece.byteLength === 0) {
      this.#piece = new Uint8Array(PIECE_BYTES);
      this.#spare = new Uint8Array(PIECE_BYTES);
    }
    for (let from = 0; from < chunk.byteLength; ) {
      const slice = chunk.subarray(from, from + PIECE_BYTES - this.#used);
      this.#piece.set(slice, this.#used);
      this.#used += slice.byteLength;
      from += slice.byteLength;
      if (this.#used === PIECE_BYTES) await this.#flushPiece();
    }
  }

  async close(head: Uint8Array): Promise<Result> {
    this.#expectOpen();
    this.#closed = true;
    // Nothing came before: the head is the content.
    if (this.#bytes + this.#used === 0) return this.#inner.close(gzipSync(head, { level: this.#level }));
    if (head.byteLength !== this.#headLength) {
      throw new RangeError(`the head has ${head.byteLength} bytes, not ${this.#headLength}`);
    }
    if (this.#used > 0) await this.#flushPiece();
    await this.#running;
    this.#expectNoFailure();
    const deflate = this.#compressor();
    await new Promise<void>((resolve, reject) => {
      deflate.once('error', reject);
      deflate.once('end', resolve);
      deflate.end();
    });
    await this.#drain();
    await this.#inner.write(this.#trailer(head));
    return this.#inner.close(this.#headLength === 0 ? head : storedHead(head));
  }

  async abort(reason: unknown): Promise<void> {
    this.#closed = true;
    this.#fail(reason);
    // First the inner writer: it ends the write that the running piece may be waiting for.
    await this.#inner.abort(reason);
    await this.#running;
    this.#deflate?.destroy();
  }

  #compressor(): ReturnType<typeof createDeflateRaw> {
    if (this.#deflate !== undefined) return this.#deflate;
    const deflate = createDeflateRaw({ level: this.#level, chunkSize: PIECE_BYTES / 2 });
    deflate.on('data', (chunk: Uint8Array) => this.#output.push(chunk));
    deflate.on('error', (error) => this.#fail(error));
    this.#deflate = deflate;
    return deflate;
  }

  #expectOpen(): void {
    if (this.#failed !== undefined) throw this.#failed.error;
    if (this.#closed) throw new Error('the gzip writer is closed');
  }

  #fail(error: unknown): void {
    this.#failed ??= { error };
  }

  /**
   * Starts on the full piece as soon as the one before is through, and lets the caller fill the
   * other buffer meanwhile.
   */
  async #flushPiece(): Promise<void> {
    await this.#running;
    this.#expectNoFailure();
    const piece = this.#piece.subarray(0, this.#used);
    [this.#piece, this.#spare] = [this.#spare, this.#piece];
    this.#used = 0;
    this.#running = this.#compress(piece).catch((error: unknown) => this.#fail(error));
  }

  #expectNoFailure(): void {
    if (this.#failed !== undefined) throw this.#failed.error;
  }

  async #compress(piece: Uint8Array): Promise<void> {
    this.#crc = crc32(piece, this.#crc);
    this.#bytes += piece.byteLength;
    const deflate = this.#compressor();
    const strategy = this.#choice.strategyFor(piece);
    if (strategy !== this.#strategy) {
      this.#strategy = strategy;
      await new Promise<void>((resolve) => {
        deflate.params(this.#level, strategy, resolve);
      });
      await this.#drain();
    }
    await new Promise<void>((resolve, reject) => {
      deflate.write(piece, (error) => (error ? reject(error) : resolve()));
    });
    this.#choice.told(piece.byteLength, await this.#drain());
  }

  /** Returns how many bytes there were. */
  async #drain(): Promise<number> {
    this.#expectNoFailure();
    const chunks = this.#output;
    this.#output = [];
    for (const chunk of chunks) await this.#inner.write(chunk);
    return chunks.reduce((sum, chunk) => sum + chunk.byteLength, 0);
  }

  #trailer(head: Uint8Array): Uint8Array {
    const trailer = new DataView(new ArrayBuffer(8));
    trailer.setUint32(0, crc32Combine(crc32(head), this.#crc, this.#bytes), true);
    // The length modulo 2^32: setUint32 takes it by itself.
    trailer.setUint32(4, head.byteLength + this.#bytes, true);
    return new Uint8Array(trailer.buffer);
  }
}

function storedHead(head: Uint8Array): Uint8Array {
  const out = new Uint8Array(gzipHeadLength(head.byteLength));
  out.set(GZIP_HEADER);
  const view = new DataView(out.buffer);
  let at = GZIP_HEADER.byteLength;
  for (let from = 0; from < head.byteLength; from += STORED_MAX) {
    const piece = head.subarray(from, from + STORED_MAX);
    // Block header: not the last, type 00, then padding to the byte; then length and its
    // complement.
    out[at] = 0;
    view.setUint16(at + 1, piece.byteLength, true);
    view.setUint16(at + 3, piece.byteLength ^ 0xffff, true);
    out.set(piece, at + STORED_OVERHEAD);
    at += STORED_OVERHEAD + piece.byteLength;
  }
  return out;
}
