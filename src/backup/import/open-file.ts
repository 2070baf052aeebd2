/** A file of any of the kinds an import takes, as records. Node only (files, processes). */
import { createReadStream, createWriteStream, statSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { NO_DATABASE } from '../../db/database-fault.ts';
import { whatInstead } from '../../db/file/database-file.ts';
import { type FileKind, sniff } from '../document/sniff.ts';
import { DocumentError } from '../document/window.ts';
import { limited, mostUnpacked } from '../envelope/limited.ts';
import { type OpeningKeys, UnsealError } from '../envelope/types.ts';
import { openUnsealed } from '../envelope/unseal.ts';
import { Damaged } from '../foreign/errors.ts';
import { limitsFor, messagesOf, runInProcess } from '../foreign/process.ts';
import type { ImportMap } from './map/format.ts';
import type { Layout } from './map/layout-task.ts';
import type { SourceKind } from './map/sources.ts';
import { eventFromWire, type RecordsInput } from './records-task.ts';
import type { ImportEvent } from './stage.ts';

export interface OpenImportOptions {
  readonly keys: OpeningKeys | undefined;
  /** For unpacked files; the caller removes it. */
  readonly directory: string;
  /** How far the old bot's clock was ahead of UTC. */
  readonly utcOffsetMinutes: number;
  /** Most bytes a packed file may unpack to. */
  readonly maxBytes?: number;
  /** How another bot's file is laid out. */
  readonly map?: ImportMap | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface PlainImport {
  readonly path: string;
  readonly kind: SourceKind;
}

/** Decrypted and unpacked, into `directory` if packed. @throws when empty or not to be opened */
async function unpackImport(
  path: string,
  options: Pick<OpenImportOptions, 'keys' | 'directory' | 'maxBytes'>,
): Promise<PlainImport> {
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
  if (kind === 'json' || kind === 'sqlite') return { path: plain, kind };
  if (kind === 'list') return { path: plain, kind: 'json' };
  const what = whatInstead((await firstBytes(plain)).toString('latin1'));
  if (what !== undefined) throw new Error(`${path} ${what}`);
  if (/\.csv(\.gz)?(\.age)?$/i.test(path)) return { path: plain, kind: 'csv' };
  if (/\.(db|sqlite3?)(\.gz)?(\.age)?$/i.test(path)) throw new Error(`${path} ${NO_DATABASE}`);
  throw new Error(`${path} holds neither JSON, nor a SQLite database, nor CSV (a file named .csv)`);
}

/** Whose layout the file has, and what another bot's seems to be. */
export async function layoutOf(path: string, options: Omit<OpenImportOptions, 'map'>): Promise<Layout> {
  const plain = await unpackImport(path, options);
  const limits = limitsFor(statSync(plain.path).size);
  const { directory: scratch, signal } = options;
  return named(path, runInProcess('layout', { ...plain, scratch }, { limits, signal }).catch(asFilesFault));
}

/** @throws at once when it is no file of a kind we know; while iterating when it is broken. */
export async function openImportFile(
  path: string,
  options: OpenImportOptions,
): Promise<AsyncIterable<ImportEvent>> {
  const plain = await unpackImport(path, options);
  const { directory: scratch, utcOffsetMinutes, map, signal } = options;
  return namedRecords(path, recordsOfFile({ ...plain, map, scratch, utcOffsetMinutes }, signal));
}

async function* namedRecords(
  path: string,
  records: AsyncGenerator<ImportEvent>,
): AsyncGenerator<ImportEvent> {
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
    throw new Error(`${path} cannot be imported, nothing was changed`, { cause });
  }
}

async function kindOf(path: string): Promise<FileKind | 'list'> {
  const first = await firstBytes(path);
  const kind = sniff(first);
  // UTF-16 has a zero byte beside each of these characters.
  const text = first.toString('latin1').replaceAll('\0', '');
  return kind === 'unknown' && /^(\xef\xbb\xbf|\xff\xfe|\xfe\xff)?\s*\[/.test(text) ? 'list' : kind;
}

async function firstBytes(path: string): Promise<Buffer> {
  const file = await open(path, 'r');
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(64), 0, 64, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

/** In the process for foreign files; leaving the records early ends it. */
async function* recordsOfFile(
  input: RecordsInput,
  signal: AbortSignal | undefined,
): AsyncGenerator<ImportEvent> {
  const limits = limitsFor(statSync(input.path).size);
  try {
    for await (const batch of messagesOf('records', input, { limits, signal }))
      yield* batch.map(eventFromWire);
  } catch (error) {
    asFilesFault(error);
  }
}

/** What is wrong with a file is for whoever gave it. */
function asFilesFault(error: unknown): never {
  throw error instanceof Damaged ? new UnsealError('damaged', error.message, { cause: error }) : error;
}
