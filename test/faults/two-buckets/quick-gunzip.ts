/**
 * In the place of envelope/gunzip.ts: at once, and without a thread's turn and a buffer of 128 KiB
 * for each of thousands of objects of some hundred bytes. What unpacks is no subject here.
 */
import { gunzipSync } from 'node:zlib';
import { UnsealError } from '../../../src/backup/envelope/types.ts';

export async function* gunzipped(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of source) chunks.push(chunk.slice());
  const packed = Buffer.concat(chunks);
  const found = gunzippedAtOnce(packed);
  if (found === undefined) throw new UnsealError('damaged', 'the gzip data is damaged or cut');
  yield found;
}

/** By the packed bytes: the same ones are read again and again. */
const known = new Map<string, Buffer | undefined>();
const MOST_KNOWN = 20_000;

export function gunzippedAtOnce(packed: Uint8Array): Buffer | undefined {
  const key = Buffer.from(packed.buffer, packed.byteOffset, packed.byteLength).toString('latin1');
  if (known.has(key)) return known.get(key);
  if (known.size >= MOST_KNOWN) known.clear();
  const found = unpack(packed);
  known.set(key, found);
  return found;
}

function unpack(packed: Uint8Array): Buffer | undefined {
  try {
    const { buffer, engine } = gunzipSync(packed, { info: true }) as unknown as {
      readonly buffer: Buffer;
      readonly engine: { readonly bytesWritten: number };
    };
    return engine.bytesWritten === packed.byteLength ? buffer : undefined;
  } catch {
    return undefined;
  }
}
