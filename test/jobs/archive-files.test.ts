/** Copies of every file in a channel: all of them, at Telegram's pace, whatever dies meanwhile. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Room, startTelegram } from '../../sim/telegram/start-telegram.ts';
import type { Telegram } from '../../sim/telegram/telegram.ts';
import { captionsOutdated } from '../../src/db/archive-captions.ts';
import { all, sql } from '../../src/db/database.ts';
import { archiveJob } from '../../src/jobs/archive-files.ts';
import { sendAdminNotices } from '../support/admin-notices.ts';
import { ADMIN_ID, startTestBot, type TestBot } from '../support/bot.ts';
import { Killed, killedAt } from '../support/kill-at.ts';

let telegram: Telegram;
let bot: TestBot;
let channel: Room;

beforeEach(async () => {
  telegram = await startTelegram({
    clock: () => bot?.now() ?? new Date('2026-11-22T10:00:00Z'),
    limits: true,
  });
  bot = await startTestBot({ telegram });
  channel = telegram.channel({ title: 'Arxiv', bot: 'none' });
  await channel.promoteBot();
  telegram.takeUpdates();
  await bot.db.write([
    sql(
      `INSERT INTO archive_channel (id, chat_id, name, added_by, added_at) VALUES (1, ?, 'Arxiv', 100, '2026-11-22')`,
      channel.id,
    ),
  ]);
});

afterEach(async () => {
  await bot.close();
  await telegram.close();
});

/** An anime of so many parts, each a video of its own; the old bot kept no unique ids. */
async function addAnime(code: number, parts: number, options: { photo?: boolean } = {}): Promise<void> {
  const admin = telegram.people[0] ?? telegram.person({ id: ADMIN_ID });
  const sent = await telegram.hold(async () => {
    const videos = [];
    for (let i = 0; i < parts; i += 1) videos.push(await admin.send({ video: true }));
    return { videos, photo: options.photo === true ? await admin.send({ photo: true }) : undefined };
  });
  telegram.takeUpdates();
  await bot.db.write([
    sql(
      'INSERT INTO anime (code, title, photo_id) VALUES (?, ?, ?)',
      code,
      `Anime <${code}>`,
      sent.photo?.file?.fileId ?? null,
    ),
    ...sent.videos.map(({ file }, i) =>
      sql(
        'INSERT INTO anime_parts (anime_code, part_number, file_id) VALUES (?, ?, ?)',
        code,
        i + 1,
        file?.fileId ?? '',
      ),
    ),
  ]);
}

/** One tick of the job. */
async function work(options?: { seconds?: number; requests?: number }): Promise<void> {
  const began = bot.now().getTime();
  await archiveJob.run(bot.jobContext({ seconds: 100, ...options }));
  bot.advance(Math.max(0, 60_000 - (bot.now().getTime() - began)));
}

async function archived(): Promise<{ uniqueId: string; messageId: number }[]> {
  const [rows] = await bot.db.read([
    all(sql('SELECT file_unique_id, message_id FROM archive ORDER BY message_id'), (row) => ({
      uniqueId: row.text('file_unique_id'),
      messageId: row.int('message_id'),
    })),
  ]);
  return rows;
}

const copies = () => channel.messages().filter(({ kind }) => kind === 'video' || kind === 'photo');
const refusedByFlood = () => telegram.calls.filter(({ status }) => status === 429);

test('every part and picture is copied once, with title, code and part below it', async () => {
  await addAnime(12, 2, { photo: true });
  await work();
  expect(copies().map(({ kind, text }) => [kind, text])).toEqual([
    ['video', 'Anime <12>\nKod: 12\n1-qism'],
    ['video', 'Anime <12>\nKod: 12\n2-qism'],
    ['photo', 'Anime <12>\nKod: 12\nRasm'],
  ]);
  expect(await archived()).toEqual(
    copies().map(({ id, file }) => ({ messageId: id, uniqueId: file?.uniqueId })),
  );
  // The rows know their unique ids now.
  const [unknown] = await bot.db.read([
    all(sql('SELECT 1 FROM anime_parts WHERE file_unique_id IS NULL'), () => 1),
  ]);
  expect(unknown).toEqual([]);
  await work();
  await work();
  expect(copies()).toHaveLength(3);
});

