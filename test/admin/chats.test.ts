/** Groups and mandatory channels: checked when added, so that none fails a viewer later. */
import { afterEach, describe, expect, test } from 'vitest';
import type { Room } from '../../sim/telegram/start-telegram.ts';
import { sql } from '../../src/db/database.ts';
import { ownerNoticesJob } from '../../src/jobs/send-owner-notices.ts';
import { type AdminDesk, startDesk } from './support.ts';

let desk: AdminDesk;
afterEach(() => desk?.close());

const GROUPS = `SELECT g.group_id AS chat, g.name AS name, g.link AS link, g.kind AS kind FROM groups g
  ORDER BY g.position`;
const CHANNELS = `SELECT c.channel_id AS chat, c.name AS name, COALESCE(c.invite_link, c.link) AS link, c.kind AS kind
  FROM mandatory_channels c ORDER BY c.position`;

async function addGroup(by: string): Promise<void> {
  await desk.admin.send('/groups');
  await desk.press('➕ Guruh yoki kanal qo‘shish');
  await desk.admin.send(by);
}

async function addChannel(by: string): Promise<void> {
  await desk.admin.send('/channels');
  await desk.press('➕ Majburiy obunaga qo‘shish');
  await desk.admin.send(by);
}

describe('adding a group', () => {
  test.each<readonly [string, (room: Room) => string]>([
    ['by @name', () => '@anime_uz'],
    ['by link', () => 'https://t.me/anime_uz'],
    ['by a link to a post', () => 't.me/anime_uz/15'],
    ['by id', (room) => String(room.id)],
    ['by id without its prefix', (room) => String(room.id).slice(4)],
    ['by a private post’s link', (room) => `https://t.me/c/${String(room.id).slice(4)}/3`],
  ])('%s: name, link and kind are Telegram’s', async (_how, named) => {
    desk = await startDesk();
    const room = desk.telegram.channel({ title: 'Anime <UZ>', username: 'anime_uz' });
    await addGroup(named(room));
    expect(desk.last().text).toContain('«Anime <UZ>» ro‘yxatga qo‘shildi');
    expect(await desk.rows(GROUPS)).toEqual([
      { chat: String(room.id), name: 'Anime <UZ>', link: 'https://t.me/anime_uz', kind: 'channel' },
    ]);
  });

  test('by a forwarded post of a private channel; its link is made', async () => {
    desk = await startDesk();
    const room = desk.telegram.channel({ title: 'Yopiq' });
    await desk.admin.send('/groups');
    await desk.press('➕ Guruh yoki kanal qo‘shish');
    await desk.admin.forward(await room.post('salom'));
    expect((await desk.rows(GROUPS))[0]?.['link']).toMatch(/^https:\/\/t\.me\/\+/);
  });

  test('by adding the bot: it offers both uses by itself, and the press adds it', async () => {
    desk = await startDesk();
    const room = desk.telegram.channel({ title: 'Yangi kanal', bot: 'none' });
    await room.promoteBot({}, desk.admin);
    expect(desk.last().text).toContain('Bot «Yangi kanal»ga qo‘shildi');
    await desk.press('📣 Joylash ro‘yxatiga');
    expect(await desk.rows(GROUPS)).toHaveLength(1);
    const stranger = desk.telegram.person();
    const other = desk.telegram.channel({ title: 'Begona', bot: 'none' });
    const before = stranger.messages().length;
    await other.promoteBot({}, stranger);
    expect(stranger.messages()).toHaveLength(before);
  });

  test('a duplicate is refused by name, however it is written', async () => {
    desk = await startDesk();
    const room = desk.telegram.channel({ title: 'Anime UZ', username: 'anime_uz' });
    await addGroup('@anime_uz');
    await addGroup(String(room.id));
    expect(desk.last().text).toContain('«Anime UZ» ro‘yxatda allaqachon bor');
    expect(await desk.rows(GROUPS)).toHaveLength(1);
  });

  test.each<readonly [string, () => Room | undefined, string, string]>([
    ['a chat nobody knows', () => undefined, '@yoq_bunday', 'topmadi'],
    ['nonsense', () => undefined, 'salom dunyo', 'topib bo‘lmadi'],
    ['a private link', () => undefined, 'https://t.me/+abcDEF', 'postni uzating'],
    [
      'a channel the bot may not post in',
      () => desk.telegram.channel({ username: 'kanal_bir', rights: { can_post_messages: false } }),
      '@kanal_bir',
      'yoza olmaydi',
    ],
    [
      'a channel the bot is not in',
      () => desk.telegram.channel({ username: 'kanal_bir', bot: 'none' }),
      '@kanal_bir',
      'Bot «',
    ],
  ])('refused, with what to do: %s', async (_what, open, text, says) => {
    desk = await startDesk();
    open();
    await addGroup(text);
    expect(desk.last().text).toContain(says);
    expect(await desk.rows(GROUPS)).toEqual([]);
  });
});

