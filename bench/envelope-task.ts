/** What bench/envelope.ts measures, in a file that runs in Node and, as the default export, in workerd. */
import { openSealed } from '../src/backup/envelope/seal.ts';
import type { Encryption, OpeningKeys } from '../src/backup/envelope/types.ts';
import { openUnsealed } from '../src/backup/envelope/unseal.ts';

/** Page 1 of the SQLite file: what the writer supplies last. */
const HEAD_BYTES = 4096;
const CHUNK_BYTES = 65_536;

/** Seals `sample` over and over into nothing (or into `chunks` when `keep`). */
export async function sealRepeated(
  sample: Uint8Array,
  repeat: number,
  level: number,
  encryption: Encryption | undefined,
  keep = false,
): Promise<{ bytes: number; chunks: Uint8Array[] }> {
  let bytes = 0;
  const chunks: Uint8Array[] = [];
  const open = async () => ({
    async write(chunk: Uint8Array) {
      bytes += chunk.byteLength;
      if (keep) chunks.push(chunk.slice());
    },
    async close(head: Uint8Array) {
      bytes += head.byteLength;
      if (keep) chunks.unshift(head);
      return { key: '', bytes, parts: [] };
    },
    abort: async () => {},
  });
  const writer = await openSealed(open, { headLength: HEAD_BYTES, gzipLevel: level, encryption });
  for (let round = 0; round < repeat; round++) {
    for (let at = round === 0 ? HEAD_BYTES : 0; at < sample.byteLength; at += CHUNK_BYTES) {
      await writer.write(sample.subarray(at, at + CHUNK_BYTES));
    }
  }
  await writer.close(sample.subarray(0, HEAD_BYTES));
  return { bytes, chunks };
}

/** How many bytes `chunks` unpack to. */
export async function openAgain(
  chunks: readonly Uint8Array[],
  keys: OpeningKeys | undefined,
): Promise<number> {
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      for (const chunk of chunks) controller.enqueue(chunk);
      controller.close();
    },
  });
  let bytes = 0;
  for await (const chunk of openUnsealed(body, { encrypted: keys !== undefined, keys }))
    bytes += chunk.byteLength;
  return bytes;
}

export default {
  async fetch(request: Request): Promise<Response> {
    const task = JSON.parse(new URL(request.url).searchParams.get('task') ?? '{}');
    const sample = new Uint8Array(await request.arrayBuffer());
    const { bytes } = await sealRepeated(sample, task.repeat, task.level, task.encryption);
    return new Response(String(bytes));
  },
};
