/**
 * A sliding window over a stream of bytes, for parsers that work synchronously on what has arrived.
 * They throw {@link NEED_MORE} when the window ends too early, and start their piece again when
 * more bytes are there. Memory stays below twice the largest piece, whatever the chunks; re-reading
 * stays linear because the window at least doubles each time.
 */
import { Buffer } from 'node:buffer';

/** Thrown by parsers that ran out of bytes; carries nothing, so one is enough. */
const NEED_MORE: Error = new Error('more bytes needed');

/** Where a value stands: `['anime', 3, 'parts']`. */
export type JsonPath = (string | number)[];

/** `anime[3].parts[0].file_id` */
export function placeOf(path: JsonPath): string {
  return path
    .map((step, i) => (typeof step === 'number' ? `[${step}]` : i === 0 ? step : `.${step}`))
    .join('');
}

/**
 * The input is not what it should be. `place` names the spot (`anime[12].parts[3].file_id`),
 * `offset` the byte (of the text as UTF-8).
 */
export class DocumentError extends Error {
  override readonly name = 'DocumentError';
  readonly place: string;
  readonly offset: number;
  /** The reason alone, without its place. */
  readonly unplaced: string;
  constructor(place: string, offset: number, reason: string, cause?: unknown) {
    super(`${place === '' ? '' : `${place}: `}${reason} (byte ${offset})`, { cause });
    this.place = place;
    this.offset = offset;
    this.unplaced = reason;
  }
}

const NOTHING: AsyncIterable<Uint8Array> = {
  [Symbol.asyncIterator]: () => ({ next: async () => ({ done: true, value: undefined }) }),
};

/** The window's least size; chunks from the network are of this order. */
const LEAST_BYTES = 64 * 1024;

/** Pieces handed over at once; and the bytes after which fewer are. */
const BATCH_COUNT = 512;
const BATCH_BYTES = 256 * 1024;

export class ByteWindow {
  /** The window is `bytes[pos..end)`; parsers move `pos`. */
  bytes: Buffer = Buffer.alloc(0);
  pos = 0;
  end = 0;
  /** Nothing comes after `end`. */
  ended = false;
  /** Where the position is in the document, for messages; parsers lengthen and shorten it. */
  readonly path: JsonPath = [];

  /** Offset in the stream of `bytes[0]`. */
  #base = 0;
  #released = 0;
  #pending: Uint8Array = new Uint8Array(0);
  readonly #source: AsyncIterator<Uint8Array>;
  readonly #maxPiece: number;
  readonly #consumed: (bytes: Uint8Array) => unknown;

  /** `consumed` sees every byte once, in order, after it has been parsed. */
  constructor(
    source: AsyncIterable<Uint8Array>,
    maxPiece: number,
    consumed: (bytes: Uint8Array) => unknown = () => {},
  ) {
    this.#source = source[Symbol.asyncIterator]();
    this.#maxPiece = maxPiece;
    this.#consumed = consumed;
  }

  /** Over bytes that are all there; they are not copied. */
  static of(bytes: Uint8Array, consumed?: (bytes: Uint8Array) => unknown): ByteWindow {
    const window = new ByteWindow(NOTHING, bytes.byteLength, consumed);
    window.bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    window.end = bytes.byteLength;
    window.ended = true;
    return window;
  }

  /** The error for what stands at `at` (default: at the position). */
  fault(reason: string, at: number = this.pos, cause?: unknown): DocumentError {
    return new DocumentError(placeOf(this.path), this.#base + at, reason, cause);
  }

  /** What a parser throws when it finds the window too short. */
  short(): Error {
    return this.ended ? this.fault('the document ends too early', this.end) : NEED_MORE;
  }

  /** Runs a parser until it has all the bytes it needs; what it consumed stays consumed. */
  async take<T>(parse: (window: ByteWindow) => T): Promise<T> {
    for (;;) {
      const { pos, path } = this;
      const depth = path.length;
      try {
        return parse(this);
      } catch (error) {
        await this.#again(error, pos, depth);
      }
    }
  }

  /**
   * Runs a parser again and again until it says that nothing follows; `taken` gives what it made, a
   * batch at a time. The parser changes nothing when it throws.
   */
  async *batches<T>(parse: (window: ByteWindow) => boolean, taken: () => T): AsyncGenerator<T> {
    for (let more = true; more; ) {
      for (let count = 0, bytes = 0; more && count < BATCH_COUNT && bytes < BATCH_BYTES; ) {
        const { pos, path } = this;
        const depth = path.length;
        try {
          more = parse(this);
          count += 1;
          bytes += this.pos - pos;
        } catch (error) {
          await this.#again(error, pos, depth);
        }
      }
      yield taken();
    }
  }

  /** Goes back to where a parser began, and reads on; throws what was wrong with the bytes. */
  async #again(error: unknown, pos: number, depth: number): Promise<void> {
    if (error !== NEED_MORE) throw error;
    this.pos = pos;
    await this.#more();
    this.path.length = depth;
  }

  /** Reads on: at least doubles what is held, or finds the stream's end. */
  async #more(): Promise<void> {
    const held = this.end - this.pos;
    if (held > this.#maxPiece) throw this.fault(`a piece of more than ${this.#maxPiece} bytes`);
    const wanted = Math.max(1, 2 * held);
    this.#makeRoom(Math.max(LEAST_BYTES, wanted));
    while (this.end - this.pos < wanted && !this.ended) {
      if (this.#pending.length === 0) {
        const next = await this.#source.next();
        if (next.done) this.ended = true;
        else this.#pending = next.value;
      }
      const part = this.#pending.subarray(0, this.bytes.length - this.end);
      this.bytes.set(part, this.end);
      this.end += part.length;
      this.#pending = this.#pending.subarray(part.length);
    }
  }

  /** Whether nothing is left. */
  async atEnd(): Promise<boolean> {
    if (this.pos === this.end && !this.ended) await this.#more();
    return this.pos === this.end;
  }

  /** Hands everything before the position to `consumed`. */
  release(): void {
    if (this.pos > this.#released) this.#consumed(this.bytes.subarray(this.#released, this.pos));
    this.#released = this.pos;
  }

  /** Tells the source that nothing more is wanted. */
  async close(): Promise<void> {
    await this.#source.return?.();
  }

  #makeRoom(size: number): void {
    this.release();
    const rest = this.bytes.subarray(this.pos, this.end);
    if (size > this.bytes.length) {
      const larger = Buffer.alloc(size);
      larger.set(rest);
      this.bytes = larger;
    } else {
      this.bytes.copyWithin(0, this.pos, this.end);
    }
    this.#base += this.pos;
    this.end -= this.pos;
    this.pos = 0;
    this.#released = 0;
  }
}
