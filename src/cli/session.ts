/** What a command works with, opened on demand and closed at the end. Node only. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Bucket } from '../backup/catalog/bucket.ts';
import { withDoubts } from '../backup/catalog/doubts.ts';
import { nameFromText } from '../backup/catalog/names.ts';
import { isIdentity, recipientOf } from '../backup/envelope/keys.ts';
import type { OpeningKeys } from '../backup/envelope/types.ts';
import type { RowSource } from '../backup/model/model.ts';
import { createBackupLedger } from '../backup/run/backup-runs.ts';
import type { BackupContext } from '../backup/run/context.ts';
import type { Database } from '../db/database.ts';
import { removeOldCopies } from '../db/file/copy-name.ts';
import { requireOneName } from '../db/file/file-lock.ts';
import { holderText, isSurelyDead } from '../db/file/lock-text.ts';
import { bucketOf, composeBackup, copyOf, NODE_RUN_TIMEOUT_MS } from '../hosts/compose.ts';
import {
  openCopy,
  openDatabase,
  openSnapshotSource,
  openStore,
  requirePlaces,
} from '../hosts/node/node-parts.ts';
import { ageOf, keptBeside } from '../hosts/node/ways-back.ts';
import { brokenLink, MOUNT } from '../lib/disk/directories.ts';
import {
  callOffline,
  OFFLINE_DATABASE,
  OFFLINE_DIRECTORY,
  OFFLINE_SETTINGS,
} from '../settings/command-name.ts';
import { type Config, type Environment, readConfig } from '../settings/config.ts';
import { askFor } from './ask-database.ts';
import { botElsewhere, type Installed } from './installed-bot.ts';
import type { Terminal } from './terminal.ts';
import { UsageError } from './usage-error.ts';

export interface Session {
  readonly config: Config;
  /** What the command reads: the first bucket, or the second once {@link readCopy} was called. */
  readonly bucket: Bucket;
  readonly first: Bucket;
  /** Which bucket a person named; undefined: none, so a command may choose. */
  readonly from: From | undefined;
  readonly readsCopy: boolean;
  /** The second bucket, opened on demand; undefined: the settings name none. */
  copy(): Promise<Bucket | undefined>;
  /** From now on the command reads the second bucket. @throws UsageError when there is none */
  readCopy(): Promise<void>;
  /**
   * What opens encrypted backups: BACKUP_AGE_IDENTITY (a key, or a file of keys) and
   * BACKUP_PASSPHRASE; undefined when neither is set.
   */
  readonly keys: OpeningKeys | undefined;
  /** Of the identities among them: what encrypts for those that open. */
  recipients(): Promise<string[]>;
  readonly source: RowSource;
  /** What the engine told the owners, here the person at the terminal, so far. */
  readonly notices: readonly string[];
  /** One sentence with the command that reaches this machine's bot, when it is not here. */
  readonly elsewhere: string | undefined;
  /** How to reach what was tried offline, where nothing else is here. */
  readonly offline: string | undefined;
  /** Opens the live database; refuses a missing one instead of making an empty one. */
  live(): Promise<Database>;
  /** What a backup of the live database needs. */
  backup(): Promise<BackupContext>;
  close(): Promise<void>;
}

/** The value of `--from`. */
export type From = 'first' | 'copy';

export async function openSession(
  env: Environment,
  terminal: Terminal,
  { installed, from }: { readonly installed?: Installed | undefined; readonly from?: From | undefined } = {},
): Promise<Session> {
  const config = readConfig(env, 'cli');
  requirePlaces(config);
  if (config.database.kind === 'file') {
    await requireOneName(config.database.path);
    removeOldCopies(config.database.path);
  }
  const keys = readKeys(config);
  const { warn } = terminal;
  const ask = askFor(config.database, warn);
  const buckets = await openBuckets(config, keys, ask);
  if (from === 'copy') await buckets.readCopy();
  const source = openSnapshotSource(config.database);
  const elsewhere = botElsewhere(config, installed);
  const isOffline = config.database.kind === 'file' && config.database.path === resolve(OFFLINE_DATABASE);
  // Who looks at what was tried offline cannot take a command without its settings.
  if (isOffline) callOffline();
  const isBare = !isOffline && isAway(config) && !hasBackups(config);
  const offline = isBare && existsSync(OFFLINE_DIRECTORY) ? OFFLINE : undefined;
  const open: { close(): Promise<void> }[] = [];
  const notices: string[] = [];
  const live = async (): Promise<Database> => {
    requireThere(config, elsewhere, offline);
    const opened = await openDatabase(config.database, warn);
    open.push(opened);
    return opened.db;
  };
  return {
    config,
    get bucket() {
      return buckets.read;
    },
    get readsCopy() {
      return buckets.read !== buckets.first;
    },
    first: buckets.first,
    copy: buckets.copy,
    readCopy: buckets.readCopy,
    ...{ from, keys, source, notices, elsewhere, offline, live },
    recipients: () => Promise.all((keys?.identities ?? []).map(recipientOf)),
    async backup() {
      const db = await live();
      return composeBackup(config.backup, {
        changeDays: config.changes.retentionDays,
        source,
        store: buckets.first.store,
        ledger: createBackupLedger(db, isSurelyDead),
        holder: holderText('cli', new Date()),
        timeoutMs: NODE_RUN_TIMEOUT_MS,
        ...(keys && { keys }),
        // The person at the command reads it here; the bot's admins are not bothered.
        alert: async ({ kind, message, isEarlier }) => {
          // The command itself says how its own run failed.
          if (kind === 'failed' && isEarlier !== true) return;
          notices.push(message);
          warn(message);
        },
      });
    },
    async close() {
      for (const one of open.splice(0)) await one.close();
    },
  };
}

