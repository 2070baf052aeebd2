/** A bot as a process under a webhook's load, on a database file of its own. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, copyFileSync, mkdtempSync, openSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { sql } from '../src/db/database.ts';
import { openEmbeddedDatabase } from '../src/db/file/embedded-database.ts';
import { migrate } from '../src/db/migrate.ts';
import type { WebhookLoad } from './webhook-load.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const TOKEN = '7000000001:AAStandInTokenForTestsAndDemosOnly1';
export const SECRET = 'stand_in_webhook_secret';
export const BOT_INFO = { id: 7000000001, is_bot: true, first_name: 'Bot', username: 'anime_standin_bot' };

export interface BotProcess {
  readonly name: string;
  readonly url: string;
  readonly pid: number;
  readonly log: string;
  /** Its working directory. */
  readonly home: string;
  /** What it was started with; commands of the same deployment take it. */
  readonly env: Readonly<Record<string, string>>;
  stop(): Promise<void>;
}

/** What `npm start` runs, its flags too, from any directory. */
export function npmStart(): string[] {
  const file: { scripts: { start: string } } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
  const [, ...args] = file.scripts.start.split(' ');
  return args.map((arg) => (arg.includes('src/') ? join(ROOT, arg) : arg));
}

/** With the anime of code 12. */
export async function makeDatabase(path: string): Promise<void> {
  const db = await openEmbeddedDatabase(path);
  await migrate(db, { now: () => new Date(), backup: async () => {} });
  await db.write([
    sql("INSERT INTO anime (code, title, description) VALUES (12, 'Naruto', ?)", 'Tavsif. '.repeat(60)),
    ...[1, 2, 3, 4].map((part) =>
      sql("INSERT INTO anime_parts (anime_code, part_number, file_id) VALUES (12, ?, 'BAACAgIAAx')", part),
    ),
  ]);
  await db.closeWhole();
}

interface StartOptions {
  readonly name: string;
  /** Node's arguments. */
  readonly args: readonly string[];
  /** The database it works on a copy of. */
  readonly begun: string;
  readonly directory: string;
  readonly port: number;
  readonly load: WebhookLoad;
  /** Updates before it counts as warm. */
  readonly warmUp: number;
  readonly settings?: Readonly<Record<string, string>>;
}

/** In a directory of its own, where its log goes, too. */
export async function startBot(options: StartOptions): Promise<BotProcess> {
  const { name, load, port } = options;
  const home = mkdtempSync(join(options.directory, `${name}-`));
  copyFileSync(options.begun, join(home, 'bot.db'));
  const env = {
    PATH: process.env['PATH'] ?? '',
    // As the Dockerfile and the unit of systemd have it.
    MALLOC_ARENA_MAX: '1',
    TMPDIR: tmpdir(),
    BOT_TOKEN: TOKEN,
    BOT_INFO: JSON.stringify(BOT_INFO),
    WEBHOOK_SECRET: SECRET,
    ADMIN_IDS: '1001',
    PUBLIC_URL: 'https://bot.example',
    TELEGRAM_API_ROOT: load.apiRoot,
    DATABASE_URL: `file:${join(home, 'bot.db')}`,
    BACKUP_DIR: join(home, 'backups'),
    CHANGES_SECONDS: '5',
    PORT: String(port),
    ...options.settings,
  };
  const log = openSync(join(home, 'log'), 'a');
  const child: ChildProcess = spawn(process.execPath, options.args, {
    cwd: home,
    stdio: ['ignore', log, log],
    env,
  });
  closeSync(log);
  const ended = once(child, 'exit');
  const url = `http://127.0.0.1:${port}/webhook`;
  const bot: BotProcess = {
    name,
    url,
    pid: child.pid ?? 0,
    log: join(home, 'log'),
    home,
    env,
    async stop() {
      child.kill('SIGTERM');
      await ended;
    },
  };
  try {
    for (let tries = 0; !(await answers(url)); tries += 1) {
      if (child.exitCode !== null || tries > 300) throw new Error(`the ${name} did not start`);
      await sleep(100);
    }
    await load.post(url, { count: options.warmUp, inFlight: 32 });
  } catch (error) {
    console.error(readFileSync(join(home, 'log'), 'utf8').slice(-2_000));
    await bot.stop();
    throw error;
  }
  return bot;
}

function answers(url: string): Promise<boolean> {
  return fetch(url, { method: 'POST' }).then(
    () => true,
    () => false,
  );
}
