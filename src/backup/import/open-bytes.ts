/** A file that was sent to the bot, as records. Runs in workerd too: by itself, or through whoever has processes. */
import { type LegacyEvent, readLegacyDocument } from '../document/legacy.ts';
import { sniff } from '../document/sniff.ts';
import { limited } from '../envelope/limited.ts';
import { openUnsealed } from '../envelope/unseal.ts';

/** Reads a plain file given as chunks, in a process of its own; only Node can. */
export type ReadUpload = (
  chunks: AsyncIterable<Uint8Array>,
  kind: 'json' | 'sqlite',
  utcOffsetMinutes: number,
) => AsyncIterable<LegacyEvent>;

/** What can not be taken here; `kind` chooses the words for it. */
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

/** @throws UnfitFile */
export async function openImportBytes(
  body: ReadableStream<Uint8Array>,
  options: {
    readonly utcOffsetMinutes: number;
    /** Undefined on a Worker: JSON is read right here, a database not at all. */
    readonly readUpload: ReadUpload | undefined;
    /** Most bytes a packed file may unpack to. */
    readonly maxBytes?: number;
  },
): Promise<AsyncIterable<LegacyEvent>> {
  let { first, chunks } = await peek(body);
  if (sniff(first) === 'gzip') {
    const unpacked = openUnsealed(ReadableStream.from(chunks), { encrypted: false, keys: undefined });
    ({ first, chunks } = await peek(limited(unpacked, options.maxBytes ?? MAX_UNPACKED_BYTES)));
  }
  const kind = sniff(first);
  if (kind === 'age') throw new UnfitFile('encrypted');
  if (kind !== 'json' && kind !== 'sqlite') throw new UnfitFile('foreign');
  const { readUpload, utcOffsetMinutes } = options;
  if (readUpload !== undefined) return readUpload(chunks, kind, utcOffsetMinutes);
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
