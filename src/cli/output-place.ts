/** Where a command may write what a person names. Node only. */
import { lstatSync, type Stats, statSync } from 'node:fs';
import { ownPlace } from '../lib/disk/own-places.ts';
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
  { config: { database, bucket } }: Pick<Session, 'config'>,
  option: '-o' | '--to',
  path: string,
): void {
  const taken =
    ownPlace(path, {
      database: database.kind === 'file' ? database.path : undefined,
      bucket: bucket.kind === 'directory' ? bucket.path : undefined,
    }) ??
    // A database is found through a link, and replaced where the link leads.
    notRegular(option === '--to' ? statSync : lstatSync, path);
  if (taken === undefined) return;
  throw new UsageError(`${option}: ${path} is ${taken}: nothing was written; name another place`);
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
