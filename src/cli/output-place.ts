/** Where a command may write what a person names. Node only. */
import { ownPlace } from '../lib/disk/own-places.ts';
import { UsageError } from './command.ts';
import type { Session } from './session.ts';

/**
 * With `--yes` and `--replace` as without them: neither is a word about the bot's own files.
 * @param option as the person wrote it: `-o`, `--to`
 * @throws UsageError when the file at `path` is, or would be, one of the bot's own
 */
export function requireOutputPlace(
  { config: { database, bucket } }: Pick<Session, 'config'>,
  option: string,
  path: string,
): void {
  const taken = ownPlace(path, {
    database: database.kind === 'file' ? database.path : undefined,
    bucket: bucket.kind === 'directory' ? bucket.path : undefined,
  });
  if (taken === undefined) return;
  throw new UsageError(`${option}: ${path} is ${taken}: nothing was written; name another place`);
}