test('20 a minute and one a second, however many wait; an idle tick costs one request', async () => {
  await addAnime(1, 65);
  const counts: number[] = [];
  for (let minute = 0; minute < 4; minute += 1) {
    await work();
    counts.push(copies().length);
  }
  expect(counts).toEqual([20, 40, 60, 65]);
  expect(refusedByFlood()).toEqual([]);
  await work();
  expect(await bot.costOf(() => archiveJob.run(bot.jobContext()))).toEqual({ reads: 1, writes: 0, calls: 0 });
});

test('ticks that follow one another at once keep to the limit together', async () => {
  await addAnime(1, 50);
  for (let i = 0; i < 4; i += 1) {
    await archiveJob.run(bot.jobContext({ seconds: 60 }));
    bot.advance(15_000);
  }
  expect(refusedByFlood()).toEqual([]);
  expect(copies().length).toBeGreaterThan(20);
});

test('the tick’s budgets are kept: the free plan’s requests, and the time', async () => {
  await addAnime(1, 12);
  telegram.forgetCalls();
  const cost = await bot.costOf(() => work({ requests: 42 }));
  expect(cost.reads + cost.writes + cost.calls).toBeLessThanOrEqual(21);
  const before = copies().length;
  expect(before).toBeGreaterThan(4);
  await work({ seconds: 4 });
  expect(copies().length - before).toBe(2);
});

test('a replaced video, a new part and a new picture follow; a part that is there twice goes once', async () => {
  await addAnime(1, 1);
  await work();
  await work();
  const [file] = await archived();
  await addAnime(2, 1, { photo: true });
  await bot.db.write([
    sql(
      `INSERT INTO anime_parts (anime_code, part_number, file_id, file_unique_id)
       SELECT 2, 9, file_id, file_unique_id FROM anime_parts WHERE anime_code = 1`,
    ),
    sql('UPDATE archive_channel SET rest_until_ms = 0'),
  ]);
  await work();
  expect(copies().map(({ text }) => text.split('\n').slice(1).join(' '))).toEqual([
    'Kod: 1 1-qism',
    'Kod: 2 1-qism',
    'Kod: 2 Rasm',
  ]);
  expect(file).toBeDefined();
});

test.each(['before', 'after'] as const)(
  'a kill %s any call repeats at most one copy, and loses none',
  { timeout: 60_000 },
  async (when) => {
    await addAnime(1, 4, { photo: true });
    let kills = 0;
    for (let at = 0; at < 40; at += 1) {
      const context = killedAt(bot, bot.jobContext({ seconds: 100 }), at, when);
      // Each life dies one call later than the one before, so each call is somebody's last.
      const died = await archiveJob.run(context).then(
        () => false,
        (error: unknown) => {
          if (!(error instanceof Killed)) throw error;
          return true;
        },
      );
      if (died) kills += 1;
      bot.advance(61_000);
    }
    expect(kills).toBeGreaterThan(3);
    expect(await archived()).toHaveLength(5);
    expect(copies().length).toBeLessThanOrEqual(5 + kills);
    // What the table names is there, and is the file.
    for (const { uniqueId, messageId } of await archived())
      expect(copies().find(({ id }) => id === messageId)?.file?.uniqueId).toBe(uniqueId);
    expect(refusedByFlood()).toEqual([]);
  },
);

test('a lost answer, a flood and a server in trouble: the file’s turn comes again', async () => {
  await addAnime(1, 3);
  telegram.script({ method: 'sendVideo', fault: { kind: 'flood', retryAfter: 90 } });
  await work();
  expect(copies()).toHaveLength(0);
  await work();
  expect(copies()).toHaveLength(0);
  telegram.script({
    method: 'sendVideo',
    after: 1,
    fault: { kind: 'error', status: 502, description: 'Bad Gateway' },
  });
  await work();
  expect(copies()).toHaveLength(1);
  await work();
  expect(await archived()).toHaveLength(3);
});

test('a file that Telegram refuses is left out and counted, and the others go on', async () => {
  await addAnime(1, 3);
  const [first] = await bot.db.read([
    all(sql('SELECT file_id FROM anime_parts'), (row) => row.text('file_id')),
  ]);
  telegram.spoilFile(first[1] ?? '', 'FILE_REFERENCE_EXPIRED');
  await work();
  expect(await archived()).toHaveLength(2);
  await work();
  await bot.db.write([sql('UPDATE archive_channel SET rest_until_ms = 0')]);
  telegram.forgetCalls();
  await work();
  expect(telegram.callsOf('sendVideo')).toEqual([]);
});

