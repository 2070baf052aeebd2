/** A file that was sent to the bot. Runs in workerd too. */
import { type LegacyEvent, readLegacyDocument } from '../document/legacy.ts';
import { sniff } from '../document/sniff.ts';
import { limited } from '../envelope/limited.ts';
import { openUnsealed } from '../envelope/unseal.ts';
import type { ImportReport } from './import.ts';

/**
 * Imports a file as it came from Telegram, in a process of its own. @throws UnfitFile, or what is
 * wrong with the file as the cause
 */
export type ImportUpload = (
  body: ReadableStream<Uint8Array>,
  options: {
    readonly utcOffsetMinutes: number;
    readonly dryRun: boolean;
    /** Until the merge it ends the import, and nothing changed. */
    readonly signal?: AbortSignal | undefined;
  },
) => Promise<ImportReport>;

/** What cannot be taken here; `kind` chooses the words for it. */
export class UnfitFile extends Error {
  override readonly name = 'UnfitFile';
  readonly kind: 'encrypted' | 'database' | 'foreign';
  constructor(kind: UnfitFile['kind']) {
    super(`the file is ${kind}`);
    this.kind = kind;
  }
}

/** Ten times the largest file of Telegram's, and within what a Worker can read in a request. */
const MAX_UNPACKED_BYTES = 200_000_000;
/** What `sniff` wants to see. */
const SNIFFED_BYTES = 64;

export interface PlainUpload {
  readonly kind: 'json' | 'sqlite';
  readonly chunks: AsyncIterable<Uint8Array>;
}

/** What was sent, unpacked; `maxBytes` is the most that it may unpack to. @throws UnfitFile */
export async function unpackUpload(
  body: ReadableStream<Uint8Array>,
  maxBytes = MAX_UNPACKED_BYTES,
): Promise<PlainUpload> {
  let { first, chunks } = await peek(body);
  if (sniff(first) === 'gzip') {
    const unpacked = openUnsealed(ReadableStream.from(chunks), { encrypted: false, keys: undefined });
    ({ first, chunks } = await peek(limited(unpacked, maxBytes)));
  }
  const kind = sniff(first);
  if (kind === 'age') throw new UnfitFile('encrypted');
  if (kind !== 'json' && kind !== 'sqlite') throw new UnfitFile('foreign');
  return { kind, chunks };
}

/** On a Worker: JSON is read right here, a database not at all. @throws UnfitFile */
export async function openImportBytes(
  body: ReadableStream<Uint8Array>,
  options: { readonly utcOffsetMinutes: number; readonly maxBytes?: number },
): Promise<AsyncIterable<LegacyEvent>> {
  const { kind, chunks } = await unpackUpload(body, options.maxBytes);
  if (kind === 'sqlite') throw new UnfitFile('database');
  return readLegacyDocument(chunks, options);
}

/** The first bytes, and all chunks from the beginning. */
async function peek(
  source: AsyncIterable<Uint8Array>,
): Promise<{ first: Uint8Array; chunks: AsyncGenerator<Uint8Array> }> {
  const iterator = source[Symbol.asyncIterator]();
  const seen: Uint8Array[] = [];
  let bytes = 0;
  while (bytes < SNIFFED_BYTES) {
    const next = await iterator.next();
    if (next.done === true) break;
    seen.push(next.value);
    bytes += next.value.byteLength;
  }
  const chunks = (async function* () {
    yield* seen;
    for (let next = await iterator.next(); next.done !== true; next = await iterator.next()) yield next.value;
  })();
  return { first: new Uint8Array(Buffer.concat(seen)).subarray(0, SNIFFED_BYTES), chunks };
}