describe('the list of groups', () => {
  test('old fault: group delete mixed up two kinds of id', async () => {
    desk = await startDesk();
    const { db } = desk.bot;
    // The chat id of one row is the row id of the other.
    await db.write([
      sql(
        `INSERT INTO groups (id, group_id, name, position) VALUES (1, 2, 'birinchi', 1), (2, 77, 'ikkinchi', 2)`,
      ),
    ]);
    await desk.admin.send('/groups');
    await desk.presses(/ikkinchi/, '🗑 O‘chirish');
    expect(desk.last().text).toContain('«ikkinchi» ro‘yxatdan o‘chirilsinmi');
    const asked = desk.last();
    await desk.press('🗑 Ha, o‘chirilsin');
    expect((await desk.rows(GROUPS)).map((group) => group['name'])).toEqual(['birinchi']);
    await desk.admin.press(asked, '🗑 Ha, o‘chirilsin');
    expect((await desk.rows(GROUPS)).map((group) => group['name'])).toEqual(['birinchi']);
  });

  test('renamed, raised, checked again', async () => {
    desk = await startDesk();
    const first = desk.telegram.channel({ title: 'Birinchi', username: 'birinchi_kanal' });
    desk.telegram.channel({ title: 'Ikkinchi', username: 'ikkinchi_kanal' });
    await addGroup('@birinchi_kanal');
    await addGroup('@ikkinchi_kanal');
    await desk.admin.send('/groups');
    await desk.presses(/Ikkinchi/, '⬆️ Yuqoriga');
    expect((await desk.rows(GROUPS)).map((group) => group['name'])).toEqual(['Ikkinchi', 'Birinchi']);
    await desk.presses(/Birinchi/, '✏️ Nomi');
    await desk.admin.send('Asosiy kanal');
    expect((await desk.rows(GROUPS)).map((group) => group['name'])).toEqual(['Ikkinchi', 'Asosiy kanal']);
    await first.removeBot(desk.admin);
    await ownerNoticesJob.run(desk.bot.jobContext());
    expect(desk.last().text).toContain('«Asosiy kanal»da ishlay olmayapti');
    await desk.admin.send('/groups');
    await desk.presses(/⚠️ Asosiy kanal/, '🔄 Tekshirib yangilash');
    expect(desk.last().text).toContain('Bot «');
  });
});

test.each(['groups', 'mandatory_channels'])(
  'a new name for one of %s that is gone: the others are listed',
  async (table) => {
    desk = await startDesk();
    const [list, add] = table === 'groups' ? ['/groups', addGroup] : ['/channels', addChannel];
    for (const name of ['Birinchi', 'Ikkinchi']) {
      desk.telegram.channel({ title: name, username: `${name.toLowerCase()}_kanal` });
      await add(`@${name.toLowerCase()}_kanal`);
    }
    await desk.admin.send(list);
    await desk.presses(/Birinchi/, '✏️ Nomi');
    await desk.bot.db.write([sql(`DELETE FROM ${table} WHERE name = 'Birinchi'`)]);
    await desk.admin.send('Asosiy kanal');
    expect(desk.last().text).toContain('ro‘yxatda yo‘q');
    expect(
      desk
        .last()
        .keyboard.flat()
        .map(({ text }) => text),
    ).toContainEqual(expect.stringContaining('Ikkinchi'));
  },
);

