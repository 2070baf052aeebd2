/** Who may do what, and what was done. */
import { afterEach, describe, expect, test } from 'vitest';
import { encodeAction } from '../../src/bot/callback-data.ts';
import { sql } from '../../src/db/database.ts';
import { type AdminDesk, startDesk } from './support.ts';

let desk: AdminDesk;
afterEach(() => desk?.close());

const COMMANDS =
  'admin add edit cancel drafts groups channels broadcast stats analytics top users admins audit trash export test backup backups commands'.split(
    ' ',
  );

describe('somebody else’s words, passed on by an admin', () => {
  test.each([...COMMANDS, 'users 100', 'start 12', 'backup@anime_standin_bot'])(
    '/%s is no command',
    async (command) => {
      desk = await startDesk();
      const { admin, telegram } = desk;
      const group = telegram.group({ members: [admin] });
      const stranger = telegram.person({ username: 'stranger' });
      await stranger.send(`/${command}`, { in: group }).catch(() => undefined);
      const sent = await stranger.send(`/${command}`);
      const before = await desk.rows('SELECT count(*) AS n FROM audit_log');
      for (const relayed of [
        () => admin.forward(sent),
        () => relay(`/${command}`, { via_bot: { id: 9, is_bot: true, first_name: 'Inline' } }),
        () =>
          relay(`/${command}`, { forward_origin: { type: 'hidden_user', sender_user_name: 'X', date: 1 } }),
        () =>
          relay(`/${command}`, {
            forward_origin: {
              type: 'channel',
              chat: { id: -1001, type: 'channel', title: 'K' },
              message_id: 1,
              date: 1,
            },
          }),
      ]) {
        await relayed();
        expect(desk.bot.log.at(-1)?.['handler']).not.toMatch(/admin|start/);
      }
      expect(await desk.rows('SELECT count(*) AS n FROM audit_log')).toEqual(before);
      expect(await desk.rows('SELECT id AS id FROM drafts')).toEqual([]);
      expect((await desk.bot.services.backups.list()).total).toBe(0);
    },
  );

  test('in a group, what a channel says through its discussion group is nobody’s command', async () => {
    desk = await startDesk();
    const chat = { id: -1009, type: 'supergroup', title: 'G' };
    const said = desk.telegram.callsOf('sendMessage').length;
    const automatic = { is_automatic_forward: true, sender_chat: { id: -1001, type: 'channel', title: 'K' } };
    await relay(`/help@${desk.telegram.botInfo.username}`, {
      chat,
      from: { id: 777_000, is_bot: false, first_name: 'Telegram' },
      ...automatic,
    });
    await relay(`/help@${desk.telegram.botInfo.username}`, { chat, sender_chat: chat });
    expect(await desk.rows('SELECT user_id AS id FROM users WHERE user_id = 777000')).toEqual([]);
    expect(desk.telegram.callsOf('sendMessage')).toHaveLength(said);
  });

  let updateId = 5_000_000;
  async function relay(text: string, more: object): Promise<void> {
    const { user } = desk.admin;
    updateId += 1;
    const message = {
      message_id: updateId,
      date: 1,
      from: user,
      chat: { id: user.id, type: 'private', first_name: 'A' },
      text,
      ...more,
    };
    expect(await desk.bot.post(JSON.stringify({ update_id: updateId, message }))).toBe(200);
  }
});

