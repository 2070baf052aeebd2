/** The file of the database is not there: what `list` says of it first. Node only. */
import { existsSync } from 'node:fs';
import { diskGone, rescuedBeside, type Way, waysBack } from '../hosts/node/ways-back.ts';
import { brokenLink, MOUNT } from '../lib/disk/directories.ts';
import { unsealing } from '../settings/unsealing.ts';
import type { Session } from './session.ts';

/**
 * In sentences. Undefined: it is there, is a server's or another bot's, or nothing of it is kept,
 * as before a first start. `fuller`: the next line names it, and it brings back more.
 */
export async function databaseGoneOf(
  session: Session,
  fuller: unknown,
  isEmpty: boolean,
): Promise<string | undefined> {
  const { config, first, keys, elsewhere, readsCopy } = session;
  const { database } = config;
  if (readsCopy || elsewhere !== undefined) return undefined;
  if (database.kind !== 'file') return undefined;
  const { path } = database;
  const isThere = existsSync(path);
  if (isThere && !isEmpty) return undefined;
  const means = { keys, unsealing: unsealing(config.backup) };
  const ways = await waysBack(path, { first, copy: await session.copy(), ...means });
  const [way] = ways;
  // Its journal was lost. What a bucket has of it, the next line names.
  if (isThere)
    return way !== undefined && way.how === rescuedBeside(path)?.how
      ? `the database file ${path} is empty. What brings most back, with the bot stopped: ${way.how}`
      : undefined;
  if (way === undefined) return undefined;
  const link = brokenLink(path);
  if (link !== undefined) return `the database ${link}: ${MOUNT}`;
  const disk = diskGone(path);
  if (disk !== undefined)
    return `the database file ${path} is not there, nor anything else of its directory: ${disk}. What brings most back otherwise, ${bestOf(way, ways)}`;
  const gone = `the database file ${path} is not there`;
  return fuller === undefined
    ? `${gone}. What brings most back: ${bestOf(way, ways)}`
    : `${gone}. The way back is in the next line`;
}

/** With the best that rests on nothing which this program cannot know. */
function bestOf({ provided, how }: Way, ways: readonly Way[]): string {
  if (provided === undefined) return how;
  const other = ways.find((way) => way.provided === undefined && !way.how.includes('backup -- list'));
  return `${provided}: ${how}${other === undefined ? '' : `. Otherwise: ${other.how}`}`;
}
