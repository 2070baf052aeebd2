/**
 * The worst day, on the strict stand-in: Telegram bans the bot, and the account with database and
 * first bucket is closed. What is left is the second copy, its key, and the archive channel. Times
 * are simulated where Telegram's limits make them long, and real where the machine works.
 */
import { execFile } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { startTelegram } from '../../sim/telegram/start-telegram.ts';
import type { Telegram } from '../../sim/telegram/telegram.ts';
import { readMemory } from '../../src/backup/copy/memory.ts';
import { generateKey } from '../../src/backup/envelope/keys.ts';
import { copyNote } from '../../src/db/bucket-notes.ts';
import { all, type Database, sql } from '../../src/db/database.ts';
import { type Amounts, fill, hasAll, ticksUntil, watchAll } from './acts.ts';
import { type Life, openLife, SimulatedClock } from './life.ts';

const run = promisify(execFile);

export interface Disaster extends Amounts {
  readonly directory: string;
  readonly heading: (text: string) => void;
  readonly done: (text: string) => void;
}

/** @throws Error naming the first thing that did not come back */
export async function disaster(given: Disaster): Promise<void> {
  const { directory, heading, done } = given;
  const clock = new SimulatedClock();
  const key = await generateKey();
  const first = join(directory, 'first');
  const elsewhere = join(directory, 'elsewhere');
  const old = await startTelegram({ clock: clock.now, botUsername: 'anime_bot' });
  const bots: (Telegram | Life)[] = [old];
  try {
    heading('A bot with an archive channel');
    const life = await openLife({
      telegram: old,
      home: first,
      copyDir: elsewhere,
      recipient: key.recipient,
      clock,
    });
    bots.push(life);
    const channel = old.channel({ title: 'Arxiv' });
    await fill(life, given, channel);
    const before = await countAll(life.db);
    done(
      `${before.anime} anime, ${before.parts} parts, ${before.users} users, ${before.history} views, ${before.favourites} favourites`,
    );
    let minutes = await ticksUntil(
      life,
      async () => (await count(life.db, 'SELECT COUNT(*) AS n FROM archive')) >= before.parts + before.photos,
    );
    done(`every file is in the channel after ${minutes} min of Telegram's time`);
    await life.host.runBackup('command', clock.now());
    minutes = await ticksUntil(life, async () => {
      const { newest, left } = readMemory((await life.db.read([copyNote()]))[0]);
      return newest !== null && left === 0;
    });
    done(
      `a backup, encrypted for a key that the bot does not have, and ${minutes} min later the bot has copied it elsewhere`,
    );

    heading('The bot is banned; database and first bucket are gone');
    await life.close();
    old.ban();
    rmSync(first, { recursive: true, force: true });
    const worst = performance.now();

    heading('The second copy, the key, the channel');
    const second = join(directory, 'second');
    mkdirSync(second);
    const settings = {
      DATABASE_URL: `file:${join(second, 'anime_bot.db')}`,
      BACKUP_DIR: join(second, 'backups'),
      COPY_DIR: elsewhere,
      BACKUP_AGE_IDENTITY: key.identity,
    };
    const main = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));
    await run(process.execPath, [main, 'restore', 'latest', '--yes', '--json'], {
      env: { PATH: process.env['PATH'], ...settings },
      cwd: second,
    });
    done(`restored, every table by its digest: ${seconds(worst)} s`);
    const telegram = await startTelegram({
      beside: old,
      token: '7000000002:AANewBotTokenForTestsAndDemosOnly1',
      botUsername: 'anime_yangi_bot',
    });
    bots.push(telegram);
    const next = await openLife({
      telegram,
      home: second,
      copyDir: elsewhere,
      recipient: key.recipient,
      clock,
    });
    bots.push(next);
    await telegram.room(channel.id).promoteBot();
    same('the rows', await countAll(next.db), before);

    heading('Viewers come to the new bot');
    const press = performance.now();
    const copied = await watchAll(next, given, (call) => call === 'copyMessage');
    done(`all ${copied} videos play at once, as copies from the channel (${seconds(press)} s for all)`);
    minutes = await ticksUntil(
      next,
      async () => (await count(next.db, 'SELECT COUNT(*) AS n FROM foreign_files WHERE views >= 0')) === 0,
    );
    done(`all of them are the new bot's own after ${minutes} min of Telegram's time`);
    const own = await watchAll(next, given, (call) => call !== 'copyMessage');
    done(`all ${own} videos play, by file ids of the new bot`);
    same('videos', own, before.parts);
    for (const { id } of next.viewers()) await hasAll(next, id);
    done('history and favourites of every viewer are there');
    done(`${seconds(worst)} s on this machine from the ban to the last video`);
  } finally {
    for (const one of bots.reverse()) await one.close();
  }
}

function same(what: string, found: unknown, wanted: unknown): void {
  if (JSON.stringify(found) !== JSON.stringify(wanted))
    throw new Error(`${what}: ${JSON.stringify(found)}, not ${JSON.stringify(wanted)}`);
}

function seconds(from: number): string {
  return ((performance.now() - from) / 1000).toFixed(1);
}

async function count(db: Database, query: string): Promise<number> {
  const [[n = 0]] = await db.read([all(sql(query), (row) => row.int('n'))]);
  return n;
}

async function countAll(db: Database) {
  return {
    anime: await count(db, 'SELECT COUNT(*) AS n FROM anime'),
    photos: await count(db, 'SELECT COUNT(photo_id) AS n FROM anime'),
    parts: await count(db, 'SELECT COUNT(*) AS n FROM anime_parts'),
    users: await count(db, 'SELECT COUNT(*) AS n FROM users'),
    history: await count(db, 'SELECT COUNT(*) AS n FROM user_history'),
    favourites: await count(db, 'SELECT COUNT(*) AS n FROM favourites'),
  };
}
