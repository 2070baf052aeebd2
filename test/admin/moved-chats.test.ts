/** Groups that became supergroups, and chats that closed themselves to the bot: followed, and told to the owners once. */
import { afterEach, describe, expect, test } from 'vitest';
import type { Room } from '../../dev/telegram/index.ts';
import { sql } from '../../src/db/database.ts';
import { adminNoticesJob } from '../../src/jobs/admin-notices.ts';
import { broadcastJob } from '../../src/jobs/broadcast.ts';
import { checkChatsJob } from '../../src/jobs/check-chats.ts';
import { addAnime, addChannel } from '../viewer/support.ts';
import { type AdminDesk, addByWizard, startDesk } from './support.ts';

let desk: AdminDesk;
afterEach(() => desk?.close());

/** A group in the list to post to. */
async function listed(title: string, basic = false): Promise<Room> {
  const group = desk.telegram.group({ title, basic });
  await group.addBot();
  await desk.admin.send('/groups');
  await desk.press(/Guruh yoki kanal/);
  await desk.admin.send(String(group.id));
  return group;
}

const ids = () => desk.rows('SELECT group_id AS id FROM groups');
const told = async (part: string): Promise<number> => {
  await adminNoticesJob.run(desk.bot.jobContext());
  return desk.admin.messages().filter(({ text }) => text.includes(part)).length;
};
/** Telegram's message of the move was lost. */
const movedUnseen = async (group: Room): Promise<Room> => {
  const upgraded = await desk.telegram.hold(() => group.upgrade());
  desk.telegram.takeUpdates();
  return upgraded;
};

describe('a group that became a supergroup', () => {
  test.each(['told', 'unseen'])('mandatory: it goes on guarding (%s)', async (how) => {
    desk = await startDesk();
    const { bot } = desk;
    const group = desk.telegram.group({ title: 'Eski guruh', basic: true });
    await group.promoteBot();
    await addChannel(bot, group, { inviteLink: 'https://t.me/+AbCdEf123' });
    await addAnime(bot, { code: 12, title: 'Naruto' });
    const upgraded = how === 'told' ? await group.upgrade() : await movedUnseen(group);
    const kept = await desk.rows('SELECT channel_id AS id FROM mandatory_channels');
    expect(kept).toEqual([{ id: String(how === 'told' ? upgraded.id : group.id) }]);
    const outsider = desk.telegram.person();
    await outsider.send('12');
    expect(outsider.lastMessage().text).toContain('obuna bo‘ling');
    expect(await desk.rows('SELECT channel_id AS id FROM mandatory_channels')).toEqual([
      { id: String(upgraded.id) },
    ]);
    const member = desk.telegram.person();
    await upgraded.join(member);
    await member.send('12');
    expect(member.lastMessage().text).toContain('Kod: 12');
    // What the service message says makes nobody one of the bot's people.
    expect(await desk.rows('SELECT COUNT(*) AS n FROM users')).toEqual([{ n: '3' }]);
    expect(await told('tekshirib bo‘lmayapti')).toBe(0);
  });

  test('posts and broadcasts arrive there, once', async () => {
    desk = await startDesk();
    const group = await listed('Eski guruh', true);
    await addByWizard(desk, { description: 'Naruto', parts: 1, code: 12 });
    const upgraded = await movedUnseen(group);
    await desk.presses('📣 Joylash', /Eski guruh/, '📤 Hoziroq joylash (1)');
    expect(desk.last().text).toContain('✅ Eski guruh');
    expect(upgraded.lastMessage().text).toContain('Naruto');
    expect(await ids()).toEqual([{ id: String(upgraded.id) }]);
    await desk.bot.db.write([sql('UPDATE groups SET group_id = ?', group.id)]);
    await desk.admin.send('/broadcast');
    await desk.press(/Yangi|➕/);
    await desk.admin.send('Yangilik!');
    await desk.press(/[Gg]uruh/);
    await desk.press(/✅|📤|Ha/);
    await broadcastJob.run(desk.bot.jobContext());
    expect(upgraded.messages().filter(({ text }) => text === 'Yangilik!')).toHaveLength(1);
    expect(await ids()).toEqual([{ id: String(upgraded.id) }]);
  });

  test.each(['told', 'unseen'])('"check" finds it under its new id (%s)', async (how) => {
    desk = await startDesk();
    const group = await listed('Eski guruh', true);
    const upgraded = how === 'told' ? await group.upgrade() : await movedUnseen(group);
    await desk.admin.send('/groups');
    await desk.presses(/Eski guruh/, /Tekshir/);
    expect(await ids()).toEqual([{ id: String(upgraded.id) }]);
    expect(desk.last().text).toContain(String(upgraded.id));
  });

  test('a list that has the new chat already keeps both rows', async () => {
    desk = await startDesk();
    const group = await listed('Eski guruh', true);
    const upgraded = await movedUnseen(group);
    await desk.bot.db.write([sql("INSERT INTO groups (group_id, name) VALUES (?, 'Yangi')", upgraded.id)]);
    await desk.admin.send('/groups');
    await desk.presses(/Eski guruh/, /Tekshir/);
    expect(await desk.rows('SELECT COUNT(*) AS n FROM groups')).toEqual([{ n: '2' }]);
  });
});

