/** What is restored: any backup of a bucket or file on disk as a checked SQLite file. Node only. */
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { isLocalFault } from '../../lib/disk/local-fault.ts';
import type { BackupEntry } from '../catalog/entry.ts';
import { plainFile } from '../verify/plain-file.ts';
import { type FetchOptions, fetchBackup, prepare, type RestoreSource } from './fetch-backup.ts';
import { fetchPoint } from './fetch-point.ts';
import type { Point } from './point-in-time.ts';

export type RestoreFrom =
  | { readonly kind: 'backup'; readonly entry: BackupEntry }
  | { readonly kind: 'file'; readonly path: string }
  /** A moment (point-in-time.ts). */
  | { readonly kind: 'point'; readonly point: Point };

/**
 * Fetches, checks (SHA-256, integrity_check, digests, schema) and unpacks.
 * @throws what is wrong; nothing but `directory` is written.
 */
export async function fetchSource(from: RestoreFrom, options: FetchOptions): Promise<RestoreSource> {
  if (from.kind === 'backup') return fetchBackup(from.entry, options);
  if (from.kind === 'point') return fetchPoint(from.point, options);
  if (statSync(from.path).size === 0) throw new Error(`${from.path} is empty`);
  const plain = await plainFile(from.path, options.directory, options.keys);
  const path = join(options.directory, 'source.db');
  const input = { ...plain, to: path, origin: from.path, expected: undefined };
  const prepared = await prepare(input, options).catch((cause: unknown) => {
    if (isLocalFault(cause)) throw new Error(`${from.path} could not be loaded on this machine`, { cause });
    if (plain.kind === 'database') throw cause;
    throw new Error(
      `${from.path} is no whole document of this program (a file of the old bot or an edited one is merged: \`import\`)`,
      { cause },
    );
  });
  return { path, origin: from.path, ...prepared };
}

/** It is whole, and this program, or without a word of its owner, must not restore it. */
export class BackupRefused extends Error {
  override readonly name = 'BackupRefused';
  /** The backup's name, or the file's path. */
  readonly origin: string;
  constructor(origin: string, message: string) {
    super(`${origin} ${message}`);
    this.origin = origin;
  }
}