describe('everybody else', () => {
  test.each(COMMANDS)('/%s is answered like a command that does not exist', async (command) => {
    desk = await startDesk();
    const viewer = desk.telegram.person({ languageCode: 'uz' });
    await viewer.start();
    await viewer.send('/yoq_bunday_buyruq');
    const unknown = viewer.lastMessage();
    await viewer.send(`/${command}`);
    expect(viewer.lastMessage().text).toBe(unknown.text);
    expect(viewer.lastMessage().keyboard).toEqual(unknown.keyboard);
    expect(await desk.rows('SELECT id AS id FROM drafts')).toEqual([]);
  });

  test('an admin’s button pressed by somebody else does nothing and tells nothing', async () => {
    desk = await startDesk();
    const viewer = desk.telegram.person();
    await viewer.start();
    const message = viewer.lastMessage();
    const stale = await forged(viewer, message, '~');
    for (const data of [
      encodeAction({ kind: 'panel' }),
      encodeAction({ kind: 'draftNew' }),
      encodeAction({ kind: 'stats' }),
      encodeAction({ kind: 'personBan', user: 100, on: 1 }),
      encodeAction({ kind: 'backupNow' }),
    ])
      expect(await forged(viewer, message, data)).toEqual(stale);
    expect(await desk.rows('SELECT id AS id FROM drafts')).toEqual([]);
  });

  test('videos of viewers are no parts', async () => {
    desk = await startDesk();
    const viewer = desk.telegram.person();
    await viewer.send({ video: true });
    expect(await desk.rows('SELECT id AS id FROM drafts')).toEqual([]);
  });

  test('in a group no panel opens, not even for an admin', async () => {
    desk = await startDesk();
    const group = desk.telegram.group({ members: [desk.admin] });
    await desk.admin.send(`/stats@${desk.telegram.botInfo.username}`, { in: group });
    expect(
      group.messages().filter(({ isFromBot, text }) => isFromBot && text.includes('Statistika')),
    ).toEqual([]);
  });
});

