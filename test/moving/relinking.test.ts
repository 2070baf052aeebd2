/** Giving the old bot's files ids of the new one: all, at Telegram's pace, whatever dies. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { sql } from '../../src/db/database.ts';
import { movePostsJob } from '../../src/jobs/move-posts.ts';
import { relinkJob } from '../../src/jobs/relink-files.ts';
import { Killed, killedAt } from '../support/kill-at.ts';
import { NEW, OLD, OWNER, startTown, type Town } from './support.ts';

let town: Town;
beforeEach(async () => {
  town = await startTown();
});
afterEach(() => town.close());

const left = async (): Promise<number> =>
  (await town.numbers('SELECT COUNT(*) AS n FROM foreign_files WHERE views >= 0'))[0] ?? 0;
const isMoving = async (): Promise<boolean> =>
  (await town.numbers('SELECT moved_ended_at IS NULL AS n FROM bot_identity'))[0] === 1;
const refused = () => town.telegram.calls.filter(({ status }) => status === 429);
const ownerHeard = (): string =>
  town
    .person(OWNER)
    .messages()
    .map(({ text }) => text)
    .join();
const inChannel = () => town.telegram.room(town.channel.id).messages();

/** Every file id of the catalogue is sent by the bot of today. */
async function allOpen(): Promise<void> {
  const [rows] = await town.bot.db.read([
    {
      ...sql(
        'SELECT file_id AS f FROM anime_parts UNION ALL SELECT photo_id FROM anime WHERE photo_id IS NOT NULL',
      ),
      parse: (found) => found.map((row) => row.text('f')),
    },
  ]);
  for (const fileId of rows) await town.bot.services.api.getFile(fileId);
}

test('all that has a copy is linked, 20 a minute, and nothing of it stays in the channel', async () => {
  await town.add(1, 25, { photo: true });
  await town.add(2, 20);
  await town.archive();
  town.telegram.person({ id: OWNER });
  const copies = inChannel().length;
  await town.move();
  await town.person(OWNER).start();
  town.telegram.forgetCalls();
  const counts: number[] = [];
  for (let minute = 0; minute < 4; minute += 1) {
    await town.minute();
    counts.push(await left());
  }
  expect(counts).toEqual([26, 6, 0, 0]);
  expect(await isMoving()).toBe(false);
  await allOpen();
  expect(inChannel()).toHaveLength(copies);
  expect(refused()).toEqual([]);
  // One message, edited; and the last word to every admin.
  const told = town
    .person(OWNER)
    .messages()
    .filter(({ text }) => text.includes('ko‘chish'));
  expect(told).toHaveLength(1);
  expect(told[0]).toMatchObject({
    edits: 2,
    text: expect.stringContaining('O‘tgan fayllar: 46 / 46\n✅ Tugadi.'),
  });
  await town.minute();
  expect(town.person(OWNER).lastMessage().text).toContain('Ko‘chish tugadi: 46 ta fayl yangi botga o‘tdi.');
  expect(await town.bot.costOf(() => relinkJob.run(town.bot.jobContext()))).toEqual({
    reads: 1,
    writes: 0,
    calls: 0,
  });
});

test('the most viewed anime come first; what is left is told honestly', async () => {
  await town.add(1, 25, { views: 5 });
  await town.add(2, 15, { views: 900 });
  await town.archive();
  town.telegram.person({ id: OWNER });
  await town.move();
  await town.person(OWNER).start();
  await town.minute();
  expect(
    await town.numbers(
      `SELECT COUNT(*) AS n FROM anime_parts AS p JOIN foreign_files AS f ON f.file_id = p.file_id
       GROUP BY p.anime_code`,
    ),
  ).toEqual([20]);
  expect(ownerHeard()).toContain('O‘tgan fayllar: 20 / 40\n⏳ Taxminan 1 daqiqa qoldi.');
  // A host with few requests is slower, and says so.
  await town.minute({ requests: 20 });
  await town.minute({ requests: 20 });
  const before = await left();
  await town.minute({ requests: 20 });
  const rest = await left();
  const minutes = Math.ceil(rest / (before - rest));
  expect(minutes).toBeGreaterThan(1);
  expect(ownerHeard()).toContain(`Taxminan ${minutes} daqiqa qoldi`);
});

