/** Each part of the settings: its questions, and the proof that it works. Node only. */
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { HttpError } from 'grammy';
import { KEEPS_DELETED, probeBucket } from '../../backup/run/probe.ts';
import { askBotInfo, createApi } from '../../bot/telegram.ts';
import { botIdentity } from '../../db/bot-identity.ts';
import { always, type Database, sql } from '../../db/database.ts';
import { requireFitServer } from '../../db/fitness.ts';
import { openDatabase, openStore } from '../../hosts/node/node-parts.ts';
import { explain } from '../../lib/clock.ts';
import { removeDatabaseFile } from '../../lib/disk/database-files.ts';
import { hideSecrets } from '../../lib/log.ts';
import { isTokenRefused } from '../../lib/token-refused.ts';
import type { Config } from '../../settings/config.ts';
import type { Question } from './prompts.ts';

export interface Part {
  readonly name: string;
  /** Inside a sentence. */
  readonly called: string;
  readonly questions: readonly Question[];
  /** Whether the other questions make sense after the answer to the first. */
  readonly goesOn: (first: string) => boolean;
  /** What was found, and which settings follow. @throws with what is wrong, without a secret */
  prove(config: Config, given: Readonly<Record<string, string | undefined>>): Promise<Proved>;
}

interface Proved {
  readonly found: string;
  readonly settings?: Readonly<Record<string, string>>;
  /** What the next start would do that a person has to want. */
  readonly doubt?: string | undefined;
}

/** What is wrong, in words for a person that hold no secret. */
export class SetupError extends Error {
  override readonly name = 'SetupError';
}

export const NO_TOKEN = 'BOT_TOKEN is missing: @BotFather gives one for /newbot, or shows yours for /mybots';

export const PARTS: readonly Part[] = [
  {
    name: 'Telegram',
    called: 'Telegram',
    goesOn: () => true,
    questions: [
      { name: 'BOT_TOKEN', message: 'Bot token (from @BotFather, /newbot)', secret: true },
      {
        name: 'ADMIN_IDS',
        message: 'Telegram ids of the admins, separated by commas; empty: take yours from a /start',
        optional: true,
      },
    ],
    prove: proveTelegram,
  },
  {
    name: 'database',
    called: 'the database',
    goesOn: (url) => url !== '' && !url.startsWith('file:'),
    questions: [
      {
        name: 'DATABASE_URL',
        message: 'Database: libsql://… of Turso; empty for a file on this machine',
        optional: true,
      },
      { name: 'DATABASE_AUTH_TOKEN', message: 'Database token', secret: true, optional: true },
    ],
    prove: proveDatabase,
  },
  {
    name: 'bucket',
    called: 'the bucket',
    goesOn: (endpoint) => endpoint !== '',
    questions: [
      {
        name: 'S3_ENDPOINT',
        message: 'Bucket endpoint, https://…; empty for a directory on this machine',
        optional: true,
      },
      { name: 'S3_BUCKET', message: 'Bucket name' },
      { name: 'S3_ACCESS_KEY_ID', message: 'Bucket access key id' },
      { name: 'S3_SECRET_ACCESS_KEY', message: 'Bucket secret access key', secret: true },
    ],
    prove: proveBucket,
  },
];

async function proveTelegram(config: Config): Promise<Proved> {
  const { botToken, telegramApiRoot } = config;
  if (botToken === undefined) throw new SetupError(NO_TOKEN);
  const api = createApi({ token: botToken, apiRoot: telegramApiRoot });
  const info = await askBotInfo(api).catch((error: unknown) => {
    if (isTokenRefused(error))
      throw new SetupError('BOT_TOKEN: Telegram does not know this token; copy it again from @BotFather');
    if (error instanceof HttpError)
      throw new SetupError(
        `${new URL(telegramApiRoot).host} cannot be reached: look at the network of this machine, then try again`,
      );
    throw error;
  });
  // A name may hold every kind of quotes, a line of .env two at most.
  const json = JSON.stringify(info).replaceAll("'", '\\u0027');
  return { found: `@${info.username}`, settings: { BOT_INFO: json } };
}

async function proveDatabase(
  { database }: Config,
  given: Readonly<Record<string, string | undefined>>,
): Promise<Proved> {
  const isNew = database.kind === 'file' && !existsSync(database.path);
  const { db, close } = await openDatabase(database);
  let doubt: string | undefined;
  try {
    if (database.kind === 'remote') await requireFitServer(db, { url: database.url, isTried: true });
    else await db.read([always(sql('SELECT 1 AS one'), (row) => row.int('one'))]);
    doubt = await otherBots(db, (given['BOT_TOKEN'] ?? '').trim());
  } finally {
    await close();
    // An empty one would look like a bot's whose tables are lost.
    if (isNew) removeDatabaseFile(database.path);
  }
  return {
    found: database.kind === 'file' ? `file ${database.path}` : 'answers, can write and search (FTS5)',
    doubt,
  };
}

/** The token is of another bot than the one that the database belongs to. */
async function otherBots(db: Pick<Database, 'read'>, token: string): Promise<string | undefined> {
  // A new one has no such table.
  const [identity] = await db.read([botIdentity()]).catch(() => []);
  if (identity === undefined || token === '' || token.startsWith(`${identity.id}:`)) return undefined;
  return `The database is that of @${identity.username} (${identity.id}), and BOT_TOKEN is of another bot: the next start makes it that one's (docs/operations.md, "The bot was banned"). If it is a mistake: @BotFather shows the right token (/mybots).`;
}

/** Tries everything that a backup needs. */
async function proveBucket(
  { bucket, backup }: Config,
  given: Readonly<Record<string, string | undefined>>,
): Promise<Proved> {
  const store = await openStore(bucket);
  const { keepsDeleted } = await probeBucket(
    { store, prefix: backup.prefix },
    randomBytes(6).toString('hex'),
  ).catch((error: unknown) => {
    // The store says what to look at.
    throw new SetupError(words(error));
  });
  const address = bucket.kind === 's3' ? bucket.endpoint : undefined;
  const isCut = address !== undefined && (given['S3_ENDPOINT'] ?? '').trim().replace(/\/+$/, '') !== address;
  const found = [
    `${store.description}: can write, list, read and delete`,
    ...(isCut ? ["the bucket's name was taken off the end of S3_ENDPOINT"] : []),
    ...(keepsDeleted ? [KEEPS_DELETED] : []),
  ].join('; ');
  return { found, ...(isCut ? { settings: { S3_ENDPOINT: address } } : {}) };
}

function words(error: unknown): string {
  return hideSecrets(explain(error)).replaceAll(/\s+/g, ' ').slice(0, 300);
}
