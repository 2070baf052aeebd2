/** Another bot with the same database: the archive serves viewers from the first minute. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Person } from '../../sim/telegram/start-telegram.ts';
import { archiveNumbers } from '../../src/db/archive.ts';
import { meetBot } from '../../src/db/bot-identity.ts';
import { all, sql } from '../../src/db/database.ts';
import { linkFile } from '../../src/db/relinking.ts';
import { jobs } from '../../src/jobs/all-jobs.ts';
import { sendAdminNotices } from '../support/admin-notices.ts';
import { OWNER, startTown, type Town } from './support.ts';

let town: Town;
beforeEach(async () => {
  town = await startTown({ limits: false });
});
afterEach(() => town.close());

const VIEWER = 700;
const viewer = (): Person => town.person(VIEWER);

const buttons = (): string[] =>
  viewer()
    .lastMessage()
    .keyboard.flat()
    .map(({ text }) => text);

/** The button of the first part, seen or not. */
const one = (): string => buttons().find((text) => text.endsWith('1')) ?? '1';

/** Opens the list of parts. */
async function parts(code: number): Promise<void> {
  await viewer().send(String(code));
  await viewer().press(viewer().lastMessage(), '▶️ Animeni ko‘rish');
}

test('every archived part is served by one call, at no more round trips than before', async () => {
  await town.add(12, 3);
  await town.archive();
  town.telegram.person({ id: VIEWER });
  await viewer().start();
  await parts(12);
  const before = await town.bot.costOf(() => viewer().press(viewer().lastMessage(), '1'));
  await town.move();
  await viewer().start();
  for (const part of ['1', '2', '3']) {
    await parts(12);
    const list = viewer().lastMessage();
    const cost = await town.bot.costOf(() => viewer().press(list, part === '1' ? '👁 1' : part));
    // The answer to the press, and the copy.
    expect(cost).toEqual({ reads: 1, writes: 1, calls: 2 });
    expect(before).toEqual(cost);
    const player = viewer().lastMessage();
    expect(player).toMatchObject({ kind: 'video', text: `Anime 12\n🎬 ${part}-qism\n🔢 Kod: 12` });
    expect(player.keyboard.flat().map(({ text }) => text)).toContain('📋 Qismlar');
  }
  expect(town.telegram.callsOf('sendVideo')).toEqual([]);
  // The views count.
  expect(await town.numbers('SELECT COUNT(*) AS n FROM user_history')).toEqual([4]);
});

test('the buttons below a copied part go on: next part, deep links, lists', async () => {
  await town.add(12, 3, { photo: true });
  await town.archive();
  town.telegram.person({ id: VIEWER });
  await town.move();
  await viewer().start('12_2');
  expect(viewer().lastMessage()).toMatchObject({ kind: 'video', caption: expect.stringContaining('2-qism') });
  await viewer().press(viewer().lastMessage(), '3-qism ➡️');
  expect(viewer().lastMessage()).toMatchObject({ kind: 'video', caption: expect.stringContaining('3-qism') });
  await viewer().press(viewer().lastMessage(), '📋 Qismlar');
  expect(viewer().lastMessage().caption).toContain('Qismni tanlang');
});

test('a picture comes as a copy in a new message, and is left out of an edited one', async () => {
  await town.add(12, 1, { photo: true });
  await town.archive();
  town.telegram.person({ id: VIEWER });
  await town.move();
  await viewer().start();
  await viewer().send('12');
  expect(viewer().lastMessage()).toMatchObject({
    kind: 'photo',
    caption: expect.stringContaining('Anime 12'),
  });
  await viewer().send('Anime');
  const cost = await town.bot.costOf(() => viewer().press(viewer().lastMessage(), '▶️ Animeni ko‘rish'));
  expect(cost.calls).toBe(2);
  expect(town.telegram.callsOf('editMessageMedia')).toEqual([]);
  expect(town.telegram.calls.filter(({ status }) => status === 400)).toEqual([]);
});

test('a part without a copy is said to be missing, without a call that must fail; the owners learn of it', async () => {
  await town.add(12, 1);
  town.telegram.person({ id: VIEWER });
  town.telegram.person({ id: OWNER });
  await town.move();
  await town.person(OWNER).start();
  await viewer().start();
  await parts(12);
  await viewer().press(viewer().lastMessage(), '1');
  expect(viewer().lastMessage().text).toMatch(/Anime 12.*1-qism/s);
  expect(town.telegram.calls.filter(({ status }) => status !== 200)).toEqual([]);
  await sendAdminNotices(town.bot);
  expect(
    town
      .person(OWNER)
      .messages()
      .map(({ text }) => text)
      .join('\n'),
  ).toContain('fayl boshqa botniki');
  expect(await town.numbers('SELECT COUNT(*) AS n FROM user_history')).toEqual([0]);
});

