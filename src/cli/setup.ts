/**
 * `npm run setup`: asks for what is missing, proves that each part answers, writes `.env` and, when asked to, puts the Worker's secrets.
 * Nothing is written before everything was proved. Node only.
 */
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import process from 'node:process';
import { parseEnv } from 'node:util';
import * as prompts from '@clack/prompts';
import { type Config, ConfigError, readConfig } from '../config.ts';
import { one, sql } from '../db/database.ts';
import { describeError } from '../log.ts';
import { openDatabase, openStore } from '../node-parts.ts';
import { createApi } from '../telegram.ts';
import { withSettings } from './env-file.ts';

const FILE = '.env';

interface Question {
  readonly name: string;
  readonly message: string;
  readonly secret?: boolean;
  readonly optional?: boolean;
}

const QUESTIONS: readonly Question[] = [
  { name: 'BOT_TOKEN', message: 'Bot token (from @BotFather, /newbot)', secret: true },
  {
    name: 'ADMIN_IDS',
    message: 'Telegram ids of the admins, separated by commas (ask @userinfobot for yours)',
  },
  {
    name: 'DATABASE_URL',
    message: 'Database: libsql://… of Turso; empty for a file on this machine',
    optional: true,
  },
  { name: 'DATABASE_AUTH_TOKEN', message: 'Database token', secret: true, optional: true },
  {
    name: 'S3_ENDPOINT',
    message: 'Bucket endpoint, https://…; empty for a directory on this machine',
    optional: true,
  },
  { name: 'S3_BUCKET', message: 'Bucket name', optional: true },
  { name: 'S3_ACCESS_KEY_ID', message: 'Bucket access key id', optional: true },
  { name: 'S3_SECRET_ACCESS_KEY', message: 'Bucket secret access key', secret: true, optional: true },
];

/** Asked only when the setting before them was given. */
const FOLLOWS: Readonly<Record<string, string>> = {
  DATABASE_AUTH_TOKEN: 'DATABASE_URL',
  S3_BUCKET: 'S3_ENDPOINT',
  S3_ACCESS_KEY_ID: 'S3_ENDPOINT',
  S3_SECRET_ACCESS_KEY: 'S3_ENDPOINT',
};

async function main(): Promise<void> {
  const isAsking = process.stdin.isTTY === true && !process.argv.includes('--yes');
  const text = existsSync(FILE) ? readFileSync(FILE, 'utf8') : '';
  const known: Record<string, string | undefined> = { ...parseEnv(text), ...process.env };
  const added = new Map<string, string>();
  prompts.intro('anime-bot: settings');
  for (const question of QUESTIONS) {
    const follows = FOLLOWS[question.name];
    if (known[question.name] || (follows !== undefined && !known[follows]) || !isAsking) continue;
    const answer = await ask(question);
    if (answer === '') continue;
    known[question.name] = answer;
    added.set(question.name, answer);
  }
  if (!known['WEBHOOK_SECRET']) {
    known['WEBHOOK_SECRET'] = randomBytes(24).toString('hex');
    added.set('WEBHOOK_SECRET', known['WEBHOOK_SECRET']);
  }
  const config = readConfig(known, 'node');
  await prove('Telegram', async () => {
    const info = await botInfo(config);
    known['BOT_INFO'] = JSON.stringify(info);
    added.set('BOT_INFO', known['BOT_INFO']);
    return `@${info.username}`;
  });
  await prove('database', () => proveDatabase(config));
  await prove('bucket', () => proveBucket(config));
  writeFileSync(FILE, withSettings(text, added), { mode: 0o600 });
  prompts.log.success(`${FILE} is written (readable by you only)`);
  if (process.argv.includes('--worker') || (isAsking && (await wantsWorker()))) putSecrets(known);
  prompts.outro(
    'Next: npm start on this machine, or npm run deploy for Cloudflare. Encryption: npm run backup -- key new',
  );
}

async function ask(question: Question): Promise<string> {
  const validate = (value: string | undefined): string | undefined =>
    question.optional !== true && (value ?? '').trim() === '' ? 'needed' : undefined;
  const answer = await (question.secret === true
    ? prompts.password({ message: question.message, validate })
    : prompts.text({ message: question.message, validate }));
  if (prompts.isCancel(answer)) {
    prompts.cancel('Nothing was changed.');
    process.exit(1);
  }
  return (answer ?? '').trim();
}

async function prove(part: string, check: () => Promise<string>): Promise<void> {
  const spinner = prompts.spinner();
  spinner.start(part);
  try {
    spinner.stop(`${part}: ${await check()}`);
  } catch (error) {
    spinner.stop(`${part}: ${describeError(error)}`);
    throw new Error(`${part} does not work; nothing was written`, { cause: error });
  }
}

async function botInfo(config: Config): Promise<{ readonly username: string }> {
  if (config.botToken === undefined) throw new Error('BOT_TOKEN: missing');
  return createApi({ token: config.botToken, apiRoot: config.telegramApiRoot }).getMe();
}

async function proveDatabase(config: Config): Promise<string> {
  const { db, close } = await openDatabase(config.database);
  try {
    await db.read([one(sql('SELECT 1 AS one'), (row) => row.int('one'))]);
    return config.database.kind === 'file' ? `file ${config.database.path}` : 'answers';
  } finally {
    close();
  }
}

/** Writes, reads back and deletes a small object: the rights a backup needs. */
async function proveBucket(config: Config): Promise<string> {
  const store = openStore(config.bucket);
  const key = `${config.backup.prefix}setup-${randomBytes(6).toString('hex')}.txt`;
  await store.put(key, new TextEncoder().encode('written by anime-bot setup\n'));
  const found = await store.head(key);
  const { remaining } = await store.delete([key]);
  if (found === undefined) throw new Error('an object that was written is not there');
  if (remaining.length > 0)
    throw new Error('objects can be written but not deleted; retention needs that right');
  return `${store.description}: can write, read and delete`;
}

async function wantsWorker(): Promise<boolean> {
  return (
    (await prompts.confirm({
      message: 'Put these settings as secrets of the Cloudflare Worker now?',
      initialValue: false,
    })) === true
  );
}

const WORKER_SECRETS =
  /^(BOT_TOKEN|BOT_INFO|WEBHOOK_SECRET|ADMIN_IDS|DATABASE_(URL|AUTH_TOKEN)|S3_\w+|BACKUP_(?!DIR|AGE_IDENTITY)\w+|DEFAULT_LOCALE|LOG_LEVEL)$/;

function putSecrets(known: Readonly<Record<string, string | undefined>>): void {
  const config = Object.entries(known).filter(([name, value]) => WORKER_SECRETS.test(name) && value);
  readConfig(Object.fromEntries(config), 'worker');
  const result = spawnSync('wrangler', ['secret', 'bulk'], {
    input: JSON.stringify(Object.fromEntries(config)),
    stdio: ['pipe', 'inherit', 'inherit'],
  });
  if (result.status !== 0)
    throw new Error('wrangler secret bulk failed: log in with `npx wrangler login` and run setup again');
}

main().catch((error: unknown) => {
  prompts.log.error(error instanceof ConfigError || error instanceof Error ? error.message : String(error));
  process.exit(1);
});
