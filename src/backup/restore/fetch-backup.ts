/** One backup of a bucket, fetched as a checked SQLite file of our own. Node only. */
import { rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { explain } from '../../lib/clock.ts';
import { removeDatabaseFile } from '../../lib/disk/database-files.ts';
import { isLocalFault } from '../../lib/disk/local-fault.ts';
import type { Bucket } from '../catalog/bucket.ts';
import type { BackupEntry } from '../catalog/entry.ts';
import type { ManifestObject } from '../catalog/manifest.ts';
import { NotOpened } from '../catalog/not-opened.ts';
import { type DamageProof, keepVerdict } from '../catalog/verdicts.ts';
import { CostsTooMuch, Damaged, isFileFault } from '../foreign/errors.ts';
import { limitsFor, runInProcess } from '../foreign/process.ts';
import { expectedOf } from '../verify/check-file.ts';
import { isSealedFor, type OpenOptions } from '../verify/open-object.ts';
import { requireAsUnpacked } from '../verify/scratch-file.ts';
import { unpackObject } from '../verify/unpack-object.ts';
import type { Prepared, PrepareInput } from './prepare-task.ts';

export interface RestoreSource extends Prepared {
  /** A SQLite file of our own; nobody else has it open. */
  readonly path: string;
  /** For people: a backup's name or a file. */
  readonly origin: string;
  /** What was odd on the way: the database file was damaged and the document was used. */
  readonly notes: readonly string[];
  /** Of a moment: the tables that its change files tell of. */
  readonly covered?: readonly string[];
  /** Of a moment: the number of the last change that was replayed into it. */
  readonly lastChange?: number | undefined;
}

export interface FetchOptions {
  /**
   * Damage that is met is not kept beside the backup: for fault runs, whose bucket alters what is
   * read from it.
   */
  readonly isForgetful?: boolean | undefined;
  readonly bucket: Bucket;
  readonly keys: OpenOptions['keys'];
  readonly directory: string;
  readonly onBytes?: (bytes: number, total: number) => void;
  readonly signal?: AbortSignal | undefined;
}

/** Neither of its files can be used, and no key, disk or connection is to blame: another may do. */
export class BackupDamaged extends Error {
  override readonly name = 'BackupDamaged';
  readonly backup: string;
  constructor(backup: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.backup = backup;
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

export async function fetchBackup(
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

export function prepare(input: PrepareInput, { signal }: FetchOptions): Promise<Prepared> {
  return runInProcess('prepare', input, { limits: limitsFor(statSync(input.path).size), signal });
}
