/**
 * The one directory of offline mode: database, bucket, the stand-in's chats and files, its bot
 * token. Nothing outside is opened, neither by a link inside it nor by a second name of a file.
 * Node only.
 */
import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { DatabaseFileHeld, type FileLock, lockDatabaseFile } from '../../src/db/file/file-lock.ts';
import { keptBeside } from '../../src/hosts/node/ways-back.ts';
import { StartRefused } from '../../src/settings/start-mode.ts';
import type { WorldKeeper } from '../telegram/saved-world.ts';
import { DamagedWorld, openWorldFile } from './world-file.ts';

/** The bot's id stays: the database and every file id have it. */
const BOT_ID = 7_000_000_001;
const TOKEN = new RegExp(`^${BOT_ID}:AA[A-Za-z0-9_-]{33}$`);

export interface OfflineHome {
  readonly database: string;
  readonly bucket: string;
  readonly keeper: WorldKeeper;
  /** Random, made once for this directory. It opens only the stand-in, and signs download links. */
  readonly botToken: string;
  /**
   * The directory was empty, or its contents were set aside. A world whose database alone is gone
   * is not new: the host says what brings it back.
   */
  readonly isNew: boolean;
  /** For the person who started. */
  readonly note: string | undefined;
  /** Marks a new world as complete. Until then the next start begins anew. */
  finish(): void;
  /** For who starts it a second time. */
  tellAddress(address: string): void;
  close(): Promise<void>;
}

const DATABASE = 'anime_bot.db';
/** Everything of one world; parts of two worlds do not fit together. */
const WORLD = [
  'unfinished',
  DATABASE,
  `${DATABASE}-wal`,
  `${DATABASE}-shm`,
  `${DATABASE}-journal`,
  'backups',
  'files',
  'world.json',
];

/** @throws StartRefused when the directory leads elsewhere or is in use. */
export async function openOfflineHome(directory: string, now: () => Date): Promise<OfflineHome> {
  mkdirSync(dirname(directory), { recursive: true });
  if (!exists(directory)) mkdirSync(directory, { mode: 0o700 });
  if (!lstatSync(directory).isDirectory() && !lstatSync(directory).isSymbolicLink())
    throw new StartRefused(`${directory} is no directory: move it away`);
  for (const name of ['', ...WORLD, 'world.json.lock', 'token', 'address']) requireOwn(join(directory, name));
  chmodSync(directory, 0o700);
  const address = join(directory, 'address');
  const lock = await takeLock(join(directory, 'world.json'), address, now);
  rmSync(address, { force: true });
  const world = join(directory, 'world.json');
  const unfinished = join(directory, 'unfinished');
  const parts = { database: join(directory, DATABASE), bucket: join(directory, 'backups') };
  const open = (note: string | undefined): OfflineHome => {
    const keeper = openWorldFile(world, join(directory, 'files'));
    if (exists(unfinished)) throw new DamagedWorld('the first start was cut short');
    const isKept = [parts.database, parts.bucket].some(exists) || keptBeside(parts.database).length > 0;
    const isWorld = keeper.saved !== undefined;
    if (isKept && !isWorld) throw new DamagedWorld(`${world} is missing`);
    if (!isKept && isWorld) throw new DamagedWorld(`${parts.database} is missing`);
    const isNew = !isKept;
    if (isNew) writeFileSync(unfinished, '');
    return {
      ...parts,
      keeper,
      botToken: tokenOf(join(directory, 'token')),
      isNew,
      note,
      finish: () => rmSync(unfinished, { force: true }),
      tellAddress: (text) => writeFileSync(address, text, { mode: 0o600 }),
      close: () => lock.release(),
    };
  };
  try {
    return open(undefined);
  } catch (error) {
    if (!(error instanceof DamagedWorld)) throw error;
    const aside = setAside(directory, now());
    return open(`${error.message}; what was in ${directory} is now in ${aside}, and a new world begins`);
  }
}

/** A link, or a second name of the same file, could be a door to the real database. */
function requireOwn(path: string): void {
  const stats = lstatSync(path, { throwIfNoEntry: false });
  if (stats === undefined) return;
  if (stats.isSymbolicLink())
    throw new StartRefused(
      `${path} is a link, and offline mode opens nothing outside its directory: remove it`,
    );
  if (stats.isFile() && stats.nlink > 1)
    throw new StartRefused(`${path} has a second name elsewhere, so it is not offline mode's own: remove it`);
}

async function takeLock(path: string, address: string, now: () => Date): Promise<FileLock> {
  try {
    return await lockDatabaseFile(path, { holder: 'offline mode', now });
  } catch (error) {
    if (!(error instanceof DatabaseFileHeld)) throw error;
    const who = /\(process \d+[^)]*\)/.exec(error.message)?.[0] ?? '';
    const at = exists(address) ? ` at ${readFileSync(address, 'utf8').trim()}` : '';
    throw new StartRefused(`offline mode runs here already ${who}: use that one${at}, or stop it first`);
  }
}

/** Returns where everything went. */
function setAside(directory: string, at: Date): string {
  const aside = join(directory, `damaged-${at.toISOString().replaceAll(/[-:]|\.\d+/g, '')}`);
  mkdirSync(aside, { recursive: true, mode: 0o700 });
  // With what was rescued of the database, or set aside by a restore.
  const beside = readdirSync(directory).filter(
    (name) => name.startsWith(`${DATABASE}.`) && !name.endsWith('.lock'),
  );
  for (const name of [...WORLD, ...beside])
    if (exists(join(directory, name))) renameSync(join(directory, name), join(aside, name));
  return aside;
}

function tokenOf(file: string): string {
  // Reading a pipe would never end.
  const isFile = lstatSync(file, { throwIfNoEntry: false })?.isFile() === true;
  const found = isFile ? readFileSync(file, 'utf8').trim() : '';
  if (TOKEN.test(found)) return found;
  const token = `${BOT_ID}:AA${randomBytes(25).toString('base64url').slice(0, 33)}`;
  rmSync(file, { force: true, recursive: true });
  writeFileSync(file, `${token}\n`, { mode: 0o600, flag: 'wx' });
  return token;
}

function exists(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
}
