/** The subscription gate (docs/spec/bot.md "Viewer" 2) and the old bot's faults around it. */
import { describe, expect, test } from 'vitest';
import { sql } from '../../src/db/database.ts';
import { forgetAnswersJob } from '../../src/jobs/forget-answers.ts';
import { ADMIN_ID, type TestBot } from '../support/bot.ts';
import { addChannel, buttons, buttonWith, guarded, press, run, start, values } from './support.ts';

const asks = (bot: TestBot): number => bot.telegram.callsOf('getChatMember').length;

describe('the gate', () => {
  test.each(['/constructor', '/__proto__'])(
    'a command called %s is no wish that it holds up',
    async (typed) => {
      const { bot, viewer } = await guarded();
      await viewer.send(typed);
      expect(viewer.lastMessage().text).toContain('/help');
      expect(bot.log.map(({ outcome }) => outcome)).toEqual(['handled']);
    },
  );

  test('a deep link to a part: every channel as a link, Tekshirish, then that very part opens in place', async () => {
    const { bot, news, club, viewer } = await guarded();
    await viewer.start('12_5');
    const gate = viewer.lastMessage();
    expect(gate.keyboard.flat().map(({ url }) => url)).toEqual([
      'https://t.me/news_uz',
      'https://t.me/club_uz',
      undefined,
    ]);
    expect(buttons(gate)).toEqual(['📢 Yangiliklar', '📢 Klub <1>', '🔄 Tekshirish']);
    await news.join(viewer);
    await club.join(viewer);
    const answer = await viewer.press(gate, '🔄 Tekshirish');
    expect(answer?.text).toBe('✅ Davom etishingiz mumkin.');
    expect(viewer.look(gate)).toMatchObject({ kind: 'video', text: expect.stringContaining('5-qism') });
    expect(await values(bot, 'SELECT part_number AS v FROM user_history')).toEqual(['5']);
  });

  test.each([
    ['a code', '12', 'Kod: 12'],
    ['a code and a part', '12 5', '5-qism'],
    ['a name', 'наруто', 'Kod: 12'],
    ['a command', '/history', 'Tarix'],
    ['plain /start', '/start', 'Assalomu alaykum'],
    ['a source', '/start instagram', 'Assalomu alaykum'],
    ['an unknown code', '777', '777 kodli anime topilmadi'],
  ])('what was asked for survives: %s', async (_, text, expected) => {
    const { bot, news, club, viewer } = await guarded();
    await viewer.send(text);
    expect(viewer.lastMessage().text).not.toContain(expected);
    await news.join(viewer);
    await club.join(viewer);
    const after = await press(viewer, viewer.lastMessage(), 'Tekshirish');
    expect(after.text).toContain(expected);
    if (text.includes('instagram'))
      expect(await values(bot, `SELECT source AS v FROM users WHERE user_id = ${viewer.id}`)).toEqual([
        'instagram',
      ]);
  });

  test('part buttons, favourites and lists of old messages are guarded too, and open afterwards', async () => {
    const { bot, news, club, viewer } = await guarded();
    await news.join(viewer);
    await club.join(viewer);
    await viewer.send('12');
    const card = viewer.lastMessage();
    const parts = await press(viewer, card, 'Animeni ko‘rish');
    await news.leave(viewer);
    bot.advance(61_000);
    await viewer.press(parts, '3');
    const gate = viewer.lastMessage();
    expect(gate.text).toContain('obuna bo‘ling');
    expect(buttons(gate)).toContain('✅ Klub <1>');
    await news.join(viewer);
    const player = await press(viewer, gate, 'Tekshirish');
    expect(player).toMatchObject({ kind: 'video', text: expect.stringContaining('3-qism') });
  });

  test('pressing a favourite through the gate saves it and shows the card', async () => {
    const { bot, news, club, viewer } = await guarded();
    await news.join(viewer);
    await club.join(viewer);
    await viewer.send('12');
    const card = viewer.lastMessage();
    await news.leave(viewer);
    bot.advance(61_000);
    await viewer.press(card, buttonWith(card, '☆'));
    expect(await values(bot, 'SELECT COUNT(*) AS v FROM favourites')).toEqual(['0']);
    await news.join(viewer);
    const shown = await press(viewer, viewer.lastMessage(), 'Tekshirish');
    expect(buttons(shown)).toContain('★ Sevimlilarda');
    expect(await values(bot, 'SELECT COUNT(*) AS v FROM favourites')).toEqual(['1']);
  });

  test('help, the language switch and page counters are free', async () => {
    const { bot, viewer } = await guarded();
    for (const text of ['/help', '/language']) {
      await viewer.send(text);
      expect(buttons(viewer.lastMessage())).not.toContain('🔄 Tekshirish');
    }
    expect(asks(bot)).toBe(0);
  });

  test('creators, administrators and restricted members pass; the restricted who left and the banned do not', async () => {
    const bot = await start();
    const room = bot.telegram.group({ title: 'Guruh', username: 'guruh_uz' });
    await room.addBot();
    await room.promoteBot();
    await addChannel(bot, room, { username: 'guruh_uz' });
    const passes = async (
      act: (p: ReturnType<typeof bot.telegram.person>) => Promise<unknown>,
    ): Promise<boolean> => {
      const person = bot.telegram.person();
      await room.join(person);
      await act(person);
      await bot.db.write([sql('DELETE FROM gate_answers')]);
      await person.start();
      return !buttons(person.lastMessage()).includes('🔄 Tekshirish');
    };
    expect(await passes(async () => {})).toBe(true);
    expect(await passes((person) => room.promote(person))).toBe(true);
    expect(await passes((person) => room.restrict(person, { isMember: true }))).toBe(true);
    expect(await passes((person) => room.restrict(person, { isMember: false }))).toBe(false);
    expect(await passes((person) => room.leave(person))).toBe(false);
    expect(await passes((person) => room.kick(person))).toBe(false);
  });

  test('a pending join request to a private channel counts as subscribed', async () => {
    const bot = await start();
    const closed = bot.telegram.channel({ title: 'Yopiq', joinRequests: true });
    await addChannel(bot, closed, { inviteLink: 'https://t.me/+AbCdEf0123456789' });
    const viewer = bot.telegram.person();
    await viewer.start();
    const gate = viewer.lastMessage();
    expect(gate.keyboard[0]?.[0]?.url).toBe('https://t.me/+AbCdEf0123456789');
    expect(await closed.join(viewer)).toBe('requested');
    expect((await press(viewer, gate, 'Tekshirish')).text).toContain('Assalomu alaykum');
    bot.advance(24 * 3_600_000);
    await viewer.start();
    expect(viewer.lastMessage().text).toContain('Assalomu alaykum');
    expect(await values(bot, `SELECT COUNT(*) AS v FROM users WHERE user_id = ${viewer.id}`)).toEqual(['1']);
  });

  test('somebody asking to join who never wrote to the bot does not become one of its people', async () => {
    const bot = await start();
    const closed = bot.telegram.channel({ joinRequests: true });
    await addChannel(bot, closed, { inviteLink: 'https://t.me/+AbCdEf0123456789' });
    const stranger = bot.telegram.person();
    await closed.join(stranger);
    expect(await values(bot, `SELECT COUNT(*) AS v FROM users WHERE user_id = ${stranger.id}`)).toEqual([
      '0',
    ]);
    expect(await values(bot, 'SELECT state AS v FROM gate_answers')).toEqual(['asked']);
  });

  test('admins are not held up', async () => {
    const { bot } = await guarded();
    const admin = bot.telegram.person({ id: ADMIN_ID });
    await admin.start('12');
    expect(admin.lastMessage().text).toContain('Kod: 12');
    expect(asks(bot)).toBe(0);
  });
});

