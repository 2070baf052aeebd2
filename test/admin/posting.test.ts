/** Posting: the card with a link that opens the anime, per-chat results, again whenever wanted. */
import { afterEach, describe, expect, test } from 'vitest';
import type { Room } from '../../sim/telegram/start-telegram.ts';
import { sql } from '../../src/db/database.ts';
import { postingJob } from '../../src/jobs/publish-postings.ts';
import { type AdminDesk, addByWizard, startDesk } from './support.ts';

let desk: AdminDesk;
let rooms: Room[];
afterEach(() => desk?.close());

async function deskWithRooms(count: number): Promise<void> {
  desk = await startDesk();
  rooms = [];
  for (let i = 1; i <= count; i++) {
    const room = desk.telegram.channel({ title: `Kanal ${i}`, username: `kanal_${i}_uz` });
    rooms.push(room);
    await desk.admin.send('/groups');
    await desk.press('➕ Guruh yoki kanal qo‘shish');
    await desk.admin.send(`@kanal_${i}_uz`);
  }
  await addByWizard(desk, { description: 'Naruto <3 & bola', parts: 1, code: 12 });
  await desk.press('📣 Joylash');
}

const STATES = 'SELECT p.state AS state FROM posts p ORDER BY p.group_id';

test.each([
  ['photos', '✅', '✅'],
  ['topic', '❌', '✅'],
] as const)('a chat closed to %s: %s, the others: %s', async (closure, mark, other) => {
  desk = await startDesk();
  const group = desk.telegram.group({ title: 'Forum' });
  const channel = desk.telegram.channel({ title: 'Kanal' });
  for (const room of [group, channel]) {
    await desk.admin.send('/groups');
    await desk.press('➕ Guruh yoki kanal qo‘shish');
    await desk.admin.send(String(room.id));
  }
  await addByWizard(desk, { description: 'Naruto', parts: 1, code: 12 });
  const photo = await desk.telegram.hold(() => desk.admin.send({ photo: true }));
  desk.telegram.takeUpdates();
  await desk.bot.db.write([sql('UPDATE anime SET photo_id = ?', photo.file?.fileId ?? '')]);
  group.close(closure);
  await desk.presses('📣 Joylash', /Forum/, /Kanal/, '📤 Hoziroq joylash (2)');
  expect(desk.last().text).toMatch(new RegExp(`${mark} Forum[^]*${other} Kanal`));
  expect(group.messages().map(({ kind }) => kind)).toEqual(closure === 'photos' ? ['text'] : []);
  expect(channel.lastMessage().kind).toBe('photo');
});

