/** The file of the database is not there: what `list` says of it first. Node only. */
import { existsSync } from 'node:fs';
import { bestWay } from '../hosts/node/ways-back.ts';
import { brokenLink, MOUNT } from '../lib/disk/directories.ts';
import type { Session } from './session.ts';

/**
 * In sentences. Undefined: it is there, is a server's or another bot's, or nothing of it is kept,
 * as before a first start. `fuller`: the next line names it, and it brings back more.
 */
export async function databaseGoneOf(session: Session, fuller: unknown): Promise<string | undefined> {
  const { config, first, keys, elsewhere, readsCopy } = session;
  const { database } = config;
  if (readsCopy || elsewhere !== undefined) return undefined;
  if (database.kind !== 'file' || existsSync(database.path)) return undefined;
  const { path } = database;
  const way = await bestWay(path, { first, copy: await session.copy(), keys });
  if (way === undefined) return undefined;
  const link = brokenLink(path);
  if (link !== undefined) return `the database ${link}: ${MOUNT}`;
  const gone = `the database file ${path} is not there`;
  return fuller === undefined
    ? `${gone}. What brings most back: ${way.how}`
    : `${gone}. The way back is in the next line`;
}