describe('a chat the bot cannot work in any more', () => {
  test('whoever took the bot out: the owners are told once, and again only after it was back', async () => {
    desk = await startDesk();
    const group = await listed('Klub');
    const stranger = desk.telegram.person();
    await group.removeBot(stranger);
    expect(await told('«Klub»da ishlay olmayapti')).toBe(1);
    await group.removeBot(stranger);
    expect(await told('«Klub»da ishlay olmayapti')).toBe(1);
    await group.addBot(stranger);
    expect(await desk.rows('SELECT problem AS p FROM groups')).toEqual([{ p: null }]);
    await group.removeBot(stranger);
    expect(await told('«Klub»da ishlay olmayapti')).toBe(2);
  });

  test('a chat the bot has no work in is nobody’s trouble', async () => {
    desk = await startDesk();
    const group = desk.telegram.group({ title: 'Begona' });
    await group.removeBot();
    expect(await told('Begona')).toBe(0);
  });

  test('a mandatory channel that takes the rights away is told before the next viewer comes', async () => {
    desk = await startDesk();
    const channel = desk.telegram.channel({ title: 'Kanal', username: 'kanal_uz' });
    await addChannel(desk.bot, channel, { username: 'kanal_uz', chat: '@Kanal_uz' });
    await channel.demoteBot();
    expect(await told('tekshirib bo‘lmayapti')).toBe(1);
    await channel.promoteBot();
    expect(await desk.rows('SELECT check_state AS s FROM mandatory_channels')).toEqual([{ s: 'ok' }]);
  });

  test.each([
    ['topic', 'TOPIC_CLOSED'],
    ['writing', 'CHAT_WRITE_FORBIDDEN'],
    ['deleted', 'the group chat was deleted'],
  ] as const)('posting to a chat closed by %s is told once', async (closure, words) => {
    desk = await startDesk();
    const group = await listed('Klub', closure === 'deleted');
    await addByWizard(desk, { description: 'Naruto', parts: 1, code: 12 });
    group.close(closure);
    for (let i = 0; i < 2; i++) {
      await desk.admin.send('/edit 12');
      await desk.press(/Joylash/);
      if (i === 0) await desk.press(/Klub/);
      await desk.press(/Hoziroq/);
      expect(await told('«Klub»da ishlay olmayapti')).toBe(1);
      expect(await desk.rows('SELECT problem AS p FROM groups')).toEqual([{ p: words }]);
    }
    group.close();
    await desk.press(/Hoziroq/);
    expect(await desk.rows('SELECT problem AS p FROM groups')).toEqual([{ p: null }]);
  });

  test('a loss of rights that was never told is found by the job, and by /test', async () => {
    desk = await startDesk();
    const group = await listed('Klub');
    const channel = desk.telegram.channel({ title: 'Kanal', username: 'kanal_uz' });
    await addChannel(desk.bot, channel, { username: 'kanal_uz' });
    await desk.telegram.hold(() => Promise.all([group.removeBot(), channel.demoteBot()]));
    desk.telegram.takeUpdates();
    await desk.admin.send('/test');
    expect(desk.last().text).toMatch(/Klub.*Kanal|Kanal.*Klub/);
    await desk.telegram.hold(() => Promise.all([group.addBot(), channel.promoteBot()]));
    desk.telegram.takeUpdates();
    await checkChatsJob.run(desk.bot.jobContext());
    expect(
      await desk.rows('SELECT problem AS p FROM groups UNION ALL SELECT check_state FROM mandatory_channels'),
    ).toEqual([{ p: null }, { p: 'ok' }]);
    expect(await told('ishlay olmayapti')).toBe(1);
    await desk.telegram.hold(() => group.removeBot());
    desk.telegram.takeUpdates();
    await checkChatsJob.run(desk.bot.jobContext());
    expect(await told('«Klub»da ishlay olmayapti')).toBe(1);
  });

  test('Telegram’s own bad hour says nothing of any chat', async () => {
    desk = await startDesk();
    await listed('Klub');
    for (const fault of [
      { kind: 'flood', retryAfter: 60 },
      { kind: 'error', status: 502, description: 'Bad Gateway' },
      { kind: 'drop' },
    ] as const) {
      const script = desk.telegram.script({
        method: 'getChatMember',
        times: Number.POSITIVE_INFINITY,
        fault,
      });
      await checkChatsJob.run(desk.bot.jobContext());
      script.remove();
      expect(await desk.rows('SELECT problem AS p FROM groups')).toEqual([{ p: null }]);
    }
  });
});
