import type { HeadLastWriter } from '../../../src/backup/model/model.ts';
import type { WrittenObject } from '../../../src/backup/store/types.ts';

/**
 * A store's writer that keeps everything in memory and insists on the contract of head-last
 * writers.
 */
export class MemoryWriter implements HeadLastWriter<WrittenObject> {
  readonly #headLength: number;
  readonly #rest: Uint8Array[] = [];
  aborted: unknown;
  /** The whole object, once closed. */
  object: Uint8Array | undefined;
  /** The largest single write. */
  largest = 0;
  /** Called before each write; may delay or throw. */
  beforeWrite: (count: number) => Promise<void> = async () => {};

  constructor(headLength: number) {
    this.#headLength = headLength;
  }

  async write(chunk: Uint8Array): Promise<void> {
    await this.beforeWrite(this.#rest.length);
    this.largest = Math.max(this.largest, chunk.byteLength);
    if (chunk.byteLength > 0) this.#rest.push(chunk.slice());
  }

  async close(head: Uint8Array): Promise<WrittenObject> {
    if (this.#rest.length > 0 && head.byteLength !== this.#headLength) {
      throw new Error(`head of ${head.byteLength} bytes instead of ${this.#headLength}`);
    }
    this.object = Buffer.concat([head, ...this.#rest]);
    return { key: 'memory', bytes: this.object.byteLength, parts: [] };
  }

  async abort(reason: unknown): Promise<void> {
    this.aborted = reason;
  }
}

export function streamOf(bytes: Uint8Array, chunk = 10_000): ReadableStream<Uint8Array> {
  let from = 0;
  return new ReadableStream({
    pull(controller) {
      if (from < bytes.byteLength) controller.enqueue(bytes.subarray(from, from + chunk));
      else controller.close();
      from += chunk;
    },
  });
}

export async function readAll(body: ReadableStream<Uint8Array>): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return Buffer.concat(chunks);
}

export async function writeAll(
  writer: HeadLastWriter<unknown>,
  content: { head: Uint8Array; rest: Uint8Array },
  chunk: number,
): Promise<void> {
  for (let from = 0; from < content.rest.byteLength; from += chunk) {
    // A copy, also of a Buffer, whose own slice would be a view.
    const piece = new Uint8Array(content.rest.subarray(from, from + chunk));
    await writer.write(piece);
    piece.fill(0xee);
  }
  await writer.close(content.head);
}
