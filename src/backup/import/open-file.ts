/** A file of any of the kinds an import takes, as records. Node only (files, processes). */
import { createReadStream, createWriteStream, statSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { LegacyEvent } from '../document/legacy.ts';
import { type FileKind, sniff } from '../document/sniff.ts';
import { DocumentError } from '../document/window.ts';
import { limited, mostUnpacked } from '../envelope/limited.ts';
import { type OpeningKeys, UnsealError } from '../envelope/types.ts';
import { openUnsealed } from '../envelope/unseal.ts';
import { Damaged } from '../foreign/errors.ts';
import { limitsFor, messagesOf } from '../foreign/process.ts';
import { eventFromWire, type RecordsInput } from './records-task.ts';

export interface OpenImportOptions {
  readonly keys: OpeningKeys | undefined;
  /** For unpacked files; the caller removes it. */
  readonly directory: string;
  /** How far the old bot's clock was ahead of UTC. */
  readonly utcOffsetMinutes: number;
  /** Most bytes a packed file may unpack to. */
  readonly maxBytes?: number;
  readonly signal?: AbortSignal | undefined;
}

/** @throws at once when it is no file of a kind we know; while iterating when it is broken. */
export async function openImportFile(
  path: string,
  options: OpenImportOptions,
): Promise<AsyncIterable<LegacyEvent>> {
  if (statSync(path).size === 0) throw new Error(`${path} is empty`);
  let kind = await kindOf(path);
  let plain = path;
  if (kind === 'gzip' || kind === 'age') {
    plain = join(options.directory, 'unpacked');
    const body = Readable.toWeb(createReadStream(path)) as ReadableStream<Uint8Array>;
    const unpacked = openUnsealed(body, { encrypted: kind === 'age', keys: options.keys });
    const most = options.maxBytes ?? mostUnpacked(statSync(path).size);
    await named(path, pipeline(limited(unpacked, most), createWriteStream(plain)));
    kind = await kindOf(plain);
  }
  if (kind !== 'json' && kind !== 'sqlite')
    throw new Error(`${path} holds neither a JSON object nor a SQLite database`);
  const { directory: scratch, utcOffsetMinutes, signal } = options;
  return namedRecords(path, recordsOfFile({ path: plain, kind, scratch, utcOffsetMinutes }, signal));
}

async function* namedRecords(
  path: string,
  records: AsyncGenerator<LegacyEvent>,
): AsyncGenerator<LegacyEvent> {
  try {
    for (;;) {
      const next = await named(path, records.next());
      if (next.done === true) return;
      yield next.value;
    }
  } finally {
    await records.return(undefined);
  }
}

/** What is wrong with the file, with its name. */
async function named<T>(path: string, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (cause) {
    if (!(cause instanceof DocumentError || cause instanceof UnsealError)) throw cause;
    throw new Error(`${path} can not be imported, nothing was changed`, { cause });
  }
}

async function kindOf(path: string): Promise<FileKind> {
  const file = await open(path, 'r');
  try {
    const { buffer, bytesRead } = await file.read(new Uint8Array(64), 0, 64, 0);
    return sniff(buffer.subarray(0, bytesRead));
  } finally {
    await file.close();
  }
}

/** In the process for foreign files; leaving the records early ends it. */
async function* recordsOfFile(
  input: RecordsInput,
  signal: AbortSignal | undefined,
): AsyncGenerator<LegacyEvent> {
  const limits = limitsFor(statSync(input.path).size);
  try {
    for await (const batch of messagesOf('records', input, { limits, signal }))
      yield* batch.map(eventFromWire);
  } catch (error) {
    // What is wrong with a file is for whoever gave it.
    throw error instanceof Damaged ? new UnsealError('damaged', error.message, { cause: error }) : error;
  }
}
