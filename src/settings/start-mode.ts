/**
 * Chooses the mode of `npm start`: production with BOT_TOKEN, or offline mode. Offline mode begins
 * by itself only on a machine without any production settings; elsewhere a missing token is a
 * mistake and the start says so. Node only.
 */
import { closeSync, existsSync, lstatSync, openSync, readdirSync, readSync } from 'node:fs';
import { join, relative } from 'node:path';
import { placesOnDisk } from './buckets.ts';
import { ConfigError, type Environment, readConfig } from './config.ts';
import { nearMisses, OFFLINE_NAMES, SETTING_NAMES, tellNearMiss } from './setting-names.ts';
import { swallowedOptions } from './swallowed-options.ts';

export interface StartRequest {
  readonly env: Environment;
  /** What stands behind `npm start --`. */
  readonly args: readonly string[];
  /** Lines of `.env` that set nothing, as sentences. */
  readonly unread: readonly string[];
}

export interface StartMode {
  readonly kind: 'production' | 'offline';
  /** `--new-database`: begins a missing database anew, although there are backups of one. */
  readonly beginsNew: boolean;
  /** For the person who started: settings that have no effect. */
  readonly notes: readonly string[];
}

/** What `npm start -- --help` prints. */
export const START_HELP = `Usage: npm start [-- --offline | --new-database]

Starts the bot with the settings of the environment and .env (npm run setup writes them).
Where nothing is set up, it runs offline: no Telegram, everything in data/offline.

  --offline       offline, although a bot is set up here
  --new-database  begins an empty database, although there are backups of one`;

/** The start was refused; the message says why and what to do. */
export class StartRefused extends Error {
  override readonly name = 'StartRefused';
  /** 2 for a wrong command line, as every command has it. */
  readonly exitCode: 1 | 2;
  constructor(message: string, exitCode: 1 | 2 = 1) {
    super(message);
    this.exitCode = exitCode;
  }
}

const OFFLINE = join(import.meta.dirname, '../../sim/offline/offline.ts');
const SET_TOKEN =
  'set it among the settings (in a container: a line BOT_TOKEN=… in the .env beside compose.yml) and start again';

const OPTIONS = ['--offline', '--new-database'].map((long) => ({ long, flags: long }));

/** @throws StartRefused */
export function startMode(
  { env, args, unread }: StartRequest,
  hasOffline: boolean = existsSync(OFFLINE),
): StartMode {
  const taken = swallowedOptions('start', OPTIONS, args, env);
  if (taken !== undefined) throw new StartRefused(taken, 2);
  const unknown = args.find((arg) => arg !== '--offline' && arg !== '--new-database');
  if (unknown !== undefined)
    throw new StartRefused(
      `npm start knows no ${JSON.stringify(unknown)}: npm start, npm start -- --offline, or npm start -- --new-database (npm start -- --help says more)`,
      2,
    );
  const beginsNew = args.includes('--new-database');
  const isOffline = args.includes('--offline');
  if (beginsNew && isOffline)
    throw new StartRefused('npm start takes --offline or --new-database, not both', 2);
  const misses = nearMisses(Object.keys(env));
  const notes = [...misses.map(tellNearMiss), ...unread];
  if (!isOffline && text(env, 'BOT_TOKEN') !== undefined) return { kind: 'production', notes, beginsNew };
  const grave = misses.filter(({ meant }) => !isOfflineName(meant)).map(tellNearMiss);
  const reasons = [...blankToken(env), ...grave, ...unread, ...production(env), ...traces()];
  if (isOffline && !hasOffline)
    throw new StartRefused(
      `offline mode is not part of this installation (${OFFLINE} is not there, as in the container image): set BOT_TOKEN, or try the bot from its repository with npm start`,
    );
  if (isOffline)
    return {
      kind: 'offline',
      notes: reasons.length === 0 ? [] : [`not used offline: ${reasons.join('; ')}`],
      beginsNew,
    };
  if (reasons.length === 0 && !beginsNew && hasOffline) return { kind: 'offline', notes, beginsNew };
  const found = [...reasons, ...problems(env)].map((reason) => `  - ${reason}`);
  throw new StartRefused(
    (hasOffline
      ? [
          'BOT_TOKEN is missing, and something of production is set up here:',
          ...found,
          'Set BOT_TOKEN (npm run setup), or look at the bot without Telegram: npm start -- --offline',
          '(it keeps to data/offline and uses nothing of the above).',
        ]
      : [`BOT_TOKEN is missing: ${SET_TOKEN}.`, ...found]
    ).join('\n'),
  );
}

/**
 * Settings that do not belong to offline mode. Blank ones set nothing, since `.env` files often
 * have `NAME=`.
 */
function production(env: Environment): string[] {
  const set = SETTING_NAMES.filter((name) => text(env, name) !== undefined && !isOfflineName(name));
  const host = text(env, 'HOST');
  return [
    ...set.map((name) => `${name} is set`),
    ...(host === undefined || isLoopback(host) ? [] : ['HOST is an address that other machines reach']),
  ];
}

function isOfflineName(name: string | undefined): boolean {
  return OFFLINE_NAMES.some((own) => own === name);
}

function blankToken(env: Environment): string[] {
  const isBlank = env['BOT_TOKEN'] !== undefined && text(env, 'BOT_TOKEN') === undefined;
  return isBlank ? ['BOT_TOKEN is blank'] : [];
}

function isLoopback(host: string): boolean {
  return /^(localhost|127\.\d+\.\d+\.\d+|\[?::1\]?)$/i.test(host);
}

/** What a bot, or its owner, left in the places where production looks by default. */
function traces(): string[] {
  const { database, bucket } = readConfig({}, 'node');
  return [
    ...(database.kind === 'file' && holdsData(database.path)
      ? [`${relative('', database.path)} is there: the database of a bot`]
      : []),
    ...placesOnDisk(bucket)
      .filter(holdsFiles)
      .map((path) => `${relative('', path)} is there: backups of a bot`),
  ];
}

/** A dead link may lead to a disk that is not mounted. */
function holdsData(path: string): boolean {
  const stats = lstatSync(path, { throwIfNoEntry: false });
  if (stats === undefined || stats.isSymbolicLink()) return stats !== undefined;
  return stats.size > 0 && (existsSync(`${path}-wal`) || !isWithoutTables(path));
}

/** The first page is a leaf of the schema, with no entry: sqlite3 or an older version made it. */
function isWithoutTables(path: string): boolean {
  const page = Buffer.alloc(105);
  let file: number | undefined;
  try {
    file = openSync(path, 'r');
    readSync(file, page);
  } catch {
    return false;
  } finally {
    if (file !== undefined) closeSync(file);
  }
  const isDatabase = page.toString('latin1', 0, 15) === 'SQLite format 3';
  return isDatabase && page[100] === 13 && page.readUInt16BE(103) === 0;
}

function holdsFiles(path: string): boolean {
  try {
    return readdirSync(path).length > 0;
  } catch (error) {
    return !(error instanceof Error && 'code' in error && error.code === 'ENOENT');
  }
}

/** It tells all other mistakes too, so that nobody has to start twice. */
function problems(env: Environment): readonly string[] {
  try {
    readConfig(env, 'node');
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
}

function text(env: Environment, name: string): string | undefined {
  const value = String(env[name] ?? '').trim();
  return value === '' ? undefined : value;
}