test('before the new bot is in the channel nobody is left without words', async () => {
  await town.add(12, 1);
  await town.archive();
  town.telegram.person({ id: VIEWER });
  await town.move({ joins: false });
  await viewer().start();
  await parts(12);
  await viewer().press(viewer().lastMessage(), one());
  expect(viewer().lastMessage()).toMatchObject({ kind: 'text', text: expect.stringContaining('1-qism') });
  await town.telegram.room(town.channel.id).promoteBot();
  await parts(12);
  await viewer().press(viewer().lastMessage(), one());
  expect(viewer().lastMessage().kind).toBe('video');
  // Out again: Telegram words it as 403.
  await town.telegram.room(town.channel.id).removeBot();
  await parts(12);
  await viewer().press(viewer().lastMessage(), one());
  expect(viewer().lastMessage().kind).toBe('text');
});

test('history, favourites and follows of an old viewer are there when they start the new bot', async () => {
  await town.add(12, 3);
  await town.archive();
  town.telegram.person({ id: VIEWER });
  await viewer().start();
  await viewer().send('12');
  await viewer().press(viewer().lastMessage(), '☆ Sevimlilarga');
  await parts(12);
  await viewer().press(viewer().lastMessage(), '2');
  await town.move();
  await viewer().start();
  await viewer().send('12');
  expect(buttons()).toContain('⏯ Davom ettirish: 3-qism');
  await viewer().send('/favourites');
  expect(buttons().join()).toContain('Anime 12');
  await viewer().send('/history');
  expect(buttons().join()).toContain('Anime 12');
});

test('update ids, messages and broadcasts of the old bot are not taken for the new one’s', async () => {
  await town.add(12, 1);
  await town.archive();
  const owner = town.telegram.person({ id: OWNER });
  await owner.start();
  // A draft with two parts, an update that waits, a broadcast that runs.
  await owner.send('/add');
  await owner.send('Tavsif');
  await owner.send({ video: '1.mp4' });
  await owner.send({ video: '2.mp4' });
  const [count] = await town.numbers('SELECT COUNT(*) AS n FROM handled_updates');
  expect(count).toBeGreaterThan(3);
  await town.bot.db.write([
    sql(
      `INSERT INTO failed_updates (update_id, chat_id, payload, error, failed_at, since_ms, given_up_at, retry_ms)
       VALUES (700000001, 100, '{"update_id":700000001,"message":{}}', 'x', '2026-11-22 10:00:00', 0, '2026-11-22 10:00:00', 1)`,
    ),
    sql(
      `INSERT INTO broadcasts (id, requested_by, audience, state, created_at, progress_message_id)
       VALUES (5, 100, 'users', 'running', '2026-11-22 10:00:00', 3)`,
    ),
    sql('INSERT INTO broadcast_messages (broadcast_id, message_id) VALUES (5, 2)'),
  ]);
  await town.move();
  await town.person(OWNER).start();
  expect(town.person(OWNER).lastMessage().text).not.toBe('');
  expect(await town.numbers('SELECT update_id AS n FROM failed_updates')).toEqual([1_000_700_000_001]);
  // Its messages are the old chat's: nothing is copied in their place.
  town.telegram.forgetCalls();
  for (const job of jobs) await job.run(town.bot.jobContext());
  expect(town.telegram.callsOf('copyMessage')).toEqual([]);
  expect(await town.numbers("SELECT COUNT(*) AS n FROM broadcasts WHERE state = 'failed'")).toEqual([1]);
  // More parts come behind those of the old chat, whatever ids they have.
  await town.person(OWNER).send({ video: '3.mp4' });
  expect(
    await town.numbers('SELECT ROW_NUMBER() OVER (ORDER BY message_id) AS n FROM draft_parts ORDER BY id'),
  ).toEqual([1, 2, 3]);
  expect(await town.numbers('SELECT COUNT(*) AS n FROM draft_parts')).toEqual([3]);
});

