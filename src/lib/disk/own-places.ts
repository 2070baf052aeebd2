/**
 * The bot's own files, which no command may write over because a person names them as its output:
 * the living database with its journals and its lock, what restores and rescues set aside beside
 * it, and the bucket's directory. Node only.
 */
import { readdirSync, type Stats, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { realPath } from './real-path.ts';

export interface OwnPlaces {
  /** The database's file; undefined: it is on a server. */
  readonly database: string | undefined;
  /** The directories of the bucket and of its second copy; those on servers are left out. */
  readonly buckets: readonly string[];
}

/**
 * Behind the database's name: SQLite's journals, the lock, the work and the leavings of restores,
 * what a bot rescued.
 */
const OWN_ENDS =
  /^(-wal|-shm|-journal|\.lock|\.restoring|\.snapshot-|\.before-restore|\.broken-|\.(?:rescued|mixed)-)/;

/**
 * Whose place `path` is, for people ("the bot's database …"); undefined when it is nobody's. Links
 * of both kinds count: the place is the bot's where the name stands, and where it leads.
 */
export function ownPlace(path: string, { database, buckets }: OwnPlaces): string | undefined {
  const names = [realPath(path), join(realPath(dirname(path)), basename(path))];
  if (database !== undefined) {
    if (isSamePlace(path, database)) return `the bot's own database ${database}`;
    const own = realPath(database);
    if (names.some((name) => name.startsWith(own) && OWN_ENDS.test(name.slice(own.length))))
      return `a file that belongs to the bot's database ${database}`;
    for (const end of ['-wal', '-shm', '-journal', '.lock'])
      if (isOneFile(path, own + end))
        return `a second name of ${own}${end}, which belongs to the bot's database`;
  }
  for (const bucket of buckets) {
    if (names.some((name) => isWithin(name, bucket))) return `in the directory of the backups, ${bucket}`;
    if (isLinkedFrom(path, bucket)) return `a second name of a file among the backups in ${bucket}`;
  }
  return undefined;
}

/**
 * Whether both names mean one file, or would: by their real paths, and by what stands there (a hard
 * link, a mount).
 */
export function isSamePlace(path: string, other: string): boolean {
  return realPath(path) === realPath(other) || isOneFile(path, other);
}

function isOneFile(path: string, other: string): boolean {
  const [a, b] = [statsOf(path), statsOf(other)];
  return a !== undefined && b !== undefined && isSame(a, b);
}

function isSame(a: Stats, b: Stats): boolean {
  return a.dev === b.dev && a.ino === b.ino;
}

/**
 * Whether `path`, a real one, is the directory or below it, by names, and by the directories above:
 * one may have other names (a mount, a disk that knows no capitals).
 */
export function isWithin(path: string, directory: string): boolean {
  const wanted = realPath(directory);
  const stats = statsOf(directory);
  for (let at = path; ; at = dirname(at)) {
    const found = statsOf(at);
    if (at === wanted || (stats !== undefined && found !== undefined && isSame(stats, found))) return true;
    if (dirname(at) === at) return false;
  }
}

/** Only a file of several names is looked for. */
function isLinkedFrom(path: string, directory: string): boolean {
  const stats = statsOf(path);
  if (stats === undefined || !stats.isFile() || stats.nlink < 2) return false;
  const names = (() => {
    try {
      return readdirSync(directory, { recursive: true, encoding: 'utf8' });
    } catch {
      return [];
    }
  })();
  return names.some((name) => isOneFile(path, join(directory, name)));
}

function statsOf(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}
