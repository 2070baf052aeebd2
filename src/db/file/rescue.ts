/**
 * What a process does when somebody took its database file away (in-place.ts): it makes a file of
 * what it still has, and moves its journal out of the way of the file that now stands at the path.
 * Node only.
 */
import { renameSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import type Sqlite from 'libsql';
import { awayFrom } from '../../lib/disk/away.ts';
import { makeDirectorySync } from '../../lib/disk/directories.ts';
import { reserveName } from '../../lib/disk/free-name.ts';
import { ownDescriptor } from './descriptors.ts';
import type { Loss } from './in-place.ts';
import { timeMark } from './settle-journals.ts';

export interface LostFile {
  readonly path: string;
  /** Whole, with all that was acknowledged; undefined when it could not be made. */
  readonly rescued: string | undefined;
  /** What happened and what was done, in one sentence for the log. */
  readonly message: string;
}

const WHAT: Readonly<Record<Loss, (file: string) => string>> = {
  missing: () => 'was moved away or removed',
  another: () => 'was replaced by another file',
  overwritten: () => 'was overwritten by another file',
  older: () => 'was overwritten by an older copy of itself',
  journal: (file) => `lost its journal ${file}-wal (somebody removed or replaced it, or ${file}-shm)`,
};

/** Only the file had these pages, and the other content was written over them. */
const OVERWRITTEN =
  'what was in no change file yet is lost with its pages (the journal alone brings nothing back): move the file away and run `npm run backup -- restore --at 0m`, which brings back the newest backup and the changes that were stored behind it';

/**
 * `keeper` has the lost file and its log open. Touches nothing at the path but our own log, which
 * SQLite would replay into whatever stands there. Never throws.
 */
export function rescue(
  path: string,
  file: string,
  keeper: Sqlite.Database | undefined,
  loss: Loss,
  device?: bigint,
): LostFile {
  const now = new Date();
  const away = loss === 'missing' ? awayFrom(file, device) : undefined;
  let name: string | undefined;
  // What the older copy holds lies at the path, whole.
  let problem =
    loss === 'older' ? 'its pages are gone' : keeper === undefined ? 'nothing was written yet' : undefined;
  try {
    if (keeper !== undefined && problem === undefined) {
      name = placeFor(file, away, `.${loss === 'overwritten' ? 'mixed' : 'rescued'}-${timeMark(now)}`);
      keeper.exec(`VACUUM INTO '${name.replaceAll("'", "''")}'`);
    }
  } catch (error) {
    problem = error instanceof Error ? error.message : String(error);
    if (name !== undefined) rmSync(name, { force: true });
  }
  const asides = setAside(file, loss, `.set-aside-${timeMark(now)}`);
  // A mixture may be the other file alone: nothing offers it in the place of a database.
  const rescued = problem === undefined && loss !== 'overwritten' ? name : undefined;
  const result =
    problem === undefined
      ? `${loss === 'overwritten' ? 'what can still be read of it, perhaps mixed with the other file, is in' : 'what it held is in'} ${name}`
      : `what it held could not be saved (${problem})`;
  return {
    path,
    rescued,
    message: [
      `the database file ${path} ${WHAT[loss](path)} while the bot runs: nothing more is written`,
      result,
      ...asides.map((aside) => `its journal is kept as ${aside}`),
      ...(away === undefined ? [] : ['its disk went with it: put that back, and start the bot again']),
      ...(loss === 'overwritten' || loss === 'older' ? [OVERWRITTEN] : []),
      'stop the bot and see docs/operations.md, "The database file was replaced while the bot runs"',
    ].join('; '),
  };
}

/** Beside its disk where that is gone, if a file can be made there. */
function placeFor(file: string, away: string | undefined, end: string): string {
  try {
    if (away !== undefined) return reserveName(away + end);
  } catch {
    // Better hidden than nowhere.
  }
  makeDirectorySync(dirname(file));
  return reserveName(file + end);
}

/**
 * Only files that we have open: another file may have come with a journal of its own. Where the
 * index alone was lost, our log belongs to the file still, with what others wrote behind our rows.
 * The log of an older copy belongs to that.
 */
function setAside(file: string, loss: Loss, mark: string): string[] {
  const log = `${file}-wal`;
  try {
    const isOurs = ownDescriptor(log) !== undefined;
    if (ownDescriptor(`${file}-shm`) !== undefined) rmSync(`${file}-shm`, { force: true });
    if (!isOurs || loss === 'journal' || loss === 'older') return [];
    const aside = reserveName(log + mark);
    renameSync(log, aside);
    return [aside];
  } catch {
    // It stays, and the next start sets it aside by its rule.
    return [];
  }
}