describe('mandatory channels', () => {
  test('a public one, a private one, and one joined by request', async () => {
    desk = await startDesk();
    const open = desk.telegram.channel({ title: 'Ochiq', username: 'ochiq_kanal' });
    const closed = desk.telegram.channel({ title: 'Yopiq' });
    await addChannel('@ochiq_kanal');
    await addChannel(String(closed.id));
    expect(await desk.rows(CHANNELS)).toEqual([
      { chat: String(open.id), name: 'Ochiq', link: 'https://t.me/ochiq_kanal', kind: 'public' },
      { chat: String(closed.id), name: 'Yopiq', link: expect.stringContaining('t.me/+'), kind: 'private' },
    ]);
    await desk.admin.send('/channels');
    await desk.presses(/Yopiq/, '🙋 So‘rov bilan qo‘shilish');
    expect((await desk.rows(CHANNELS))[1]).toMatchObject({ kind: 'request' });
    const viewer = desk.telegram.person();
    await viewer.start();
    const urls = viewer
      .lastMessage()
      .keyboard.flat()
      .map(({ url }) => url);
    expect(urls).toContain('https://t.me/ochiq_kanal');
  });

  test('old fault: one bad channel link broke /start for all; here it cannot be stored', async () => {
    desk = await startDesk();
    desk.telegram.channel({ title: 'Huquqsiz', rights: { can_invite_users: false } });
    const room = desk.telegram.rooms.at(-1);
    await addChannel(String(room?.id));
    expect(desk.last().text).toContain('taklif havolasini yarata olmadi');
    desk.telegram.group({ title: 'Oddiy azo', username: 'oddiy_guruh' });
    await addChannel('@oddiy_guruh');
    expect(desk.last().text).toContain('admin emas');
    expect(await desk.rows(CHANNELS)).toEqual([]);
    const viewer = desk.telegram.person();
    await viewer.start();
    expect(viewer.lastMessage().text).toContain('Assalomu alaykum');
  });

  test('an @name of the old database is the same channel, and becomes its id when checked', async () => {
    desk = await startDesk();
    const room = desk.telegram.channel({ title: 'Eski', username: 'Eski_Kanal' });
    await desk.bot.db.write([
      sql(`INSERT INTO mandatory_channels (channel_id, name, position) VALUES ('@eski_kanal', 'Eski', 1)`),
    ]);
    await addChannel('@Eski_Kanal');
    expect(desk.last().text).toContain('«Eski» majburiy obunada allaqachon bor');
    await desk.admin.send('/channels');
    await desk.presses(/Eski/, '🔄 Tekshirib yangilash');
    expect((await desk.rows(CHANNELS))[0]).toMatchObject({
      chat: String(room.id),
      link: 'https://t.me/Eski_Kanal',
    });
  });

  test('old fault: a removed last channel came back at restart', async () => {
    desk = await startDesk();
    desk.telegram.channel({ title: 'Ochiq', username: 'ochiq_kanal' });
    await addChannel('@ochiq_kanal');
    await desk.admin.send('/channels');
    await desk.presses(/Ochiq/, '🗑 O‘chirish', '🗑 Ha, o‘chirilsin');
    const next = await desk.restart();
    expect(await next.rows(CHANNELS)).toEqual([]);
    const viewer = next.telegram.person();
    await viewer.start();
    expect(viewer.lastMessage().text).toContain('Assalomu alaykum');
  });
});

test.each([
  ['/groups', addGroup, GROUPS],
  ['/channels', addChannel, CHANNELS],
] as const)('%s: a name of more than 60 characters is asked for again', async (command, add, rows) => {
  desk = await startDesk();
  desk.telegram.channel({ title: 'Ochiq', username: 'ochiq_kanal' });
  await add('@ochiq_kanal');
  await desk.admin.send(command);
  await desk.presses(/Ochiq/, '✏️ Nomi');
  await desk.admin.send('n'.repeat(61));
  expect(desk.last().text).toContain('1 dan 60 tagacha belgi');
  expect((await desk.rows(rows)).map(({ name }) => name)).toEqual(['Ochiq']);
  await desk.admin.send(`  ${'n'.repeat(30)}\n${'n'.repeat(29)} `);
  expect((await desk.rows(rows)).map(({ name }) => name)).toEqual([`${'n'.repeat(30)} ${'n'.repeat(29)}`]);
});