/** What the living database says; undefined where it cannot be asked. Closes it again. */
export async function askLiving<T>(
  { live, close }: Pick<Session, 'live' | 'close'>,
  question: (db: Database) => Promise<T>,
): Promise<T | undefined> {
  try {
    return await question(await live());
  } catch {
    return undefined;
  } finally {
    await close();
  }
}

interface Buckets extends Pick<Session, 'first' | 'copy' | 'readCopy'> {
  /** The one that is read. */
  readonly read: Bucket;
}

async function openBuckets(
  config: Config,
  keys: OpeningKeys | undefined,
  ask: ReturnType<typeof askFor>,
): Promise<Buckets> {
  const doubting = (bucket: Bucket): Bucket =>
    withDoubts(bucket, keys, (question) => ask.read((db) => question(createBackupLedger(db))));
  const { prefix } = config.backup;
  const store = await openStore(config.bucket, { role: 'first', prefix, ask });
  const first = doubting(bucketOf(config.backup, store));
  let read = first;
  let second: Promise<Bucket> | undefined;
  const copy: Session['copy'] = async () => {
    const settings = config.copy;
    if (settings === undefined) return undefined;
    second ??= openCopy(settings, ask).then((opened) => doubting(copyOf(config.backup, settings, opened)));
    return second;
  };
  return {
    get read() {
      return read;
    },
    first,
    copy,
    async readCopy() {
      const found = await copy();
      if (found === undefined) throw new NoCopy();
      read = found;
    },
  };
}

function requireThere(
  { database }: Config,
  elsewhere: string | undefined,
  offline: string | undefined,
): void {
  if (database.kind !== 'file') return;
  const link = brokenLink(database.path);
  if (link !== undefined) throw new Error(`${link}: ${MOUNT}`);
  if (!existsSync(database.path))
    throw new Error(
      elsewhere ??
        `database file ${database.path} does not exist: ${insteadOf(database.path)}, or get it back with \`npm run backup -- restore --at 0m\` (\`restore latest\`: without the changes behind the newest backup)${offline === undefined ? '' : ` (${offline})`}`,
    );
}

class NoCopy extends UsageError {
  constructor() {
    super('--from copy: there is no second copy; COPY_S3_* or COPY_DIR name one');
  }
}

const OFFLINE = `what was tried offline is its own: ${OFFLINE_SETTINGS}`;

function isAway({ database }: Config): boolean {
  return database.kind === 'file' && !existsSync(database.path);
}

/** A directory of backups with one in it, by its names: then something else is here. */
function hasBackups({ bucket }: Config): boolean {
  return (
    bucket.kind === 'directory' &&
    existsSync(bucket.path) &&
    readdirSync(bucket.path).some((name) => nameFromText(name) !== undefined)
  );
}

/** What a restore or a running bot kept of it is newer than any backup. */
function insteadOf(path: string): string {
  const beside = keptBeside(path);
  if (beside.length === 0) return 'start the bot once, set DATABASE_URL';
  return `beside it is ${beside.map(({ why, name, at }) => `${why}, ${ageOf(at)} old (mv ${name} ${path})`).join(', and ')}`;
}

function readKeys({ backup }: Config): OpeningKeys | undefined {
  const identities = backup.ageIdentity === undefined ? [] : readIdentities(backup.ageIdentity);
  const passphrases = [backup.passphrase, backup.oldPassphrase].filter((text) => text !== undefined);
  return identities.length + passphrases.length === 0 ? undefined : { identities, passphrases };
}

/** `age-keygen` writes comments beside the key. */
function readIdentities(setting: string): string[] {
  if (setting.startsWith('AGE-SECRET-KEY-')) return [requireIdentity(setting, '')];
  if (!existsSync(setting))
    throw new Error('BACKUP_AGE_IDENTITY is neither a key (AGE-SECRET-KEY-…) nor a file that exists');
  const bytes = readFileSync(setting);
  // What Windows PowerShell's `>` writes.
  const lines = bytes.toString(bytes[0] === 0xff ? 'utf16le' : 'utf8').split(/[\uFEFF\r\n]+/);
  const keys = lines.map((line) => line.trim()).filter((line) => line.startsWith('AGE-SECRET-KEY-'));
  if (keys.length === 0)
    throw new Error(
      `BACKUP_AGE_IDENTITY: no AGE-SECRET-KEY-… in ${setting}: give the file with what key new printed`,
    );
  return keys.map((key) => requireIdentity(key, ` in ${setting}`));
}

function requireIdentity(key: string, where: string): string {
  if (!isIdentity(key))
    throw new Error(
      `BACKUP_AGE_IDENTITY: not a key of age${where}: it is cut off or misspelt; give the whole AGE-SECRET-KEY-…`,
    );
  return key;
}