describe('posting', () => {
  test('old fault: nothing was ever posted; here the card with its link is in the chosen chats, and only there', async () => {
    await deskWithRooms(3);
    await desk.presses(/Kanal 1/, /Kanal 3/, '📤 Hoziroq joylash (2)');
    expect(desk.last().text).toBe('📣 Joylash natijasi\n\n✅ Kanal 1\n✅ Kanal 3');
    expect(rooms.map((room) => room.messages().length)).toEqual([1, 0, 1]);
    const card = rooms[0]?.lastMessage();
    expect(card?.text).toContain('Naruto <3 & bola');
    // Nothing that will not stay true: no parts, no views.
    expect(card?.text).toContain('🔢 Kod: 12');
    expect(card?.text).not.toMatch(/🎞|👁/);
    const viewer = desk.telegram.person();
    await viewer.openLink(card?.keyboard[0]?.[0]?.url ?? '');
    expect(viewer.lastMessage().text).toContain('Naruto <3 & bola');
  });

  test('the flood of one chat: the others are posted to, its retry_after is obeyed, and it costs no attempt', async () => {
    await deskWithRooms(3);
    const chat = rooms[1]?.id ?? 0;
    const method = ['sendMessage', 'sendPhoto'];
    desk.telegram.script({ method, chat, fault: { kind: 'flood', retryAfter: 3_600 } });
    await desk.presses(/Kanal 1/, /Kanal 2/, /Kanal 3/, /📤 Hoziroq/);
    expect(rooms.map((room) => room.messages().length)).toEqual([1, 0, 1]);
    const calls = (): number =>
      desk.telegram.calls.filter(({ params }) => Number(params['chat_id']) === chat).length;
    const before = calls();
    for (let minute = 0; minute < 59; minute += 1) {
      desk.bot.advance(60_000);
      await postingJob.run(desk.bot.jobContext());
    }
    expect(calls()).toBe(before);
    desk.bot.advance(61_000);
    await postingJob.run(desk.bot.jobContext());
    expect(rooms.map((room) => room.messages().length)).toEqual([1, 1, 1]);
    expect(desk.admin.messages().at(-1)?.text).toMatch(/✅ Kanal 2/);
  });

  test('postings that wait for their chats leave later ones their turn', async () => {
    await deskWithRooms(2);
    const chat = rooms[0]?.id ?? 0;
    const method = ['sendMessage', 'sendPhoto'];
    const down = desk.telegram.script({
      method,
      chat,
      times: Infinity,
      fault: { kind: 'flood', retryAfter: 3_600 },
    });
    await desk.presses(/Kanal 1/, ...Array.from({ length: 6 }, () => /📤 Hoziroq/));
    await desk.bot.db.write([
      sql(
        `INSERT INTO postings (anime_id, requested_by, requested_at) SELECT id, 100, '2026-11-22 10:00:00' FROM anime`,
      ),
      sql(
        'INSERT INTO posts (posting_id, group_id) SELECT last_insert_rowid(), id FROM groups WHERE group_id <> ?',
        chat,
      ),
    ]);
    desk.bot.advance(60_000);
    await postingJob.run(desk.bot.jobContext());
    expect(rooms.map((room) => room.messages().length)).toEqual([0, 1]);
    down.remove();
  });

  test('nothing goes to anybody: three chats are tried, the rest is as good as untouched', async () => {
    await deskWithRooms(6);
    const method = ['sendMessage', 'sendPhoto'];
    const down = rooms.map(({ id: chat }) =>
      desk.telegram.script({ method, chat, times: Infinity, fault: { kind: 'flood', retryAfter: 60 } }),
    );
    await desk.presses(...rooms.map((_, i) => new RegExp(`Kanal ${i + 1}`)), /📤 Hoziroq/);
    expect(down.map(({ hits }) => hits).reduce((sum, n) => sum + n, 0)).toBe(3);
    expect(await desk.rows('SELECT SUM(attempts) AS n FROM posts')).toEqual([{ n: '3' }]);
    for (const script of down) script.remove();
    desk.bot.advance(61_000);
    await postingJob.run(desk.bot.jobContext());
    expect(rooms.map((room) => room.messages().length)).toEqual(rooms.map(() => 1));
  });

  test('a chat that refuses does not keep the others from theirs, and is named with the reason', async () => {
    await deskWithRooms(3);
    await rooms[1]?.demoteBot();
    await desk.presses(/Kanal 1/, /Kanal 2/, /Kanal 3/, /📤 Hoziroq/);
    expect(desk.last().text).toMatch(/✅ Kanal 1\n❌ Kanal 2: .+\n✅ Kanal 3/);
    await desk.admin.send('/groups');
    expect(
      desk
        .last()
        .keyboard.flat()
        .some(({ text }) => text === '⚠️ Kanal 2'),
    ).toBe(true);
  });

  test('it can be posted again, and the screen says when it was posted', async () => {
    await deskWithRooms(1);
    await desk.presses(/Kanal 1/, /📤 Hoziroq/);
    await desk.admin.send('/edit 12');
    await desk.press('📣 Joylash');
    expect(desk.last().keyboard[0]?.[0]?.text).toBe('✅ Kanal 1 · 2026-11-22');
    await desk.press('📤 Hoziroq joylash (1)');
    expect(rooms[0]?.messages()).toHaveLength(2);
  });

  test('nothing chosen: said, nothing sent', async () => {
    await deskWithRooms(1);
    expect(await desk.press('📤 Hoziroq joylash (0)')).toContain('kamida bitta');
    expect(rooms[0]?.messages()).toHaveLength(0);
  });

  test('many chats: some at once, the tick sends the rest and brings the report up to date', async () => {
    await deskWithRooms(12);
    for (let i = 1; i <= 12; i++) await desk.press(new RegExp(`Kanal ${i}$`));
    await desk.press('📤 Hoziroq joylash (12)');
    expect(desk.last().text.match(/⏳/g)).toHaveLength(4);
    await postingJob.run(desk.bot.jobContext());
    expect(desk.last().text.match(/✅/g)).toHaveLength(12);
    expect(rooms.map((room) => room.messages().length)).toEqual(Array(12).fill(1));
    await postingJob.run(desk.bot.jobContext());
    expect(rooms.map((room) => room.messages().length)).toEqual(Array(12).fill(1));
  });

  test('more chats with long names and reasons than a message holds: the report comes, what failed first', async () => {
    await deskWithRooms(1);
    const name = 'Juda uzun nomli guruh '.repeat(5);
    await desk.bot.db.write(
      Array.from({ length: 40 }, (_, i) =>
        sql(
          'INSERT INTO groups (group_id, name, position) VALUES (?, ?, ?)',
          -1_000_000_000_000 - i,
          `${i} ${name}`,
          i,
        ),
      ),
    );
    await desk.bot.db.write([
      sql('INSERT INTO anime_groups (anime_code, group_id) SELECT 12, id FROM groups'),
    ]);
    await desk.press('🔙 Orqaga');
    await desk.press('📣 Joylash');
    await desk.press('📤 Hoziroq joylash (41)');
    for (let i = 0; i < 3; i++) await postingJob.run(desk.bot.jobContext());
    expect(desk.last().text).toMatch(/^📣 Joylash natijasi\n\n❌ 0 Juda.*\n… \+11$/s);
    expect(await desk.rows('SELECT state AS state, COUNT(*) AS count FROM posts GROUP BY state')).toEqual([
      { state: 'failed', count: '40' },
      { state: 'sent', count: '1' },
    ]);
  });

  test('a network fault is tried again by the tick; a host that died while sending repeats that one card at most', async () => {
    await deskWithRooms(2);
    await desk.presses(/Kanal 1/, /Kanal 2/);
    const chat = rooms[0]?.id ?? 0;
    desk.telegram.script({
      method: 'sendMessage',
      chat,
      fault: { kind: 'error', status: 500, description: 'x' },
    });
    await desk.press(/📤 Hoziroq/);
    expect(desk.last().text).toMatch(/⏳ Kanal 1.*\n✅ Kanal 2/);
    desk.bot.advance(61_000);
    await postingJob.run(desk.bot.jobContext());
    expect(rooms.map((room) => room.messages().length)).toEqual([1, 1]);
    expect(desk.last().text).toMatch(/✅ Kanal 1\n✅ Kanal 2/);
  });

  test('killed after the card went out: that one card comes once more, nothing is forgotten', async () => {
    await deskWithRooms(2);
    await desk.presses(/Kanal 1/, /Kanal 2/);
    const chat = rooms[0]?.id ?? 0;
    const kill = (): boolean => {
      desk.bot.failNext('write', 'before');
      return false;
    };
    const script = desk.telegram.script({ chat, when: kill, times: 1, fault: { kind: 'drop' } });
    await desk.press(/📤 Hoziroq/);
    script.remove();
    expect((await desk.rows(STATES)).map((post) => post['state'])).toEqual(['sending', 'sending']);
    for (let minute = 0; minute < 3; minute++) {
      desk.bot.advance(60_000);
      await postingJob.run(desk.bot.jobContext());
    }
    expect((await desk.rows(STATES)).map((post) => post['state'])).toEqual(['sent', 'sent']);
    expect(rooms.map((room) => room.messages().length)).toEqual([2, 1]);
  });

  test('a group that became a supergroup gets its card under its new id', async () => {
    desk = await startDesk();
    const group = desk.telegram.group({ title: 'Guruh', basic: true });
    await desk.admin.send('/groups');
    await desk.press('➕ Guruh yoki kanal qo‘shish');
    await desk.admin.send(String(group.id));
    await addByWizard(desk, { description: 'Naruto', parts: 1, code: 12 });
    const moved = await group.upgrade();
    await desk.presses('📣 Joylash', /Guruh$/, /📤 Hoziroq/);
    await postingJob.run(desk.bot.jobContext());
    expect(moved.messages().filter(({ kind }) => kind !== 'service')).toHaveLength(1);
    expect(await desk.rows('SELECT group_id AS chat FROM groups')).toEqual([{ chat: String(moved.id) }]);
  });
});