test('a tick keeps to the free plan’s requests', async () => {
  await town.add(1, 30);
  await town.archive();
  await town.move();
  const cost = await town.bot.costOf(() => relinkJob.run(town.bot.jobContext({ requests: 42 })));
  expect(cost.reads + cost.writes + cost.calls).toBeLessThanOrEqual(34);
  expect(30 - (await left())).toBeGreaterThanOrEqual(12);
});

test.each(['before', 'after'] as const)(
  'a kill %s any call loses no file and repeats at most one forward',
  { timeout: 60_000 },
  async (when) => {
    await town.add(1, 5, { photo: true });
    await town.archive();
    await town.move();
    let kills = 0;
    for (let at = 0; at < 40; at += 1) {
      const context = killedAt(town.bot, town.bot.jobContext({ seconds: 100 }), at, when);
      await relinkJob.run(context).catch((error: unknown) => {
        if (!(error instanceof Killed)) throw error;
        kills += 1;
      });
      town.bot.advance(61_000);
    }
    expect(kills).toBeGreaterThan(5);
    expect(await left()).toBe(0);
    expect(await isMoving()).toBe(false);
    await allOpen();
    const forwards = town.telegram.callsOf('forwardMessage').filter(({ status }) => status === 200);
    expect(forwards.length).toBeLessThanOrEqual(6 + kills);
    expect(refused()).toEqual([]);
    // A forward whose process died before it wrote it down is at most one more copy.
    expect(inChannel().length).toBeLessThanOrEqual(6 + kills);
  },
);

test('copies that are gone or are other files become missing, and the rest goes on', async () => {
  await town.add(1, 3);
  await town.archive();
  town.telegram.person({ id: OWNER });
  const [first, second] = inChannel();
  await town.move();
  await town.person(OWNER).start();
  if (first === undefined || second === undefined) throw new Error('no copies');
  town.channel.delete(first);
  await town.bot.db.write([
    sql('UPDATE archive SET message_id = ? WHERE message_id = ?', inChannel().at(-1)?.id ?? 0, second.id),
  ]);
  await town.minute();
  await town.minute();
  await town.minute();
  expect(await left()).toBe(2);
  expect(await isMoving()).toBe(false);
  await town.person(OWNER).send('/archive');
  const screen = town.person(OWNER).lastMessage();
  expect(screen.keyboard.flat().map(({ text }) => text)).toContain('📋 Nusxasi yo‘q fayllar (2)');
  await town.person(OWNER).press(screen, '📋 Nusxasi yo‘q fayllar (2)');
  expect(town.person(OWNER).lastMessage().text).toContain('• Anime 1 (1): 1-qism\n• Anime 1 (1): 2-qism');
});

test('a missing video that any admin sends is linked at once; a viewer’s is not', async () => {
  await town.add(1, 2);
  const videos = town.telegram.people[0]?.messages().flatMap(({ file }) => file?.uniqueId ?? []) ?? [];
  town.telegram.person({ id: OWNER });
  town.telegram.person({ id: 300 });
  await town.move();
  const helper = town.person(300);
  await helper.start();
  const [uniqueId = ''] = videos;
  await helper.send({ video: { uniqueId } });
  expect(await left()).toBe(2);
  await town.bot.db.write([
    sql(`INSERT INTO admins (user_id, added_by, added_at) VALUES (300, 100, '2026-11-22 10:00:00')`),
  ]);
  await helper.send({ video: { uniqueId } });
  expect(helper.lastMessage().text).toBe('✅ Bu «Anime 1» (1) 1-qismi edi. Joyiga qo‘yildi.');
  expect(await left()).toBe(1);
  expect(await town.numbers('SELECT COUNT(*) AS n FROM drafts')).toEqual([0]);
  // It is the new bot's now, and a second time it is a video like any other.
  await helper.send({ video: { uniqueId } });
  expect(await town.numbers('SELECT COUNT(*) AS n FROM draft_parts')).toEqual([1]);
});

