/** Each part of the settings, what is asked for it, and the proof that it works. Node only. */
import { randomBytes } from 'node:crypto';
import { GrammyError, HttpError } from 'grammy';
import { explain } from '../../backup/clock.ts';
import type { Config } from '../../config.ts';
import { one, sql } from '../../db/database.ts';
import { hideSecrets } from '../../log.ts';
import { openDatabase, openStore } from '../../node-parts.ts';
import { createApi } from '../../telegram.ts';
import type { Question } from './prompts.ts';

export interface Part {
  readonly name: string;
  readonly questions: readonly Question[];
  /** Whether the other questions make sense, given the answer to the first. */
  readonly goesOn: (first: string) => boolean;
  /** Says what was found, and which settings follow from it. @throws with what is wrong, in words and without a secret. */
  prove(
    config: Config,
  ): Promise<{ readonly found: string; readonly settings?: Readonly<Record<string, string>> }>;
}

/** What is wrong, in words for a person that hold no secret. */
export class SetupError extends Error {
  override readonly name = 'SetupError';
}

export const PARTS: readonly Part[] = [
  {
    name: 'Telegram',
    goesOn: () => true,
    questions: [
      { name: 'BOT_TOKEN', message: 'Bot token (from @BotFather, /newbot)', secret: true },
      {
        name: 'ADMIN_IDS',
        message: 'Telegram ids of the admins, separated by commas (ask @userinfobot for yours)',
      },
    ],
    prove: proveTelegram,
  },
  {
    name: 'database',
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

async function proveTelegram(config: Config): ReturnType<Part['prove']> {
  const { botToken, telegramApiRoot } = config;
  if (botToken === undefined)
    throw new SetupError(
      'BOT_TOKEN is missing: @BotFather gives one for /newbot, or shows yours for /mybots',
    );
  const api = createApi({ token: botToken, apiRoot: telegramApiRoot });
  const info = await api.getMe().catch((error: unknown) => {
    if (error instanceof GrammyError && (error.error_code === 401 || error.error_code === 404))
      throw new SetupError('BOT_TOKEN: Telegram does not know this token; copy it again from @BotFather');
    if (error instanceof HttpError)
      throw new SetupError(`${new URL(telegramApiRoot).host} can not be reached from this machine`);
    throw error;
  });
  return { found: `@${info.username}`, settings: { BOT_INFO: JSON.stringify(info) } };
}

async function proveDatabase({ database }: Config): ReturnType<Part['prove']> {
  const { db, close } = await openDatabase(database);
  try {
    await db.read([one(sql('SELECT 1 AS one'), (row) => row.int('one'))]);
  } catch (error) {
    if (database.kind === 'file') throw error;
    const { host } = new URL(database.url.replace(/^libsql:/, 'https:'));
    const isRefused = /\b40[13]\b|unauthori[sz]ed/i.test(explain(error));
    throw new SetupError(
      isRefused
        ? `DATABASE_AUTH_TOKEN: ${host} refuses this token; make a new one`
        : `DATABASE_URL: ${host} does not answer as a libSQL server (${words(error)})`,
    );
  } finally {
    await close();
  }
  return { found: database.kind === 'file' ? `file ${database.path}` : 'answers' };
}

/** Writes, reads back and deletes a small object: the rights a backup needs. */
async function proveBucket({ bucket, backup }: Config): ReturnType<Part['prove']> {
  const store = await openStore(bucket);
  const key = `${backup.prefix}setup-${randomBytes(6).toString('hex')}.txt`;
  try {
    await store.put(key, new TextEncoder().encode('written by anime-bot setup\n'));
    if ((await store.head(key)) === undefined)
      throw new SetupError('an object that was written is not there');
    const { remaining } = await store.delete([key]);
    if (remaining.length > 0)
      throw new SetupError('objects can be written but not deleted; retention needs that right');
  } catch (error) {
    // The store says what to look at.
    throw new SetupError(words(error));
  }
  return { found: `${store.description}: can write, read and delete` };
}

function words(error: unknown): string {
  return hideSecrets(explain(error)).replaceAll(/\s+/g, ' ').slice(0, 300);
}
