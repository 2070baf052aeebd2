/** The archive in `/admin`: chosen by owners, looked at by admins, honest about what is left. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Room } from '../../sim/telegram/start-telegram.ts';
import { sql } from '../../src/db/database.ts';
import { archiveJob } from '../../src/jobs/archive-files.ts';
import { textsFor } from '../../src/locales/index.ts';
import { LOCALE_NAMES } from '../../src/settings/config.ts';
import { sendAdminNotices } from '../support/admin-notices.ts';
import { type AdminDesk, addByWizard, startDesk } from './support.ts';

let desk: AdminDesk;
let channel: Room;
beforeEach(async () => {
  desk = await startDesk();
  channel = desk.telegram.channel({ title: 'Mening arxivim' });
});
afterEach(() => desk.close());

async function choose(by: string): Promise<void> {
  await desk.admin.send('/admin');
  await desk.presses('🗄 Arxiv', '➕ Arxiv kanalini qo‘shish');
  await desk.admin.send(by);
}

const work = async (minutes = 1): Promise<void> => {
  for (let i = 0; i < minutes; i += 1) {
    await archiveJob.run(desk.bot.jobContext({ seconds: 100 }));
    desk.bot.advance(60_000);
  }
};

test('an owner chooses the channel; new anime are copied, and the screen says how far it is', async () => {
  await addByWizard(desk, { description: 'Naruto', parts: 3, code: 12 });
  await desk.admin.send('/archive');
  expect(desk.last().text).toContain('Arxiv kanali hali yo‘q');
  await desk.press('➕ Arxiv kanalini qo‘shish');
  await desk.admin.forward(await channel.post('salom'));
  expect(desk.last().text).toContain('Arxiv kanali: «Mening arxivim»');
  expect(desk.last().text).toContain('Nusxalangan fayllar: 0 / 3\n⏳ Qoldi: 3 ta, taxminan 1 daqiqa');
  await work();
  await desk.press('🔄 Tekshirib yangilash');
  expect(desk.last().text).toContain('Nusxalangan fayllar: 3 / 3\n✅ Hammasi joyida.');
  // Published later: at the next tick, though the job was resting.
  await work(2);
  await addByWizard(desk, { description: 'Bleach', parts: 1, code: 13 });
  await work();
  expect(channel.lastMessage().text).toBe('Bleach\nKod: 13\n1-qism');
});

test('a public channel is told as such, and is the archive only where an owner says so', async () => {
  const open = desk.telegram.channel({ title: 'Ochiq kanal', username: 'ochiq_kanal' });
  await choose('@ochiq_kanal');
  expect(desk.last().text).toMatch(/^⚠️ «Ochiq kanal» — ochiq kanal: uni istagan kishi topadi/);
  await desk.admin.send('/archive');
  expect(desk.last().text).toContain('Arxiv kanali hali yo‘q');
  // The private one that it asks for is taken in answer.
  await choose('@ochiq_kanal');
  await desk.admin.forward(await channel.post('salom'));
  expect(desk.last().text).toContain('Arxiv kanali: «Mening arxivim»');
  await desk.admin.send('/archive');
  await desk.press('🔁 Kanalni almashtirish');
  await desk.admin.send(String(open.id));
  await desk.press('⚠️ Ha, shu kanal bo‘lsin');
  expect(desk.last().text).toContain('Arxiv kanali: «Ochiq kanal»');
});

test('what is left takes as long as Telegram’s limit has it, from the first minute on', async () => {
  await addByWizard(desk, { description: 'Naruto', parts: 45, code: 12 });
  await choose(String(channel.id));
  expect(desk.last().text).toContain('Qoldi: 45 ta, taxminan 3 daqiqa');
  await work();
  await desk.admin.send('/archive');
  expect(desk.last().text).toContain('Qoldi: 25 ta, taxminan 2 daqiqa');
  await work();
  await desk.press('🔄 Tekshirib yangilash');
  expect(desk.last().text).toContain('Qoldi: 5 ta, taxminan 1 daqiqa');
});

test.each([
  ['no right to post', { can_post_messages: false }],
  ['no right to delete', { can_delete_messages: false }],
])('%s: not taken, and said why', async (_what, rights) => {
  await channel.promoteBot(rights);
  await choose(String(channel.id));
  expect(desk.last().text).toContain('Bot «Mening arxivim»da arxiv yurita olmaydi');
  // The question stays: the owner gives the right and sends it again.
  await channel.promoteBot();
  await desk.admin.send(String(channel.id));
  expect(desk.last().text).toContain('Arxiv kanali: «Mening arxivim»');
});

test('a group, and a channel that the bot is not in', async () => {
  const group = desk.telegram.group({ title: 'Guruh' });
  await choose(String(group.id));
  expect(desk.last().text).toContain('Arxiv uchun kanal kerak');
  const other = desk.telegram.channel({ title: 'Yopiq', bot: 'none' });
  await desk.admin.send(String(other.id));
  expect(desk.last().text).toContain('Telegram');
  expect(await desk.rows('SELECT name AS name FROM archive_channel')).toEqual([]);
});

test('replaced and removed by owners; copies stay known', async () => {
  await addByWizard(desk, { description: 'Naruto', parts: 1, code: 12 });
  await choose(String(channel.id));
  await work();
  const other = desk.telegram.channel({ title: 'Ikkinchi' });
  await desk.admin.send('/archive');
  await desk.press('🔁 Kanalni almashtirish');
  await desk.admin.send(String(other.id));
  expect(desk.last().text).toContain('Nusxalangan fayllar: 0 / 1');
  await work();
  expect(other.messages()).toHaveLength(1);
  await desk.presses('🗑 Arxivdan voz kechish', '🗑 Ha, voz kechilsin');
  expect(desk.last().text).toContain('«Ikkinchi» endi arxiv emas');
  expect(await desk.rows('SELECT chat_id AS chat FROM archive')).toEqual([{ chat: String(other.id) }]);
  await desk.admin.send('/audit');
  expect(desk.last().text).toContain('arxivdan voz kechdi — Ikkinchi');
});

test('an admin who is no owner sees it, and cannot change it', async () => {
  await choose(String(channel.id));
  const helper = desk.telegram.person({ id: 200, firstName: 'Yordamchi' });
  await helper.start();
  await desk.bot.db.write([
    sql(`INSERT INTO admins (user_id, added_by, added_at) VALUES (200, 100, '2026-11-22 10:00:00')`),
  ]);
  await helper.send('/archive');
  const screen = helper.lastMessage();
  expect(screen.text).toContain('Arxiv: «Mening arxivim»');
  expect(screen.keyboard.flat().map(({ text }) => text)).toEqual([
    '🔄 Tekshirib yangilash',
    '🏠 Boshqaruv paneli',
  ]);
  await helper.press(desk.last(), 'aro:1').catch(() => {});
  expect(await desk.rows('SELECT name AS name FROM archive_channel')).toHaveLength(1);
});

test('the check finds lost rights, says so, and finds them again', async () => {
  await choose(String(channel.id));
  await desk.telegram.hold(() => channel.promoteBot({ can_delete_messages: false }));
  desk.telegram.takeUpdates();
  await desk.press('🔄 Tekshirib yangilash');
  expect(desk.last().text).toContain('Bot kanalda ishlay olmayapti: botning huquqi yetmaydi');
  await sendAdminNotices(desk.bot);
  await desk.telegram.hold(() => channel.promoteBot());
  desk.telegram.takeUpdates();
  await desk.press('🔄 Tekshirib yangilash');
  expect(desk.admin.look(desk.last()).text).toContain('Bot');
  await sendAdminNotices(desk.bot);
  expect(desk.last().text).toContain('arxiv kanalida yana ishlayapti');
});

test('another title, code or number: the copies say so, and nothing else is sent', async () => {
  await addByWizard(desk, { description: 'Naruto', parts: 2, code: 12 });
  await choose(String(channel.id));
  await work(2);
  await desk.admin.send('/edit 12');
  await desk.press('✏️ Nomi');
  await desk.admin.send('Naruto <Shippuden>');
  await work();
  const captions = () => channel.messages().map(({ text }) => text.split('\n').join(' | '));
  expect(captions()).toEqual([
    'Naruto <Shippuden> | Kod: 12 | 1-qism',
    'Naruto <Shippuden> | Kod: 12 | 2-qism',
  ]);
  await desk.admin.send('/edit 12');
  await desk.press('🔢 Kod');
  await desk.admin.send('77');
  await work();
  expect(captions()).toEqual([
    'Naruto <Shippuden> | Kod: 77 | 1-qism',
    'Naruto <Shippuden> | Kod: 77 | 2-qism',
  ]);
  await desk.admin.send('/edit 77');
  await desk.presses(/Qismlar/, '1', '↕️ Boshqa raqamga o‘tkazish');
  await desk.admin.send('5');
  await work();
  expect(captions()).toContain('Naruto <Shippuden> | Kod: 77 | 5-qism');
  // What no caption tells changes none.
  desk.telegram.forgetCalls();
  await desk.admin.send('/edit 77');
  await desk.press('📅 Yil');
  await desk.admin.send('2007');
  await work(2);
  expect(desk.telegram.callsOf('editMessageCaption')).toEqual([]);
  expect(channel.messages()).toHaveLength(2);
});

test.each<[string, () => Promise<void>, string]>([
  ['left', () => channel.demoteBot(), 'bot is not a member of the channel chat'],
  ['was removed', () => channel.removeBot(), 'bot was kicked from the channel chat'],
  [
    'does not find it any more',
    async () => {
      const fault = { kind: 'error', status: 400, description: 'Bad Request: chat not found' } as const;
      for (const method of ['sendVideo', 'getChatMember']) desk.telegram.script({ method, fault });
    },
    'chat not found',
  ],
])(
  'the bot %s, and nobody told it: no file is given up, and the admins hear why',
  async (_, leave, words) => {
    await choose(String(channel.id));
    await addByWizard(desk, { description: 'Naruto', parts: 2, code: 12 });
    await desk.telegram.hold(leave);
    desk.telegram.takeUpdates();
    await work(2);
    const [row] = await desk.rows('SELECT problem AS problem FROM archive_channel');
    expect(String(row?.['problem'])).toContain(words);
    expect(await desk.rows('SELECT file_id AS file FROM archive_refusals')).toEqual([]);
    await sendAdminNotices(desk.bot);
    const heard = desk.admin
      .messages()
      .filter(({ text }) => text.includes('arxiv kanalida ishlay olmayapti'));
    expect(heard).toHaveLength(1);
    expect(heard[0]?.text).not.toMatch(/Forbidden|Bad Request|not found|member/);
    // In every language the reason is said, and not in Telegram's English.
    for (const locale of LOCALE_NAMES) {
      const { admin, trouble } = textsFor(locale);
      const said = admin.archive.trouble('Arxiv', trouble(String(row?.['problem']))).markup;
      expect(said).not.toMatch(/Forbidden|Bad Request/);
    }
    await desk.telegram.hold(() => channel.promoteBot());
    desk.telegram.takeUpdates();
    await desk.admin.send('/archive');
    await desk.press('🔄 Tekshirib yangilash');
    await work();
    expect(channel.messages()).toHaveLength(2);
  },
);