test('a channel that is closed to the new bot is told once, and the linking goes on when it opens', async () => {
  await town.add(1, 2);
  await town.archive();
  town.telegram.person({ id: OWNER });
  await town.move({ joins: false });
  await town.person(OWNER).start();
  await town.minute();
  await town.minute();
  await town.minute();
  const told = () =>
    town
      .person(OWNER)
      .messages()
      .filter(({ text }) => text.includes('⚠️ Bot «Arxiv» arxiv kanalida ishlay olmayapti'));
  expect(told()).toHaveLength(1);
  expect(await left()).toBe(2);
  // No time is promised while nothing can come of it; and no English is said.
  expect(ownerHeard()).toContain(
    'O‘tgan fayllar: 0 / 2\n⏸ Bot arxiv kanalida ishlay olmayapti: Telegram bu chatni topmadi. Botni kanalda admin qiling',
  );
  expect(ownerHeard()).not.toMatch(/Taxminan \d+ daqiqa qoldi|not found|Forbidden/);
  // The rights are given, and Telegram’s word of it is lost.
  await town.telegram.hold(() => town.telegram.room(town.channel.id).promoteBot());
  town.telegram.takeUpdates();
  await town.minute();
  expect(await left()).toBe(0);
  // What is over is taken back.
  expect(await town.numbers('SELECT problem IS NULL AS n FROM archive_channel')).toEqual([1]);
  expect(ownerHeard()).toContain('Bot «Arxiv» arxiv kanalida yana ishlayapti');
  await town.person(OWNER).send('/archive');
  expect(town.person(OWNER).lastMessage().text).not.toContain('ishlay olmayapti');
});

test.each([
  ['left', 'demoteBot'],
  ['was removed from', 'removeBot'],
] as const)('the new bot %s the channel, and nobody told it: no copy is forgotten', async (_, leave) => {
  await town.add(1, 2);
  await town.archive();
  town.telegram.person({ id: OWNER });
  await town.move();
  await town.person(OWNER).start();
  await town.telegram.hold(() => town.telegram.room(town.channel.id)[leave]());
  town.telegram.takeUpdates();
  await town.minute();
  await town.minute();
  expect(await left()).toBe(2);
  expect(await town.numbers('SELECT COUNT(*) AS n FROM archive')).toEqual([2]);
  expect(ownerHeard()).toContain('⏸ Bot arxiv kanalida ishlay olmayapti: bot u yerda yo‘q.');
  expect(ownerHeard()).not.toMatch(/Forbidden|not a member|kicked/);
  await town.telegram.hold(() => town.telegram.room(town.channel.id).promoteBot());
  town.telegram.takeUpdates();
  await town.minute();
  expect(await left()).toBe(0);
});

test('an earlier channel that is closed keeps no file of another from being linked', async () => {
  await town.add(1, 2, { views: 9 });
  await town.archive();
  const other = town.telegram.channel({ title: 'Yangi arxiv' });
  town.telegram.takeUpdates();
  await town.bot.db.write([
    sql('UPDATE archive_channel SET chat_id = ?, rest_until_ms = 0', other.id),
    sql(`UPDATE archive_channel SET name = 'Yangi arxiv', part_cursor = 2`),
  ]);
  await town.add(2, 3);
  await town.archive();
  town.telegram.person({ id: OWNER });
  await town.move({ joins: false });
  await town.person(OWNER).start();
  await town.telegram.room(other.id).promoteBot();
  await town.minute();
  expect(await left()).toBe(2);
  expect(ownerHeard()).toContain('O‘tgan fayllar: 3 / 5\n⏸ Bot arxiv kanalida');
  // The channel of today is well.
  expect(await town.numbers('SELECT problem IS NULL AS n FROM archive_channel')).toEqual([1]);
  await town.telegram.room(town.channel.id).promoteBot();
  await town.minute();
  expect(await left()).toBe(0);
});

