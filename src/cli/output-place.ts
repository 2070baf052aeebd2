/** Where a command may write what a person names. Node only. */
import { closeSync, existsSync, lstatSync, openSync, readSync, type Stats, statSync } from 'node:fs';
import { sniff } from '../backup/document/sniff.ts';
import { ownPlace } from '../lib/disk/own-places.ts';
import { placesOnDisk } from '../settings/buckets.ts';
import { UsageError } from './command.ts';
import type { Session } from './session.ts';

/**
 * With `--yes` and `--replace` as without them: neither is a word about the bot's own files, nor
 * about a device, a pipe, a directory or a link, in whose place a regular file would stand.
 * @param option as the person wrote it: `-o`, `--to`
 * @throws UsageError when the file at `path` is, or would be, one of the bot's own, or when what is
 * there is no regular file
 */
export function requireOutputPlace(
  { config: { database, bucket, copy } }: Pick<Session, 'config'>,
  option: '-o' | '--to',
  path: string,
): void {
  const taken =
    ownPlace(path, {
      database: database.kind === 'file' ? database.path : undefined,
      buckets: [bucket, copy?.bucket].flatMap(placesOnDisk),
    }) ??
    // A database is found through a link, and replaced where the link leads.
    notRegular(option === '--to' ? statSync : lstatSync, path);
  if (taken === undefined) return;
  throw new UsageError(`${option}: ${path} is ${taken}: nothing was written; name another place`);
}

/**
 * With `--broken-database` as without it: what never was a database is somebody's other file.
 * @param option as the person wrote it
 * @throws UsageError when what is at `path` is no regular file, or begins as no database does
 */
export function requireDatabasePlace(option: '--to' | 'DATABASE_URL', path: string): void {
  const taken = notRegular(statSync, path) ?? (option === '--to' ? notDatabase(path) : undefined);
  if (taken === undefined) return;
  throw new UsageError(`${option}: ${path} is ${taken}: nothing was written; name another place`);
}

/** Not for the bot's own file: damage may have taken its first bytes. */
function notDatabase(path: string): string | undefined {
  if (!existsSync(path)) return undefined;
  const head = Buffer.alloc(64);
  const file = openSync(path, 'r');
  try {
    const first = head.subarray(0, readSync(file, head));
    return first.length === 0 || sniff(first) === 'sqlite' ? undefined : 'no database';
  } finally {
    closeSync(file);
  }
}

type Look = (path: string, options: { throwIfNoEntry: false }) => Stats | undefined;

function notRegular(look: Look, path: string): string | undefined {
  const stats = (() => {
    try {
      return look(path, { throwIfNoEntry: false });
    } catch {
      // The attempt itself tells what is in the way.
      return undefined;
    }
  })();
  if (stats === undefined || stats.isFile()) return undefined;
  if (stats.isDirectory()) return 'a directory';
  return stats.isSymbolicLink() ? 'a link, not a file' : 'a device, a pipe or a socket, not a file';
}