test('nothing sends a file id of the old bot: groups, inline mode, previews, posts', async () => {
  await town.add(12, 1, { photo: true });
  const owner = town.telegram.person({ id: OWNER });
  await owner.start();
  await owner.send('/add');
  await owner.send({ photo: true, caption: 'Yangi anime' });
  await owner.send({ video: '1.mp4' });
  await town.archive();
  await town.move();
  const again = town.person(OWNER);
  await again.start();
  const group = town.telegram.group({ title: 'Guruh' });
  await town.person(9).start();
  await town.telegram
    .room(group.id)
    .join(town.person(9))
    .catch(() => {});
  await town.person(9).send('/start 12', { in: town.telegram.room(group.id) });
  expect(await again.inline('Anime')).toMatchObject({
    results: [expect.objectContaining({ title: 'Anime 12' })],
  });
  await again.send('/edit 12');
  await again.send('/drafts');
  await town.bot.db.write([
    sql(`INSERT INTO groups (group_id, name, kind, position) VALUES (?, 'Guruh', 'supergroup', 1)`, group.id),
    sql('INSERT INTO anime_groups (anime_code, group_id) SELECT 12, id FROM groups'),
  ]);
  const [id] = await town.numbers('SELECT id AS n FROM anime WHERE code = 12');
  await again.send('/edit 12');
  await again.press(again.lastMessage(), `apn:${(id ?? 0).toString(36)}`).catch(() => {});
  for (const job of jobs) await job.run(town.bot.jobContext());
  const bad = town.telegram.calls.filter(({ answer }) => /file identifier|file_id/i.test(String(answer)));
  expect(bad).toEqual([]);
});

test('a video sent under a wrong token: back under the right one its own id is good again', async () => {
  await town.add(12, 2);
  const ids = 'SELECT group_concat(file_id) AS n FROM (SELECT file_id FROM anime_parts ORDER BY id)';
  const read = async (): Promise<unknown> =>
    (await town.bot.db.read([all(sql(ids), (row) => row.text('n'))]))[0][0];
  const before = await read();
  await town.move();
  const { telegram, bot } = town;
  const uniques = await bot.db.read([
    all(sql('SELECT file_unique_id AS u FROM anime_parts ORDER BY id'), (row) => row.text('u')),
  ]);
  const [first = ''] = uniques[0];
  await bot.db.write(linkFile(first, 'BAACnewbotsid'));
  expect(await read()).not.toBe(before);
  const counts = 'SELECT COUNT(*) AS n FROM foreign_files WHERE views >= 0';
  expect(await town.numbers(counts)).toEqual([1]);
  await meetBot(bot.db, town.old.botInfo, bot.now());
  expect(await read()).toBe(before);
  expect(await town.numbers(counts)).toEqual([0]);
  // And once more the other one: what it was given is good at once.
  await meetBot(bot.db, telegram.botInfo, bot.now());
  expect(await read()).toContain('BAACnewbotsid');
  expect(await town.numbers(counts)).toEqual([1]);
});

test('the archive right after a move: nothing is left to copy, and never less than nothing', async () => {
  await town.add(12, 3);
  await town.archive();
  await town.add(13, 1);
  await town.move();
  const [numbers] = await town.bot.db.read([archiveNumbers(town.bot.now())]);
  expect(numbers).toMatchObject({ files: 4, archived: 3, toLink: 3, missing: 1, left: 0, minutes: null });
});

test('the move is told once, in the log’s words too; the bot of an earlier token is at home again', async () => {
  await town.add(12, 2);
  await town.archive();
  town.telegram.person({ id: OWNER });
  await town.move();
  await town.person(OWNER).start();
  await sendAdminNotices(town.bot);
  await sendAdminNotices(town.bot);
  const told = town
    .person(OWNER)
    .messages()
    .filter(({ text }) => text.includes('Bot almashdi'));
  expect(told).toHaveLength(1);
  expect(told[0]?.text).toContain('@old_anime_bot');
  expect(await meetBot(town.bot.db, town.telegram.botInfo, town.bot.now())).toBeUndefined();
  expect(await town.numbers('SELECT COUNT(*) AS n FROM foreign_files')).toEqual([2]);
  // Somebody had set the wrong token for a minute.
  expect(await meetBot(town.bot.db, town.old.botInfo, town.bot.now())).toMatchObject({
    username: 'new_anime_bot',
  });
  expect(await town.numbers('SELECT COUNT(*) AS n FROM foreign_files')).toEqual([0]);
});