test('a channel that forbids forwarding loses no copy: the reason is told, and the linking goes on later', async () => {
  await town.add(1, 2);
  await town.archive();
  town.telegram.person({ id: OWNER });
  await town.move();
  await town.person(OWNER).start();
  town.telegram.script({
    method: 'forwardMessage',
    fault: {
      kind: 'error',
      status: 400,
      description: "Bad Request: Message has protected content and can't be forwarded",
    },
  });
  await town.minute();
  expect(await town.numbers('SELECT COUNT(*) AS n FROM archive')).toEqual([2]);
  expect(ownerHeard()).toContain('saqlash va uzatish taqiqlangan');
  await town.minute();
  expect(await left()).toBe(0);
});

test('posts of the old bot: edited in a channel, posted again in a group, told when done', async () => {
  await town.add(12, 1);
  const kanal = town.telegram.channel({ title: 'Kanal' });
  const guruh = town.telegram.group({ title: 'Guruh' });
  const button = { inline_keyboard: [[{ text: 'x', url: `https://t.me/${OLD}?start=12` }]] };
  const post = async (chat: number): Promise<number> =>
    (await town.bot.services.api.sendMessage(chat, 'Anime 12', { reply_markup: button })).message_id;
  const [inKanal, inGuruh] = [await post(kanal.id), await post(guruh.id)];
  await town.bot.db.write([
    sql(
      `INSERT INTO groups (id, group_id, name, kind, position) VALUES (1, ?, 'Kanal', 'channel', 1), (2, ?, 'Guruh', 'supergroup', 2)`,
      kanal.id,
      guruh.id,
    ),
    sql(
      `INSERT INTO postings (id, anime_id, requested_by, requested_at, finished_at)
       SELECT 1, id, 100, '2026-11-22 09:00:00', '2026-11-22 09:00:00' FROM anime`,
    ),
    sql(
      `INSERT INTO posts (posting_id, group_id, state, message_id) VALUES (1, 1, 'sent', ?), (1, 2, 'sent', ?)`,
      inKanal,
      inGuruh,
    ),
  ]);
  town.telegram.person({ id: OWNER });
  await town.move();
  const owner = town.person(OWNER);
  await owner.start();
  await town.telegram.room(kanal.id).promoteBot();
  await town.telegram.room(guruh.id).addBot();
  await owner.send('/archive');
  await owner.press(owner.lastMessage(), '🔁 Qayta joylash (2)');
  expect(owner.lastMessage().text).toContain(`@${OLD}`);
  await owner.press(owner.lastMessage(), '🔁 Ha, qayta joylansin');
  await movePostsJob.run(town.bot.jobContext());
  const links = (chat: number) =>
    town.telegram
      .room(chat)
      .messages()
      .map(({ keyboard }) =>
        keyboard
          .flat()
          .map(({ url }) => url)
          .join(),
      );
  expect(links(kanal.id)).toEqual([`https://t.me/${NEW}?start=12`]);
  expect(links(guruh.id).at(-1)).toBe(`https://t.me/${NEW}?start=12`);
  expect(owner.lastMessage().text).toContain(
    '✏️ Havolasi almashtirildi: 1\n📣 Qayta joylandi: 1\n❌ Bo‘lmadi: 0',
  );
  await owner.send('/archive');
  await owner.press(owner.lastMessage(), '🔁 Qayta joylash (0)');
  expect(owner.lastMessage().text).toContain('Tugadi');
  await owner.send('/archive');
  await owner.press(owner.lastMessage(), '📣 E’lon matni');
  expect(owner.lastMessage().text).toContain(`https://t.me/${NEW}`);
});
