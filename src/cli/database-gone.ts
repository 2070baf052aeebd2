/** The file of the database is not there: what `list` says of it first. Node only. */
import { existsSync } from 'node:fs';
import { bestWay, rescuedBeside } from '../hosts/node/ways-back.ts';
import { brokenLink, MOUNT } from '../lib/disk/directories.ts';
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
  const way = await bestWay(path, { first, copy: await session.copy(), keys });
  // Its journal was lost. What a bucket has of it, the next line names.
  if (isThere)
    return way !== undefined && way.how === rescuedBeside(path)?.how
      ? `the database file ${path} is empty. What brings most back, with the bot stopped: ${way.how}`
      : undefined;
  if (way === undefined) return undefined;
  const link = brokenLink(path);
  if (link !== undefined) return `the database ${link}: ${MOUNT}`;
  const gone = `the database file ${path} is not there`;
  return fuller === undefined
    ? `${gone}. What brings most back: ${way.how}`
    : `${gone}. The way back is in the next line`;
}
