/** What is restored: any backup of a bucket or file on disk as a checked SQLite file. Node only. */
import { rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { explain } from '../../lib/clock.ts';
import { removeDatabaseFile } from '../../lib/disk/database-files.ts';
import { isLocalFault } from '../../lib/disk/local-fault.ts';
import type { BackupEntry } from '../catalog/entry.ts';
import type { ManifestObject } from '../catalog/manifest.ts';
import { NotOpened } from '../catalog/not-opened.ts';
import { type DamageProof, keepVerdict } from '../catalog/verdicts.ts';
import { CostsTooMuch, Damaged, isFileFault } from '../foreign/errors.ts';
import { limitsFor, runInProcess } from '../foreign/process.ts';
import { expectedOf } from '../verify/check-file.ts';
import { isSealedFor } from '../verify/open-object.ts';
import { plainFile } from '../verify/plain-file.ts';
import { requireAsUnpacked } from '../verify/scratch-file.ts';
import { unpackObject } from '../verify/unpack-object.ts';
import { fetchPoint, replayAll } from './fetch-point.ts';
import type { FetchOptions, RestoreSource } from './fetched.ts';
import type { Point, Way } from './point-in-time.ts';
import type { Prepared, PrepareInput } from './prepare-task.ts';

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
  if (from.kind === 'point')
    return fetchPoint(from.point, options, {
      fetchBackup: ({ base, stop }) => fetchBackup(base.entry, options, stop !== undefined),
      prepare,
      isItsFault: (error) => error instanceof BackupDamaged,
    });
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

/** {@link replayAll} into the backup of the way. */
export function proveWay(way: Way, options: FetchOptions): ReturnType<typeof replayAll> {
  return replayAll(way, options, { fetchBackup: ({ base }) => fetchBackup(base.entry, options, true) });
}

function prepare(input: PrepareInput, { signal }: FetchOptions): Promise<Prepared> {
  return runInProcess('prepare', input, { limits: limitsFor(statSync(input.path).size), signal });
}

/**
 * Neither of its files can be used, and no key, disk or connection is to blame: another backup may
 * do.
 */
export class BackupDamaged extends Error {
  override readonly name = 'BackupDamaged';
  readonly backup: string;
  constructor(backup: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.backup = backup;
  }
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

/** It is not there, which the listing tells by itself. */
class Gone extends Damaged {}

/** Whether the backup is at fault. */
function isItsFault(error: unknown): boolean {
  return isFileFault(error) && !isLocalFault(error);
}

function isProof(error: unknown): boolean {
  return isItsFault(error) && !(error instanceof Gone) && !(error instanceof CostsTooMuch);
}

async function fetchBackup(
  { name, manifest, problem }: BackupEntry,
  options: FetchOptions,
  isChanged = false,
): Promise<RestoreSource> {
  if (manifest === undefined) throw new BackupDamaged(name, `${name} cannot be read: ${problem}`);
  const to = join(options.directory, 'source.db');
  const json = join(options.directory, 'source.json');
  const notes: string[] = [];
  const proofs: DamageProof[] = [];
  for (const [kind, path] of [
    ['database', to],
    ['document', json],
  ] as const) {
    let isFetched = false;
    try {
      await writeObject(manifest.objects[kind], path, options);
      isFetched = true;
      const input = { path, kind, to, origin: name, expected: expectedOf(manifest) };
      const prepared = await prepare(input, options);
      rmSync(json, { force: true });
      const unkept = await keepVerdict(options.bucket, manifest, 'restore', proofs);
      if (unkept !== undefined) notes.push(unkept);
      // What is replayed into it is told of as it is then.
      const own = isChanged ? [] : prepared.notes;
      return { path: to, origin: name, ...prepared, notes: [...notes, ...own] };
    } catch (error) {
      if (isFetched && isItsFault(error)) await requireAsUnpacked(path, manifest.objects[kind]);
      // One reading that was cut short or altered on its way proves nothing.
      const isSeenAgain = async (): Promise<boolean> =>
        isFetched ||
        (await writeObject(manifest.objects[kind], path, options).then(
          () => false,
          (again: unknown) => isProof(again),
        ));
      if (options.isForgetful !== true && isProof(error) && (await isSeenAgain()))
        proofs.push({ file: kind, finding: explain(error) });
      if (kind === 'document') {
        const why = isLocalFault(error)
          ? 'and its document could not be loaded on this machine'
          : 'nor its document';
        const unkept = await keepVerdict(options.bucket, manifest, 'restore', proofs);
        const message = `${unkept === undefined ? '' : `${unkept}; `}${notes.join('; ')}; ${why}`;
        throw isItsFault(error)
          ? new BackupDamaged(name, message, { cause: error })
          : new Error(message, { cause: error });
      }
      // A missing key or an unreachable bucket is no damage: the document would meet the same.
      if (!(error instanceof Damaged)) throw error;
      notes.push(
        `the database file of ${name} cannot be used (${explain(error)}), so its document was taken instead`,
      );
      removeDatabaseFile(to);
    }
  }
  throw new Error(`${name} has no files`);
}

async function writeObject(object: ManifestObject, path: string, options: FetchOptions): Promise<void> {
  if (isSealedFor(options.keys, object)) throw new NotOpened(object.file);
  let done = 0;
  const look = await unpackObject(options.bucket, object, path, {
    keys: options.keys,
    onBytes: async (bytes) => {
      done += bytes;
      options.onBytes?.(done, object.bytes);
    },
  });
  const [problem] = look.problems;
  if (problem !== undefined) throw look.isDamage ? new Damaged(problem) : new Gone(problem);
  if (look.unopened !== undefined) throw new NotOpened(object.file, look.unopened);
}
