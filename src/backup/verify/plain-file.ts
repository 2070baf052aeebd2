/**
 * Any file of a backup, packed or not, as a plain file on this machine, to be looked into. Node
 * only.
 */
import { createReadStream, createWriteStream, statSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { sniff } from '../document/sniff.ts';
import { limited, mostUnpacked } from '../envelope/limited.ts';
import type { OpeningKeys } from '../envelope/types.ts';
import { openUnsealed } from '../envelope/unseal.ts';
import { limitsFor, runInProcess } from '../foreign/process.ts';

export interface PlainFile {
  readonly path: string;
  readonly kind: 'database' | 'document';
}

/**
 * Decrypts and unpacks a file of a backup into `directory`; a plain one stays where it is. Goes by
 * contents, not by names.
 */
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

async function sniffFile(path: string): Promise<ReturnType<typeof sniff>> {
  const file = await open(path, 'r');
  try {
    const { buffer, bytesRead } = await file.read(new Uint8Array(64), 0, 64, 0);
    return sniff(buffer.subarray(0, bytesRead));
  } finally {
    await file.close();
  }
}
