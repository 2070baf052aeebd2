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
import { type Person, type Room, startTelegram } from '../sim/telegram/start-telegram.ts';
import type { Telegram } from '../sim/telegram/telegram.ts';
import { readMemory } from '../src/backup/copy/memory.ts';
import { generateKey } from '../src/backup/envelope/keys.ts';
import { createBackupLedger } from '../src/backup/run/backup-runs.ts';
import { openEmbeddedSnapshotSource } from '../src/backup/snapshot/embedded.ts';
import { createDirectoryStore } from '../src/backup/store/directory.ts';
import { createApi } from '../src/bot/telegram.ts';
import { copyNote } from '../src/db/copy-note.ts';
import { all, type Database, sql } from '../src/db/database.ts';
import { openEmbeddedDatabase } from '../src/db/file/embedded-database.ts';
import { composeEngine, copyOf } from '../src/hosts/compose.ts';
import { createHost, type Host } from '../src/hosts/host.ts';
import { linkKey } from '../src/http/download-links.ts';
import { systemClock } from '../src/lib/clock.ts';
import { createLog } from '../src/lib/log.ts';
import { readConfig } from '../src/settings/config.ts';

const OWNER = 1001;
const run = promisify(execFile);

export interface Disaster {
  readonly directory: string;
  readonly anime: number;
  /** Of each anime. */
  readonly parts: number;
  readonly viewers: number;
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
    const main = fileURLToPath(new URL('../src/cli/main.ts', import.meta.url));
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
      async () => (await count(next.db, 'SELECT COUNT(*) AS n FROM foreign_files')) === 0,
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

class SimulatedClock {
  #time = Date.now();
  readonly now = (): Date => new Date(this.#time);
  readonly sleep = async (milliseconds: number): Promise<void> => {
    this.#time += milliseconds;
  };
}

interface Life {
  readonly telegram: Telegram;
  readonly host: Host;
  readonly db: Database;
  readonly clock: SimulatedClock;
  viewers(): Person[];
  close(): Promise<void>;
}

async function openLife({
  telegram,
  home,
  copyDir,
  recipient,
  clock,
}: {
  telegram: Telegram;
  home: string;
  copyDir: string;
  recipient: string;
  clock: SimulatedClock;
}): Promise<Life> {
  mkdirSync(join(home, 'backups'), { recursive: true });
  const path = join(home, 'anime_bot.db');
  const db = await openEmbeddedDatabase(path);
  const config = readConfig(
    { ADMIN_IDS: String(OWNER), BACKUP_AGE_RECIPIENTS: recipient, COPY_DIR: copyDir },
    'node',
  );
  if (config.copy === undefined) throw new Error('the settings name no copy');
  const { now, sleep } = clock;
  const store = createDirectoryStore(join(home, 'backups'));
  const links = { baseUrl: '', key: linkKey(telegram.token), prefix: config.backup.prefix, now };
  const backups = composeEngine(config.backup, {
    source: openEmbeddedSnapshotSource({ path }),
    store,
    copy: copyOf(config.backup, config.copy, createDirectoryStore(copyDir)),
    links,
    ledger: createBackupLedger(db),
    holder: 'demo',
    alert: async () => {},
    clock: { now, sleep: systemClock.sleep },
  });
  const host = createHost({
    config,
    db,
    store,
    links,
    backups,
    now,
    sleep,
    api: createApi({ token: telegram.token, apiRoot: telegram.apiRoot }),
    me: telegram.botInfo,
    webhookSecret: undefined,
    log: createLog('error', (line) => console.error(line)),
    tickLimits: { seconds: 50, requests: 10_000 },
    after: () => {},
  });
  telegram.connect(async (update) => ((await host.receive(update)) === 'again' ? 500 : 200));
  await host.ready();
  return {
    telegram,
    host,
    db,
    clock,
    viewers: () => telegram.people.filter(({ id }) => id > OWNER),
    close: async () => {
      telegram.connect(undefined);
      db.close();
    },
  };
}

/** An owner's and viewers' work, by the screens. */
async function fill({ telegram, host, clock }: Life, given: Disaster, channel: Room): Promise<void> {
  const owner = telegram.person({ id: OWNER, firstName: 'Egasi', languageCode: 'uz' });
  await owner.start();
  await owner.send('/archive');
  await press(owner, /Arxiv kanalini qo‘shish/);
  await owner.send(String(channel.id));
  for (let i = 1; i <= given.anime; i += 1) {
    await owner.send('/add');
    await owner.send({ photo: true, caption: `Anime ${i}\nTavsif` });
    for (let part = 1; part <= given.parts; part += 1) await owner.send({ video: { name: `${part}.mp4` } });
    await clock.sleep(5_000);
    await host.tick();
    await press(owner, /Tugatish/);
    await press(owner, /bo‘sh kod/);
    await press(owner, /Davom etish/);
    await press(owner, /Tayyor/);
  }
  for (let i = 1; i <= given.viewers; i += 1) {
    const viewer = telegram.person({ id: OWNER + i, firstName: `Tomoshabin ${i}`, languageCode: 'uz' });
    await viewer.start(`${1 + (i % given.anime)}_1`);
    await viewer.send(String(1 + (i % given.anime)));
    await press(viewer, /Sevimlilarga/);
  }
}

/** Every part of every anime, by its deep link. @returns how many played */
async function watchAll(
  { telegram, viewers, clock }: Life,
  { anime, parts }: Disaster,
  isRight: (method: string) => boolean,
): Promise<number> {
  const [viewer] = viewers();
  if (viewer === undefined) throw new Error('there is no viewer');
  let played = 0;
  for (let code = 1; code <= anime; code += 1)
    for (let part = 1; part <= parts; part += 1) {
      telegram.forgetCalls();
      // Nobody presses faster than the bot's own limit.
      await clock.sleep(5_000);
      await viewer.start(`${code}_${part}`);
      const { kind, text } = viewer.lastMessage();
      const calls = telegram.calls.map(({ method }) => method);
      if (kind !== 'video' || !text.includes(`${part}-qism`))
        throw new Error(`part ${part} of ${code}: ${text}`);
      if (calls.length !== 1 || !calls.every(isRight))
        throw new Error(`part ${part} of ${code} took ${calls.join()}`);
      played += 1;
    }
  return played;
}

async function hasAll({ telegram }: Life, id: number): Promise<void> {
  const viewer = telegram.people.find((one) => one.id === id);
  if (viewer === undefined) throw new Error(`viewer ${id} is gone`);
  await viewer.start();
  for (const list of ['/favourites', '/history']) {
    await viewer.send(list);
    const shown = viewer
      .lastMessage()
      .keyboard.flat()
      .map(({ text }) => text);
    if (!shown.some((text) => text.includes('Anime '))) throw new Error(`${list} of viewer ${id} is empty`);
  }
}

/** A minute each. */
async function ticksUntil({ host, clock }: Life, isDone: () => Promise<boolean>): Promise<number> {
  for (let minute = 1; minute < 10_000; minute += 1) {
    const began = clock.now().getTime();
    await host.tick();
    await clock.sleep(Math.max(0, 60_000 - (clock.now().getTime() - began)));
    if (await isDone()) return minute;
  }
  throw new Error('a job never ended');
}

async function press(person: Person, label: RegExp): Promise<void> {
  const has = (text: string): boolean => label.test(text);
  const message = person
    .messages()
    .findLast((seen) => seen.isFromBot && seen.keyboard.flat().some(({ text }) => has(text)));
  const button = message?.keyboard.flat().find(({ text }) => has(text));
  if (message === undefined || button === undefined)
    throw new Error(`no button ${label}: ${person.lastMessage().text}`);
  await person.press(message, button.text);
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

function same(what: string, found: unknown, wanted: unknown): void {
  if (JSON.stringify(found) !== JSON.stringify(wanted))
    throw new Error(`${what}: ${JSON.stringify(found)}, not ${JSON.stringify(wanted)}`);
}

function seconds(from: number): string {
  return ((performance.now() - from) / 1000).toFixed(1);
}
