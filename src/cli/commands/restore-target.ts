/** The database that a restore writes to, by --to or the settings. */
import { requirePlaces } from '../../hosts/node/node-parts.ts';
import { brokenLink, MOUNT } from '../../lib/disk/directories.ts';
import { isSamePlace } from '../../lib/disk/own-places.ts';
import { type DatabaseSettings, readConfig } from '../../settings/config.ts';
import { type Cli, UsageError } from '../command.ts';
import { requireDatabasePlace, requireOutputPlace } from '../output-place.ts';
import type { Session } from '../session.ts';

/** By whatever name, the bot's own database is no other one: what is in it is saved first. */
export function targetOf(
  cli: Cli,
  session: Session,
  to: string | undefined,
): { readonly target: DatabaseSettings; readonly isOther: boolean } {
  const own = session.config.database;
  if (to === undefined) return { target: reachable(own), isOther: false };
  const config = readConfig({ ...cli.env, DATABASE_URL: to }, 'cli');
  requirePlaces(config);
  const { database } = config;
  if (isSameDatabase(database, own)) return { target: reachable(own), isOther: false };
  if (database.kind === 'file') {
    requireOutputPlace(session, '--to', database.path);
    requireDatabasePlace('--to', database.path);
  }
  return { target: reachable(database), isOther: true };
}

/** A file in a link's place would hide the one that is there when its disk is mounted again. */
function reachable(target: DatabaseSettings): DatabaseSettings {
  const link = target.kind === 'file' ? brokenLink(target.path) : undefined;
  if (link !== undefined) throw new UsageError(`${link}: ${MOUNT}. Nothing was changed.`);
  if (target.kind === 'file') requireDatabasePlace('DATABASE_URL', target.path);
  return target;
}

function isSameDatabase(one: DatabaseSettings, other: DatabaseSettings): boolean {
  if (one.kind === 'file') return other.kind === 'file' && isSamePlace(one.path, other.path);
  return other.kind === 'remote' && addressOf(one.url).href === addressOf(other.url).href;
}

function addressOf(url: string): URL {
  return new URL(url.replace(/^libsql:/, 'https:'));
}

/** Without what may be secret. */
export function describeTarget(target: DatabaseSettings): string {
  return target.kind === 'file' ? target.path : addressOf(target.url).host;
}
