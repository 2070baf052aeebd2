/** A file of any of the kinds an import takes, as records. Node only (files, libsql). */
import { createReadStream, createWriteStream, statSync } from 'node:fs';
import { mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { BLOB_TAG, REAL_TAG, TEXT_TAG } from '../document/format.ts';
import type { JsonValue } from '../document/json-value.ts';
import { type LegacyEvent, readLegacyDocument } from '../document/legacy.ts';
import { kindOfKey, recordsOf } from '../document/legacy-records.ts';
import { type FileKind, sniff } from '../document/sniff.ts';
import { DocumentError } from '../document/window.ts';
import { type OpeningKeys, UnsealError } from '../envelope/types.ts';
import { openUnsealed } from '../envelope/unseal.ts';
import { InvalidText, type SqlValue } from '../model.ts';
import { copyDatabase } from '../restore/copy-database.ts';
import { Damaged, requireIntact } from '../restore/intact.ts';
import { openFileSnapshotSource } from '../snapshot/file.ts';
import { rowLayout } from '../values.ts';
import { limited } from './limited.ts';
import type { OpenDatabaseFile } from './open-bytes.ts';

export interface OpenImportOptions {
  readonly keys: OpeningKeys | undefined;
  /** For unpacked files; the caller removes it. */
  readonly directory: string;
  /** How far the old bot's clock was ahead of UTC. */
  readonly utcOffsetMinutes: number;
  /** Most bytes a packed file may unpack to. */
  readonly maxBytes?: number;
}

/** What real backups pack to: a tenth. More than this is no backup but a bomb. */
const MOST_TIMES = 200;
const LEAST_BYTES = 64 * 1024 * 1024;

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
    const most = options.maxBytes ?? Math.max(LEAST_BYTES, statSync(path).size * MOST_TIMES);
    await named(path, pipeline(limited(unpacked, most), createWriteStream(plain)));
    kind = await kindOf(plain);
  }
  if (kind === 'json') return namedRecords(path, readLegacyDocument(chunksOf(plain), options));
  if (kind !== 'sqlite') throw new Error(`${path} holds neither a JSON object nor a SQLite database`);
  const copy = join(options.directory, 'import.db');
  // What stands only in its -wal is its as well.
  await copyDatabase(plain, copy);
  requireIntact(copy, path);
  return namedRecords(path, databaseRecords(copy, options.utcOffsetMinutes));
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

/** Opens the file when it is first read: whoever gives up before that leaves nothing open. */
async function* chunksOf(path: string): AsyncGenerator<Uint8Array> {
  yield* createReadStream(path);
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

/** Rows of a database as the records its JSON would give: one set of rules for both. */
async function* databaseRecords(path: string, utcOffsetMinutes: number): AsyncGenerator<LegacyEvent> {
  const events: LegacyEvent[] = [];
  const pending = { wake: () => {}, isFull: Promise.resolve() };
  let done = false;
  let failure: { readonly error: unknown } | undefined;
  let room = (): void => {};
  let isStopped = false;
  const reading = openFileSnapshotSource({ path })
    .read(async (snapshot) => {
      const tables = snapshot.schema.tables.filter(({ kind }) => kind === 'table');
      if (!tables.some(({ name }) => kindOfKey(name) !== undefined))
        throw new UnsealError('foreign', 'the database has none of the bot’s tables');
      for await (const scan of snapshot.scans(tables.map((table) => ({ kind: 'table', table })))) {
        if (scan.target.kind !== 'table') continue;
        const { table } = scan.target;
        const layout = rowLayout(table);
        let index = 0;
        for await (const rows of scan.rows) {
          for (const row of rows) {
            const value = new Map(
              layout.columns.map(({ name }, i) => [name, jsonOf(row[layout.at[i] ?? 0] ?? null)]),
            );
            const kind = kindOfKey(table.name) ?? 'other';
            events.push(...recordsOf(kind, table.name, [table.name, index], value, utcOffsetMinutes));
            index += 1;
          }
          if (isStopped) throw new Error('stopped');
          if (events.length === 0) continue;
          pending.wake();
          // The next batch is read when this one has been taken.
          await new Promise<void>((resolve) => {
            room = resolve;
          });
        }
      }
    })
    .catch((error: unknown) => {
      failure = { error };
    })
    .finally(() => {
      done = true;
      pending.wake();
    });
  try {
    while (true) {
      if (events.length === 0 && !done)
        await new Promise<void>((resolve) => {
          pending.wake = resolve;
          if (events.length > 0 || done) resolve();
        });
      const batch = events.splice(0);
      yield* batch;
      if (batch.length === 0 && done) break;
      room();
    }
    if (failure !== undefined) throw failure.error;
  } finally {
    isStopped = true;
    room();
    await reading;
  }
}

function jsonOf(value: SqlValue): JsonValue {
  if (value instanceof InvalidText) return new Map([[TEXT_TAG, Buffer.from(value.bytes).toString('base64')]]);
  if (value instanceof Uint8Array) return new Map([[BLOB_TAG, Buffer.from(value).toString('base64')]]);
  if (value === Infinity) return new Map([[REAL_TAG, 'inf']]);
  return value === -Infinity ? new Map([[REAL_TAG, '-inf']]) : value;
}

/** What `openImportBytes` wants on Node: a SQLite file that comes as chunks, checked and read from a scratch file. */
export const openDatabaseUpload: OpenDatabaseFile = async function* (chunks, utcOffsetMinutes) {
  const directory = await mkdtemp(join(tmpdir(), 'anime-import-'));
  try {
    const path = join(directory, 'import.db');
    await pipeline(chunks, createWriteStream(path));
    requireWhole(path);
    yield* databaseRecords(path, utcOffsetMinutes);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
};

/** What is wrong with a file that was sent is for whoever sent it; what is wrong here is not. */
function requireWhole(path: string): void {
  try {
    requireIntact(path, 'the file');
  } catch (cause) {
    throw cause instanceof Damaged ? new UnsealError('damaged', cause.message, { cause }) : cause;
  }
}
