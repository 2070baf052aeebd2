/** Groups that became supergroups, chats closed to the bot: followed, and told once. */
import { afterEach, describe, expect, test } from 'vitest';
import type { Room } from '../../sim/telegram/start-telegram.ts';
import { sql } from '../../src/db/database.ts';
import { checkChatsJob } from '../../src/jobs/check-chats.ts';
import { broadcastJob } from '../../src/jobs/send-broadcasts.ts';
import { ownerNoticesJob } from '../../src/jobs/send-owner-notices.ts';
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
  await ownerNoticesJob.run(desk.bot.jobContext());
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

  test.each(['told', 'unseen'])(
    'a list that has the new chat already: one row is left, with what both had (%s)',
    async (how) => {
      desk = await startDesk();
      const group = await listed('Eski guruh', true);
      await addByWizard(desk, { description: 'Naruto', parts: 1, code: 12 });
      await addByWizard(desk, { description: 'Bleach', parts: 1, code: 13 });
      const { db } = desk.bot;
      // What the supergroup will be called is known only when it is there.
      let upgraded: Room | undefined;
      const both = async (chatId: number): Promise<void> => {
        await db.write([
          sql(
            "INSERT INTO groups (id, group_id, name, username, kind) VALUES (9, ?, 'Yangi', 'yangi_uz', 'supergroup')",
            chatId,
          ),
          sql('INSERT INTO anime_groups (anime_code, group_id) VALUES (12, 1), (12, 9), (13, 9)'),
          sql(
            "INSERT INTO postings (id, anime_id, requested_by, requested_at) VALUES (1, 1, 100, ''), (2, 2, 100, ''), (3, 1, 100, '')",
          ),
          sql(
            "INSERT INTO posts (posting_id, group_id, state) VALUES (1, 1, 'waiting'), (1, 9, 'sent'), (2, 9, 'waiting'), (3, 1, 'sending'), (3, 9, 'waiting')",
          ),
          sql(
            "INSERT INTO broadcasts (id, requested_by, audience, group_id, created_at) VALUES (1, 100, 'group', 9, '')",
          ),
          sql("INSERT INTO broadcasts (id, requested_by, audience, created_at) VALUES (2, 100, 'users', '')"),
          sql(
            'INSERT INTO broadcast_retries (broadcast_id, recipient, attempts, retry_ms) VALUES (1, 9, 1, 0), (2, 9, 1, 0)',
          ),
          sql(
            "INSERT INTO drafts (id, user_id, kind, step, is_open, created_at, updated_at) VALUES (90, 100, 'anime', 'x', 0, '', '')",
          ),
          sql('INSERT INTO draft_groups (draft_id, group_id) VALUES (90, 9)'),
        ]);
      };
      if (how === 'told') {
        upgraded = await desk.telegram.hold(() => group.upgrade());
        await both(upgraded.id);
        await desk.telegram.deliver();
      } else {
        upgraded = await movedUnseen(group);
        await both(upgraded.id);
        await desk.admin.send('/groups');
        await desk.presses(/Eski guruh/, /Tekshir/);
      }
      expect(await desk.rows('SELECT id AS id, group_id AS chat, username AS username FROM groups')).toEqual([
        { id: '1', chat: String(upgraded.id), username: how === 'told' ? 'yangi_uz' : null },
      ]);
      expect(
        await desk.rows('SELECT anime_code AS code, group_id AS row FROM anime_groups ORDER BY 1'),
      ).toEqual([
        { code: '12', row: '1' },
        { code: '13', row: '1' },
      ]);
      // What one of them has got already is not sent to it again.
      expect(
        await desk.rows('SELECT posting_id AS id, group_id AS row, state AS state FROM posts ORDER BY 1'),
      ).toEqual([
        { id: '1', row: '1', state: 'sent' },
        { id: '2', row: '1', state: 'waiting' },
        { id: '3', row: '1', state: 'sending' },
      ]);
      expect(await desk.rows('SELECT group_id AS row FROM broadcasts WHERE id = 1')).toEqual([{ row: '1' }]);
      // Of a broadcast to people the number is a person's.
      expect(
        await desk.rows('SELECT broadcast_id AS id, recipient AS r FROM broadcast_retries ORDER BY 1'),
      ).toEqual([
        { id: '1', r: '1' },
        { id: '2', r: '9' },
      ]);
      expect(await desk.rows('SELECT group_id AS row FROM draft_groups')).toEqual([{ row: '1' }]);
    },
  );

  test('mandatory under both ids: asked for once from then on', async () => {
    desk = await startDesk();
    const { bot } = desk;
    const group = desk.telegram.group({ title: 'Eski guruh', basic: true });
    await group.promoteBot();
    await addChannel(bot, group, { inviteLink: 'https://t.me/+Eski12345' });
    await addAnime(bot, { code: 12, title: 'Naruto' });
    const upgraded = await movedUnseen(group);
    await addChannel(bot, upgraded, { inviteLink: 'https://t.me/+AbCdEf123' });
    const outsider = desk.telegram.person();
    await outsider.send('12');
    await outsider.send('12');
    expect(await desk.rows('SELECT channel_id AS id, invite_link AS link FROM mandatory_channels')).toEqual([
      { id: String(upgraded.id), link: 'https://t.me/+AbCdEf123' },
    ]);
    const links = outsider
      .lastMessage()
      .keyboard.flat()
      .filter(({ url }) => url !== undefined);
    expect(links).toHaveLength(1);
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
