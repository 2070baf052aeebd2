/**
 * A backup into a database file (docs/spec/backup.md, "Restore"): a new file beside the old one,
 * checked, then renamed over it; the old one stays beside it. Killed anywhere, the old or the new
 * file stands whole under the name. Node only.
 */
import { statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { holdAlone } from '../../db/file/sole-use.ts';
import { JOURNALS } from '../../lib/disk/database-files.ts';
import { reserveName } from '../../lib/disk/free-name.ts';
import { backupName } from '../catalog/names.ts';
import type { FileCalls } from './file-calls.ts';

/** Where a restore of the database at `path` works; the next attempt removes a dead one's files. */
export function workDirectory(path: string): string {
  return `${path}.restoring`;
}

export async function clearWork(path: string, files: FileCalls): Promise<void> {
  await files.remove(workDirectory(path));
  await files.remove(`${path}.before-restore.new`);
}

/**
 * Where the old file of a restore stays. The next restore replaces one of which there is a safety
 * backup; a broken file has none, so it has a name of its own: it may be all that can be salvaged
 * from.
 */
export function keptPath(path: string, isOldBroken: boolean, now: Date): string {
  return isOldBroken ? `${path}.broken-${backupName(now)}` : `${path}.before-restore`;
}

/** Moves what an earlier restore left under the name `kept` out of the way of this one. */
export async function keepEarlier(kept: string, files: FileCalls, now: Date): Promise<void> {
  if (files.exists(kept)) await files.rename(kept, reserveName(`${kept}-${backupName(now)}`));
}

export interface SwapFiles {
  /** The database's file. */
  readonly path: string;
  /** What takes its place; on the same file system. */
  readonly fresh: string;
  readonly files: FileCalls;
  /** Where the old file stays: {@link keptPath}. */
  readonly kept: string;
  /** The old file cannot be read any more: it is set aside as it is, journal and all. */
  readonly isOldBroken: boolean;
  /**
   * What `fresh` was made from ({@link quietState}): when the file is another by now, its newer
   * rows would be lost.
   */
  readonly madeFrom?: string | undefined;
}

/**
 * Returns where the old file stays: a broken one's name may be taken by one of the same second.
 * @throws {@link DatabaseInUse} when another process has the old file open; nothing has changed
 * then.
 */
export async function swapFiles(swap: SwapFiles): Promise<string> {
  const { path, fresh, files, isOldBroken, madeFrom } = swap;
  const kept = isOldBroken ? unused(swap) : swap.kept;
  await files.sync(fresh);
  if (files.exists(path)) {
    const release = isOldBroken ? () => {} : await closeForOthers(path);
    try {
      if (madeFrom !== undefined && madeFrom !== stateOf(path))
        throw new DatabaseInUse(
          `database ${path} was written to meanwhile: stop the bot (and whatever else uses it), then restore again`,
        );
      await files.remove(`${kept}.new`);
      await files.link(path, `${kept}.new`);
      await files.rename(`${kept}.new`, kept);
      // The old journal beside the new file would be replayed into it.
      for (const suffix of JOURNALS) {
        if (!files.exists(`${path}${suffix}`)) {
          await files.remove(`${kept}${suffix}`);
          continue;
        }
        if (!isOldBroken)
          throw new Error(`${path}${suffix} appeared: another program has opened the database`);
        await files.remove(`${kept}${suffix}`);
        await files.link(`${path}${suffix}`, `${kept}${suffix}`);
        await files.remove(`${path}${suffix}`);
      }
      await files.rename(fresh, path);
    } finally {
      release();
    }
  } else {
    for (const suffix of JOURNALS)
      if (files.exists(`${path}${suffix}`)) {
        await files.remove(`${kept}${suffix}`);
        await files.rename(`${path}${suffix}`, `${kept}${suffix}`);
      }
    await files.rename(fresh, path);
  }
  await files.sync(dirname(path));
  return kept;
}

/** Nobody else is here: whoever restores has the database's lock. */
function unused({ kept, files }: SwapFiles): string {
  const isTaken = (name: string): boolean => ['', ...JOURNALS].some((suffix) => files.exists(name + suffix));
  let name = kept;
  for (let i = 2; isTaken(name); i += 1) name = `${kept}-${i}`;
  return name;
}

/** A name for what the file holds now, nobody else having it open; any write changes it. */
export async function quietState(path: string): Promise<string> {
  const release = await closeForOthers(path);
  release();
  return stateOf(path);
}

/** Outside WAL mode every commit writes to the file itself. */
function stateOf(path: string): string {
  const { size, mtimeNs, ino } = statSync(path, { bigint: true });
  return `${ino} ${size} ${mtimeNs}`;
}

/** Another process has the database open: a restore under its feet would lose what it writes. */
class DatabaseInUse extends Error {
  override readonly name = 'DatabaseInUse';
}

/** A lock held for a moment is waited for. */
const TRIES = 30;

async function closeForOthers(path: string): Promise<() => void> {
  try {
    return await holdAlone(path, TRIES);
  } catch (cause) {
    throw new DatabaseInUse(
      `database ${path} is open in another program: stop the bot (and whatever else uses it), then restore again`,
      { cause },
    );
  }
}

/** Beside the database, so that a rename can bring it in. */
export function freshPath(path: string): string {
  return join(workDirectory(path), 'fresh.db');
}