describe('what it costs', () => {
  test('all channels are asked at once, once in ten minutes; old bot: N sequential membership calls per message, no cache', async () => {
    const { bot, news, club, viewer } = await guarded();
    await news.join(viewer);
    await club.join(viewer);
    await bot.db.write([sql('DELETE FROM gate_answers')]);
    await viewer.send('12');
    expect(asks(bot)).toBe(2);
    for (let i = 0; i < 5; i++) {
      bot.advance(60_000);
      expect(await bot.costOf(() => viewer.send('12'))).toEqual({ reads: 1, writes: 1, calls: 1 });
    }
    bot.advance(6 * 60_000);
    await viewer.send('12');
    expect(asks(bot)).toBe(4);
  });

  test('a chat_member update answers before Telegram is asked: joining opens, leaving closes at once', async () => {
    const { bot, news, club, viewer } = await guarded();
    await news.join(viewer);
    await club.join(viewer);
    await viewer.send('12');
    expect(viewer.lastMessage().text).toContain('Kod: 12');
    expect(asks(bot)).toBe(0);
    await club.leave(viewer);
    await viewer.send('12');
    expect(viewer.lastMessage().text).toContain('obuna bo‘ling');
    expect(asks(bot)).toBe(0);
  });

  test('answers nobody asked for lately are swept away by the tick', async () => {
    const { bot, news, viewer } = await guarded();
    await news.join(viewer);
    expect(await values(bot, 'SELECT COUNT(*) AS v FROM gate_answers')).toEqual(['1']);
    await run(bot, forgetAnswersJob);
    expect(await values(bot, 'SELECT COUNT(*) AS v FROM gate_answers')).toEqual(['1']);
    bot.advance(25 * 3_600_000);
    await run(bot, forgetAnswersJob);
    expect(await values(bot, 'SELECT COUNT(*) AS v FROM gate_answers')).toEqual(['0']);
  });
});

