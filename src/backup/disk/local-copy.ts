/** Any backup, file or live database as a plain file on this machine, to be looked into. Node only. */
import { createReadStream, createWriteStream, statSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { systemClock } from '../../lib/clock.ts';
import { DATABASE_READ, retry } from '../../lib/retry.ts';
import { sniff } from '../document/sniff.ts';
import { limited, mostUnpacked } from '../envelope/limited.ts';
import type { OpeningKeys } from '../envelope/types.ts';
import { openUnsealed } from '../envelope/unseal.ts';
import { limitsFor, runInProcess } from '../foreign/process.ts';
import type { HeadLastWriter, RowSource, SnapshotSink } from '../model.ts';
import { measured } from '../run/contents.ts';
import { createDatabaseSink, PAGE_SIZE } from '../run/database-sink.ts';
import { feed } from '../run/fan-out.ts';
import { createFileWriter } from './file-writer.ts';

export interface PlainFile {
  readonly path: string;
  readonly kind: 'database' | 'document';
}

/** Decrypts and unpacks a file of a backup into `directory`; a plain one stays where it is. Goes by contents, not by names. */
export async function plainFile(
  path: string,
  directory: string,
  keys: OpeningKeys | undefined,
): Promise<PlainFile> {
  const kind = await sniffFile(path);
  if (kind === 'sqlite') return { path, kind: 'database' };
  if (kind === 'json') return { path, kind: 'document' };
  if (kind === 'unknown')
    throw new Error(`${path} is neither a SQLite database nor a document, packed or not`);
  const unpacked = join(directory, 'unpacked');
  const body = Readable.toWeb(createReadStream(path)) as ReadableStream<Uint8Array>;
  const plain = openUnsealed(body, { encrypted: kind === 'age', keys });
  await pipeline(limited(plain, mostUnpacked(statSync(path).size)), createWriteStream(unpacked));
  const inside = await sniffFile(unpacked);
  if (inside === 'sqlite') return { path: unpacked, kind: 'database' };
  if (inside === 'json') return { path: unpacked, kind: 'document' };
  throw new Error(`${path} holds neither a SQLite database nor a document`);
}

/** A SQLite file with the contents of `file`: itself, or the document loaded into one. */
export async function asDatabase(file: PlainFile, directory: string, signal?: AbortSignal): Promise<string> {
  if (file.kind === 'database') return file.path;
  const path = join(directory, 'loaded.db');
  const limits = limitsFor(statSync(file.path).size);
  await runInProcess('load', { document: file.path, path }, { limits, signal });
  return path;
}

/** A consistent copy of the live database, whichever kind it is, as a SQLite file. */
export function copyLive(source: RowSource, path: string): Promise<void> {
  return writeLive(source, { path, headLength: PAGE_SIZE, replace: false, sink: createDatabaseSink });
}

export interface LiveCopy {
  readonly path: string;
  readonly headLength: number;
  readonly replace: boolean;
  readonly sink: (out: HeadLastWriter) => SnapshotSink;
  readonly onProgress?: (rows: number, bytes: number) => void;
}

/** One snapshot into one file, from the start again when it breaks off. The file appears when it is whole. */
export function writeLive(source: RowSource, copy: LiveCopy): Promise<void> {
  return retry(DATABASE_READ, { sleep: systemClock.sleep, random: Math.random }, async () => {
    const { path, headLength, replace, onProgress } = copy;
    const writer = measured(await createFileWriter(path, { headLength, replace }));
    let rows = 0;
    try {
      const sink = copy.sink(writer);
      await source.read((snapshot) =>
        feed(snapshot, { ordered: sink, others: [] }, async (count) => {
          rows += count;
          onProgress?.(rows, writer.bytes);
        }),
      );
      await sink.finish();
    } catch (error) {
      await writer.abort(error);
      throw error;
    }
  });
}

async function sniffFile(path: string): Promise<ReturnType<typeof sniff>> {
  const file = await open(path, 'r');
  try {
    const { buffer, bytesRead } = await file.read(new Uint8Array(64), 0, 64, 0);
    return sniff(buffer.subarray(0, bytesRead));
  } finally {
    await file.close();
  }
}