test('rights that vanish stop it and are told once, and so is their return', async () => {
  const admin = telegram.person({ id: ADMIN_ID });
  await admin.start();
  await addAnime(1, 2);
  await channel.promoteBot({ can_post_messages: false });
  await work();
  await work();
  await sendAdminNotices(bot);
  await sendAdminNotices(bot);
  expect(
    admin.messages().filter(({ text }) => text.includes('arxiv kanalida ishlay olmayapti')),
  ).toHaveLength(1);
  expect(copies()).toHaveLength(0);
  // Telegram tells the bot of its rights.
  await channel.promoteBot();
  await work();
  await sendAdminNotices(bot);
  await sendAdminNotices(bot);
  expect(admin.messages().filter(({ text }) => text.includes('yana ishlayapti'))).toHaveLength(1);
  expect(await archived()).toHaveLength(2);
});

test('another channel gets all of it anew, and the old copies stay known until then', async () => {
  await addAnime(1, 2);
  await work();
  await work();
  const other = telegram.channel({ title: 'Yangi arxiv' });
  await bot.db.write([
    sql('UPDATE archive_channel SET chat_id = ?, rest_until_ms = 0, part_cursor = 0', other.id),
  ]);
  expect(await archived()).toHaveLength(2);
  await work();
  expect(other.messages()).toHaveLength(2);
  expect(await archived()).toEqual(
    other.messages().map(({ id, file }) => ({ messageId: id, uniqueId: file?.uniqueId })),
  );
});

const outdate = (code: number, title: string) =>
  bot.db.write([
    sql('UPDATE anime SET title = ? WHERE code = ?', title, code),
    captionsOutdated(code, bot.now()),
  ]);
const captions = () => copies().map(({ text }) => text.split('\n')[0]);
const due = async () =>
  (await bot.db.read([all(sql("SELECT key FROM alerts WHERE key LIKE 'caption%'"), () => 1)]))[0].length;

test('captions that are out of date are edited at the channel’s pace, and each once', async () => {
  await addAnime(1, 25, { photo: true });
  for (let minute = 0; minute < 3; minute += 1) await work();
  await outdate(1, 'Yangi nom');
  telegram.forgetCalls();
  const counts: number[] = [];
  for (let minute = 0; minute < 4; minute += 1) {
    await work();
    counts.push(captions().filter((title) => title === 'Yangi nom').length);
  }
  expect(counts).toEqual([20, 26, 26, 26]);
  expect(telegram.callsOf('editMessageCaption')).toHaveLength(26);
  expect(refusedByFlood()).toEqual([]);
  expect(await due()).toBe(0);
  await work();
  expect(await bot.costOf(() => archiveJob.run(bot.jobContext()))).toEqual({ reads: 1, writes: 0, calls: 0 });
});

test('an edit that Telegram refuses is left out, one that it puts off comes again; no copy is lost', async () => {
  await addAnime(1, 4);
  await work();
  await outdate(1, 'Yangi nom');
  telegram.script({
    method: 'editMessageCaption',
    fault: { kind: 'error', status: 400, description: "Bad Request: message can't be edited" },
  });
  telegram.script({ method: 'editMessageCaption', after: 1, fault: { kind: 'flood', retryAfter: 30 } });
  for (let minute = 0; minute < 4; minute += 1) await work();
  expect(captions().filter((title) => title === 'Yangi nom')).toHaveLength(3);
  expect(await archived()).toHaveLength(4);
  expect(await due()).toBe(0);
});

test.each(['before', 'after'] as const)('a kill %s any call leaves no caption out of date', async (when) => {
  await addAnime(1, 3);
  await work();
  await work();
  await outdate(1, 'Yangi nom');
  let kills = 0;
  for (let at = 0; at < 20; at += 1) {
    await archiveJob
      .run(killedAt(bot, bot.jobContext({ seconds: 100 }), at, when))
      .catch((error: unknown) => {
        if (!(error instanceof Killed)) throw error;
        kills += 1;
      });
    // Changed again in the middle of it.
    if (at === 5) await outdate(1, 'Eng yangi nom');
    bot.advance(61_000);
  }
  expect(kills).toBeGreaterThan(3);
  expect(captions()).toEqual(['Eng yangi nom', 'Eng yangi nom', 'Eng yangi nom']);
  expect(await due()).toBe(0);
});