describe('a failing check', () => {
  test('old bot: channel links vanished after a failed check; here they stay, and the missing are named', async () => {
    const { news, viewer } = await guarded();
    await viewer.send('12');
    const gate = viewer.lastMessage();
    await news.join(viewer);
    const answer = await viewer.press(gate, '🔄 Tekshirish');
    expect(answer).toMatchObject({ isAlert: true, text: 'Hali obuna bo‘lmagansiz: Klub <1>' });
    const after = viewer.look(gate);
    expect(after.text).toContain('Klub <1>');
    expect(after.text).not.toContain('Yangiliklar');
    expect(buttons(after)).toEqual(['✅ Yangiliklar', '📢 Klub <1>', '🔄 Tekshirish']);
  });

  test('old bot: pressing Tekshirish twice raised "message is not modified"', async () => {
    const { bot, viewer } = await guarded();
    await viewer.send('12');
    const gate = viewer.lastMessage();
    for (let i = 0; i < 3; i++) expect((await viewer.press(gate, '🔄 Tekshirish'))?.isAlert).toBe(true);
    expect(bot.log.filter(({ outcome }) => outcome !== undefined && outcome !== 'handled')).toEqual([]);
  });

  test('an alert with more names than it holds is cut between characters, never within one', async () => {
    const bot = await start();
    // Of 19 emoji a name, one character is cut in two at 200 with either parity.
    for (const name of ['🔥', 'a🔥', '🔥', 'a🔥', '🔥', 'a🔥'].map((start) => start + '🔥'.repeat(18)))
      await addChannel(
        bot,
        bot.telegram.channel({ title: name, username: `kanal_${bot.telegram.rooms.length}` }),
        {
          username: `kanal_${bot.telegram.rooms.length}`,
        },
      );
    const viewer = bot.telegram.person();
    await viewer.start();
    const answer = await viewer.press(viewer.lastMessage(), '🔄 Tekshirish');
    expect(answer?.text?.length).toBeGreaterThan(150);
    expect(answer?.text?.isWellFormed()).toBe(true);
  });

  test('twenty channels with the longest names fit Telegram’s limits', async () => {
    const bot = await start();
    for (let i = 0; i < 20; i++)
      await addChannel(
        bot,
        bot.telegram.channel({ title: `${i} ${'Uzun nomli kanal '.repeat(7)}`.slice(0, 128) }),
        {
          username: `kanal_${i}_uz`,
        },
      );
    const viewer = bot.telegram.person();
    await viewer.start();
    const answer = await viewer.press(viewer.lastMessage(), '🔄 Tekshirish');
    expect(answer?.text?.length).toBeLessThanOrEqual(200);
  });
});