describe('roles', () => {
  test('old fault: hard-coded admin ids; owners come from ADMIN_IDS and name further admins', async () => {
    desk = await startDesk();
    const second = desk.telegram.person({ firstName: 'Zafar', username: 'zafar' });
    const viewer = desk.telegram.person();
    await second.start();
    await desk.admin.send('/admins');
    await desk.press('➕ Admin qo‘shish');
    for (const nobody of ['@yoq_bunday', 'salom, kim bor']) {
      await desk.admin.send(nobody);
      expect(desk.last().text).toContain('topilmadi');
    }
    await desk.admin.send('@Zafar');
    expect(desk.last().text).toContain(`${second.id}`);
    await desk.press('✅ Ha, admin bo‘lsin');
    expect(desk.last().text).toContain('Zafar endi admin');
    await second.send('/start');
    await second.press(second.lastMessage(), '🏠 Boshqaruv paneli');
    expect(second.lastMessage().text).toContain('Boshqaruv paneli');
    await viewer.send('/start');
    expect(JSON.stringify(viewer.lastMessage().keyboard)).not.toContain('Boshqaruv paneli');
    await second.send('/admin');
    expect(second.lastMessage().text).toContain('Boshqaruv paneli');
    expect(
      second
        .lastMessage()
        .keyboard.flat()
        .map(({ text }) => text),
    ).not.toContain('🛡 Adminlar');
    await second.send('/admins');
    expect(second.lastMessage().text).not.toContain('Adminlar');
    await desk.admin.send('/admins');
    await desk.press(/Zafar/);
    expect(desk.last().text).toContain('adminlikdan olinsinmi');
    await desk.press('🗑 Ha, olinsin');
    await second.send('/admin');
    expect(second.lastMessage().text).not.toContain('Boshqaruv paneli');
  });

  test('nobody becomes an admin before their id and name were shown and confirmed', async () => {
    desk = await startDesk();
    const { admin, bot } = desk;
    const person = desk.telegram.person({ firstName: 'Zafar', username: 'zafar' });
    await person.start();
    const admins = () => desk.rows('SELECT user_id AS id FROM admins');
    const said = await person.send('salom');
    for (const [named, isByName] of [
      ['@zafar', true],
      [String(person.id), false],
      [said, false],
    ] as const) {
      await admin.send('/admins');
      await desk.press('➕ Admin qo‘shish');
      await (typeof named === 'string' ? admin.send(named) : admin.forward(named));
      const { text } = desk.last();
      expect(text).toContain('Zafar');
      expect(text).toContain(String(person.id));
      // Names change hands; ids do not.
      expect(text.includes('boshqa odamga o‘tgan')).toBe(isByName);
      expect(await admins()).toEqual([]);
      await desk.press('↩️ Yo‘q');
      expect(await admins()).toEqual([]);
    }
    // A name inside somebody else's message is not what the owner wrote.
    const planted = await desk.telegram.person().send('@zafar');
    await admin.send('/admins');
    await desk.press('➕ Admin qo‘shish');
    await bot.db.write([sql('DELETE FROM users WHERE user_id NOT IN (?, ?)', admin.id, person.id)]);
    await admin.forward(planted);
    expect(desk.last().text).not.toContain('Zafar');
    await admin.send('@ZAFAR');
    await desk.press('✅ Ha, admin bo‘lsin');
    expect(await admins()).toEqual([{ id: String(person.id) }]);
    expect(await desk.rows("SELECT count(*) AS n FROM audit_log WHERE action = 'admin-added'")).toEqual([
      { n: '1' },
    ]);
  });

  test('a name of several lines is shown as one, and nothing in it poses as a line of ours', async () => {
    desk = await startDesk();
    const { admin, bot } = desk;
    const person = desk.telegram.person({ firstName: 'Ali' });
    await person.start();
    await bot.db.write([
      sql('UPDATE users SET first_name = ? WHERE user_id = ?', 'Ali\n🆔 1\u202e\u0007', person.id),
    ]);
    const shown = 'Ali\\u000a🆔 1\\u202e\\u0007';
    await admin.send('/admins');
    await desk.press('➕ Admin qo‘shish');
    await admin.send(String(person.id));
    expect(desk.last().text).toContain(`🛡 ${shown}\n`);
    await desk.press('✅ Ha, admin bo‘lsin');
    expect(desk.last().text).toContain(`${shown} endi admin`);
    await admin.send('/admins');
    await desk.press(/Ali\\u000a/);
    expect(desk.last().text).toContain(shown);
    await bot.db.write([sql('UPDATE audit_log SET user_id = ?', person.id)]);
    await admin.send('/audit');
    // As who did it, and to whom.
    expect(desk.last().text.split(shown)).toHaveLength(3);
  });

  test('only an owner’s press makes an admin, whoever forges the button', async () => {
    desk = await startDesk();
    const viewer = desk.telegram.person();
    await viewer.start();
    await forged(viewer, viewer.lastMessage(), encodeAction({ kind: 'adminGrant', user: viewer.id }));
    expect(await desk.rows('SELECT user_id AS id FROM admins')).toEqual([]);
  });

  test('an admin cannot be blocked; a viewer can, and gets no answer until unblocked', async () => {
    desk = await startDesk();
    const viewer = desk.telegram.person({ firstName: 'Ali' });
    await viewer.start();
    await desk.admin.send(`/users ${viewer.id}`);
    await desk.press('⛔️ Bloklash');
    const before = viewer.messages().length;
    await viewer.send('12');
    expect(viewer.lastMessage().text).toContain('Adminlar sizni bloklagan');
    await viewer.send('12');
    expect(viewer.messages()).toHaveLength(before + 3);
    await desk.press('✅ Blokdan chiqarish');
    await viewer.send('12');
    expect(viewer.messages()).toHaveLength(before + 5);
    await desk.admin.send(`/users ${desk.admin.id}`);
    expect(
      desk
        .last()
        .keyboard.flat()
        .map(({ text }) => text),
    ).not.toContain('⛔️ Bloklash');
  });

  test('nobody who runs the bot is blocked by a forged button: owner, admin or oneself', async () => {
    desk = await startDesk();
    const second = desk.telegram.person({ id: 300, firstName: 'Zafar', username: 'zafar' });
    await second.start();
    await desk.bot.db.write([
      sql("INSERT INTO admins (user_id, role, added_by, added_at) VALUES (300, 'admin', 100, '')"),
    ]);
    for (const [person, user] of [
      [second, 100],
      [second, 300],
      [desk.admin, 300],
      [desk.admin, 100],
    ] as const) {
      await person.send('/admin');
      await forged(person, person.lastMessage(), encodeAction({ kind: 'personBan', user, on: 1 }));
    }
    expect(await desk.rows('SELECT user_id AS id, banned_at AS banned FROM users ORDER BY user_id')).toEqual([
      { id: '100', banned: null },
      { id: '300', banned: null },
    ]);
    expect(await desk.rows('SELECT action AS action FROM audit_log')).toEqual([]);
  });

  test('who is banned is told once, and again after another ban', async () => {
    desk = await startDesk();
    const viewer = desk.telegram.person({ id: 300, firstName: 'Ali' });
    await viewer.start();
    const menu = viewer.lastMessage();
    const count = (): number => viewer.messages().filter(({ isFromBot }) => isFromBot).length;
    const ban = async (button: string): Promise<void> => {
      await desk.admin.send('/users 300');
      await desk.press(button);
    };
    await ban('⛔️ Bloklash');
    const before = count();
    desk.telegram.script({
      method: 'sendMessage',
      fault: { kind: 'error', status: 502, description: 'Bad Gateway' },
    });
    await viewer.send('salom');
    expect(viewer.lastMessage().text).toContain('Adminlar sizni bloklagan');
    await viewer.send('/start');
    await viewer.press(menu, '🆕 Yangi animelar');
    await viewer.inline('naruto');
    expect(count()).toBe(before + 1);
    await ban('✅ Blokdan chiqarish');
    await viewer.send('/start');
    expect(viewer.lastMessage().text).toContain('Assalomu alaykum');
    await ban('⛔️ Bloklash');
    expect(await desk.bot.costOf(() => viewer.press(menu, '🆕 Yangi animelar'))).toEqual({
      reads: 1,
      writes: 1,
      calls: 1,
    });
    expect(viewer.lastMessage().text).toContain('Adminlar sizni bloklagan');
    expect(await desk.bot.costOf(() => viewer.send('12'))).toEqual({ reads: 1, writes: 1, calls: 0 });
  });

  test('a user is found by id, @username whatever its case, and a forwarded message', async () => {
    desk = await startDesk();
    const viewer = desk.telegram.person({ firstName: 'Ali', username: 'Ali_Vali' });
    const word = await viewer.send('salom');
    for (const wanted of [String(viewer.id), '@ali_vali', 'https://t.me/Ali_Vali']) {
      await desk.admin.send('/users');
      await desk.press('🔎 Foydalanuvchini topish');
      await desk.admin.send(wanted);
      expect(desk.last().text).toContain(`🆔 ${viewer.id}`);
    }
    await desk.press('🔎 Foydalanuvchini topish');
    await desk.admin.send('salom, kim bor');
    expect(desk.last().text).toContain('topilmadi');
    await desk.admin.forward(word);
    expect(desk.last().text).toContain(`🆔 ${viewer.id}`);
    await desk.admin.send('/users @hech_kim');
    expect(desk.last().text).toContain('topilmadi');
  });

  test('what admins do is in the log, and nothing that was not done', async () => {
    desk = await startDesk();
    await desk.admin.send('/add');
    await desk.admin.send('Naruto');
    await desk.presses('⏭ Qismsiz davom etish', /bo‘sh kod/, '▶️ Davom etish');
    const preview = desk.last();
    await desk.press('✅ Tayyor, qo‘shilsin');
    await desk.admin.press(preview, '✅ Tayyor, qo‘shilsin');
    await desk.admin.send('/edit 1');
    await desk.presses('🗑 O‘chirish', '🗑 Ha, o‘chirilsin', '♻️ Tiklash');
    expect(await desk.rows('SELECT action AS action, subject AS subject FROM audit_log ORDER BY id')).toEqual(
      [
        { action: 'anime-added', subject: '1 Naruto' },
        { action: 'anime-deleted', subject: '1 Naruto' },
        { action: 'anime-restored', subject: '1 Naruto' },
      ],
    );
    await desk.admin.send('/audit');
    expect(desk.last().text).toContain('Olim: anime qo‘shdi — 1 Naruto');
  });
});

async function forged(
  person: AdminDesk['admin'],
  message: ReturnType<AdminDesk['last']>,
  data: string,
): Promise<unknown> {
  return person.press({ ...message, keyboard: [[{ text: data, data }]] }, data);
}
