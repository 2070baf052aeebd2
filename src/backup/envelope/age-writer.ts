/**
 * An age file whose first bytes may come last: payload chunks are sealed by index, so chunk 0 can
 * be the last one sealed.
 */
import type { HeadLastWriter } from '../model/model.ts';
import { CHUNK_BYTES, sealChunk, TAG_BYTES } from './age-format.ts';
import type { AgeStart } from './age-header.ts';

/**
 * How many bytes of the file stand before the chunks that can be sealed at once, for a plain head
 * of `headLength` bytes; without a head the file is written in order.
 */
export function ageHeadLength(start: AgeStart, headLength: number): number {
  if (headLength === 0) return 0;
  return start.prefix.byteLength + headChunks(headLength) * (CHUNK_BYTES + TAG_BYTES);
}

function headChunks(headLength: number): number {
  return Math.ceil(headLength / CHUNK_BYTES);
}

/**
 * Encrypts into `inner`, which must have been opened with {@link ageHeadLength}. Memory: two
 * chunks.
 */
export class AgeWriter<Result> implements HeadLastWriter<Result> {
  readonly #inner: HeadLastWriter<Result>;
  readonly #start: AgeStart;
  readonly #headLength: number;
  /** The chunks that hold the head, with room for it at the front. */
  readonly #held: Uint8Array;
  #heldUsed: number;
  /** The chunk being filled; sealed when a further byte shows that it is not the last. */
  readonly #chunk = new Uint8Array(CHUNK_BYTES);
  #chunkUsed = 0;
  #index: number;

  constructor(inner: HeadLastWriter<Result>, start: AgeStart, headLength: number) {
    this.#inner = inner;
    this.#start = start;
    this.#headLength = headLength;
    this.#index = headChunks(headLength);
    this.#held = new Uint8Array(this.#index * CHUNK_BYTES);
    this.#heldUsed = headLength;
  }

  async write(chunk: Uint8Array): Promise<void> {
    const held = chunk.subarray(0, this.#held.byteLength - this.#heldUsed);
    this.#held.set(held, this.#heldUsed);
    this.#heldUsed += held.byteLength;
    for (let from = held.byteLength; from < chunk.byteLength; ) {
      if (this.#chunkUsed === CHUNK_BYTES) await this.#sealFull();
      const slice = chunk.subarray(from, from + CHUNK_BYTES - this.#chunkUsed);
      this.#chunk.set(slice, this.#chunkUsed);
      this.#chunkUsed += slice.byteLength;
      from += slice.byteLength;
    }
  }

  async close(head: Uint8Array): Promise<Result> {
    if (this.#heldUsed === this.#headLength && this.#chunkUsed === 0) {
      // Nothing came before: the head is the content.
      return this.#inner.close(this.#sealHead(head, true));
    }
    if (head.byteLength !== this.#headLength) {
      throw new RangeError(`the head has ${head.byteLength} bytes, not ${this.#headLength}`);
    }
    this.#held.set(head);
    if (this.#chunkUsed === 0)
      return this.#inner.close(this.#sealHead(this.#held.subarray(0, this.#heldUsed), true));
    await this.#begin();
    await this.#inner.write(this.#seal(this.#index, true, this.#chunk.subarray(0, this.#chunkUsed)));
    return this.#inner.close(this.#headLength === 0 ? head : this.#sealHead(this.#held, false));
  }

  abort(reason: unknown): Promise<void> {
    return this.#inner.abort(reason);
  }

  /** Without a head to wait for, the file's own first bytes go out before the first chunk. */
  async #begin(): Promise<void> {
    if (this.#index === 0) await this.#inner.write(this.#start.prefix);
  }

  async #sealFull(): Promise<void> {
    await this.#begin();
    const sealed = this.#seal(this.#index++, false, this.#chunk);
    this.#chunkUsed = 0;
    await this.#inner.write(sealed);
  }

  /**
   * The file's first bytes: header, nonce and the chunks of `plain`; `last` when no other chunks
   * follow.
   */
  #sealHead(plain: Uint8Array, last: boolean): Uint8Array {
    const pieces: Uint8Array[] = [this.#start.prefix];
    const count = Math.max(1, headChunks(plain.byteLength));
    for (let index = 0; index < count; index++) {
      const chunk = plain.subarray(index * CHUNK_BYTES, (index + 1) * CHUNK_BYTES);
      pieces.push(this.#seal(index, last && index === count - 1, chunk));
    }
    return Buffer.concat(pieces);
  }

  #seal(index: number, last: boolean, plain: Uint8Array): Uint8Array {
    return sealChunk(this.#start.payloadKey, index, last, plain);
  }
}
