/** Inline mode, groups, and the limit per viewer (docs/spec/bot.md "Viewer" 8, 10, 11). */
import { describe, expect, test } from 'vitest';
import { createReceiver } from '../../src/bot/receive.ts';
import type { Database } from '../../src/db/database.ts';
import { stages } from '../../src/handlers/index.ts';
import { startTestBot } from '../support/bot.ts';
import { addAnime, addChannel, buttons, fileId, press, start, values } from './support.ts';

interface Result {
  readonly title: string;
  readonly reply_markup: { readonly inline_keyboard: readonly (readonly { readonly url: string }[])[] };
}

describe('inline mode', () => {
  test('finds titles and shares a card with a deep link, for people who never started the bot', async () => {
    const bot = await start();
    await addAnime(bot, { code: 12, title: 'Naruto <1> & 2', parts: 1 });
    await addAnime(bot, { code: 13, title: 'Bleach' });
    const stranger = bot.telegram.person();
    const offer = await stranger.inline('наруто');
    expect(offer).toMatchObject({ cacheTime: 300, isPersonal: true, nextOffset: '' });
    const [result] = offer?.results ?? [];
    if (result === undefined) throw new Error('nothing was offered');
    const group = bot.telegram.group({ members: [stranger] });
    const card = await stranger.chooseInline(result, 'наруто', group);
    expect(card.text).toBe('Naruto <1> & 2\n🔢 Kod: 12');
    const url = card.keyboard[0]?.[0]?.url ?? '';
    await stranger.openLink(url);
    expect(stranger.lastMessage().text).toContain('Kod: 12');
    expect(await values(bot, 'SELECT COUNT(*) AS v FROM users')).toEqual(['1']);
  });

  test('using it inline makes nobody one of the bot’s people', async () => {
    const bot = await start();
    await addAnime(bot, { code: 12 });
    await bot.telegram.person().inline('anime');
    expect(await values(bot, 'SELECT COUNT(*) AS v FROM users')).toEqual(['0']);
  });

  test('an empty query offers what is watched most, in pages of at most 50; digits offer the code first', async () => {
    const bot = await start();
    for (let i = 1; i <= 60; i++)
      await addAnime(bot, { code: i, title: i === 30 ? '12 maymun' : `Anime ${i}` });
    const viewer = bot.telegram.person();
    const first = await viewer.inline('');
    expect(first?.results).toHaveLength(25);
    const second = await viewer.inline('', first?.nextOffset);
    expect(second?.results).toHaveLength(25);
    expect(second?.nextOffset).toBe('');
    const coded = (await viewer.inline('12'))?.results as unknown as Result[];
    expect(coded.map(({ title }) => title).slice(0, 2)).toEqual(['Anime 12', '12 maymun']);
    expect(new Set(coded.map((result) => result.reply_markup.inline_keyboard[0]?.[0]?.url)).size).toBe(
      coded.length,
    );
  });

  test('nothing found: a way into the bot; any text is answered', async () => {
    const bot = await start();
    await addAnime(bot, { code: 12 });
    const viewer = bot.telegram.person();
    expect(await viewer.inline('qzqzqz')).toMatchObject({
      results: [],
      button: { start_parameter: 'inline' },
    });
    for (const query of ['"', '🔥', '999999999999', '*', ' ', 'a'.repeat(256)])
      expect(await viewer.inline(query, 'garbage')).toBeDefined();
    expect(bot.log.filter(({ outcome }) => outcome !== undefined && outcome !== 'handled')).toEqual([]);
  });
});

describe('groups', () => {
  test('only commands addressed to the bot are answered, with a way into the private chat; never bare digits', async () => {
    const bot = await start();
    await addAnime(bot, { code: 12, title: 'Naruto', photo: true, parts: 3 });
    const viewer = bot.telegram.person();
    const group = bot.telegram.group({ members: [viewer] });
    await group.promoteBot();
    const name = bot.telegram.botInfo.username;
    for (const text of ['12', 'naruto', '/start', '/start@boshqa_bot 12', '/history'])
      await viewer.send(text, { in: group });
    expect(group.messages().filter(({ isFromBot }) => isFromBot)).toEqual([]);
    await viewer.send(`/start@${name} 12_2`, { in: group });
    const card = group.lastMessage();
    expect(card).toMatchObject({ kind: 'photo', text: expect.stringContaining('Naruto') });
    expect(card.keyboard.flat().map(({ url }) => url)).toEqual([`https://t.me/${name}?start=12_2`]);
    await viewer.openLink(card.keyboard[0]?.[0]?.url ?? '');
    expect(viewer.lastMessage().text).toContain('2-qism');
    for (const command of ['help', 'history', 'random', 'language']) {
      await viewer.send(`/${command}@${name}`, { in: group });
      expect(group.lastMessage().text).toBe('Botdan shaxsiy chatda foydalaning 👇');
    }
  });

  test('a group where the bot may not write is nobody’s trouble', async () => {
    const bot = await start();
    const viewer = bot.telegram.person();
    const group = bot.telegram.group({ members: [viewer] });
    bot.telegram.script({
      method: 'sendMessage',
      fault: {
        kind: 'error',
        status: 400,
        description: 'Bad Request: not enough rights to send text messages to the chat',
      },
    });
    await viewer.send(`/help@${bot.telegram.botInfo.username}`, { in: group });
    expect(bot.log.filter(({ event }) => event === 'update').map(({ outcome }) => outcome)).toEqual([
      'handled',
    ]);
  });

  test('channel posts, group talk and membership of others change nothing', async () => {
    const bot = await start();
    await addAnime(bot, { code: 12 });
    const channel = bot.telegram.channel({});
    await channel.post('12');
    await channel.join(bot.telegram.person());
    expect(bot.telegram.calls).toEqual([]);
    expect(await values(bot, 'SELECT COUNT(*) AS v FROM users')).toEqual(['0']);
  });

  test('what people of a group say to each other costs nothing, records nobody and uses up nobody’s limit', async () => {
    const bot = await start();
    await addAnime(bot, { code: 12 });
    const viewer = bot.telegram.person();
    const group = bot.telegram.group({ members: [viewer] });
    // An administrator hears everything that is said.
    await group.promoteBot();
    const before = bot.log.length;
    const cost = await bot.costOf(async () => {
      for (let i = 0; i < 40; i++) await viewer.send('salom', { in: group });
    });
    expect(bot.log).toHaveLength(before + 40);
    expect(cost).toEqual({ reads: 0, writes: 0, calls: 0 });
    expect(await values(bot, 'SELECT COUNT(*) AS v FROM users')).toEqual(['0']);
    await viewer.send('12');
    expect(viewer.lastMessage().text).toContain('Kod: 12');
  });
});

describe('blocking', () => {
  test('who blocks the bot is marked at once, and unmarked when they come back', async () => {
    const bot = await start();
    const viewer = bot.telegram.person();
    await viewer.start();
    await viewer.block();
    expect(await values(bot, 'SELECT blocked_at AS v FROM users')).toEqual(['2026-11-22 10:00:00']);
    await viewer.start();
    expect(await values(bot, 'SELECT blocked_at AS v FROM users')).toEqual(['NULL']);
  });

  test('who unblocks the bot is unmarked at once: nothing has to be written first', async () => {
    const bot = await start();
    const viewer = bot.telegram.person();
    await viewer.start();
    await viewer.block();
    await viewer.unblock();
    expect(await values(bot, 'SELECT blocked_at AS v FROM users')).toEqual(['NULL']);
  });

  test('a stranger who blocks and unblocks stays one', async () => {
    const bot = await start();
    const stranger = bot.telegram.person();
    await stranger.block();
    await stranger.unblock();
    expect(await values(bot, 'SELECT user_id AS v FROM users')).toEqual([]);
  });
});

describe('30 updates a minute', () => {
  test('the 31st is told, the rest ignored until the minute is over; others are not touched', async () => {
    const bot = await start();
    await addAnime(bot, { code: 12 });
    const viewer = bot.telegram.person();
    const other = bot.telegram.person();
    for (let i = 0; i < 30; i++) await viewer.send('12');
    expect(viewer.lastMessage().text).toContain('Kod: 12');
    bot.telegram.forgetCalls();
    for (let i = 0; i < 10; i++) await viewer.send('12');
    expect(viewer.lastMessage().text).toContain('Juda tez-tez');
    expect(bot.telegram.calls).toHaveLength(1);
    await other.send('12');
    expect(other.lastMessage().text).toContain('Kod: 12');
    bot.advance(60_000);
    await viewer.send('12');
    expect(viewer.lastMessage().text).toContain('Kod: 12');
    for (let i = 0; i < 35; i++) await viewer.send('12');
    expect(viewer.messages().filter(({ text }) => text.includes('Juda tez-tez'))).toHaveLength(2);
  });

  test('a press over the limit is answered, so that the button does not spin', async () => {
    const bot = await start();
    const viewer = bot.telegram.person();
    await viewer.start();
    const menu = viewer.lastMessage();
    for (let i = 0; i < 29; i++) await viewer.press(menu, '🌐 Til');
    expect(await viewer.press(menu, '🌐 Til')).toMatchObject({
      isAlert: true,
      text: expect.stringContaining('tez-tez'),
    });
    expect(await viewer.press(menu, '🌐 Til')).toEqual({ text: undefined, isAlert: false, url: undefined });
  });

  test('it holds across isolates, and a burst in parallel is told once', async () => {
    const bot = await start();
    await addAnime(bot, { code: 12 });
    const viewer = bot.telegram.person();
    const twin = await startTestBot({ path: bot.path, telegram: bot.telegram });
    await bot.telegram.hold(async () => {
      for (let i = 0; i < 60; i++) await viewer.send('12');
    });
    let turn = 0;
    bot.telegram.connect(async (update) => {
      turn += 1;
      return (turn % 2 === 0 ? bot : twin).post(JSON.stringify(update));
    });
    await bot.telegram.deliver({ parallel: 8 });
    const told = viewer.messages().filter(({ text }) => text.includes('Juda tez-tez'));
    expect(told).toHaveLength(1);
    // As many as were under way at once may slip through.
    expect(viewer.messages().filter(({ text }) => text.includes('Kod: 12')).length).toBeLessThanOrEqual(
      30 + 8,
    );
    await twin.close();
  });

  test('of updates over the limit that are handled at the very same time one tells', async () => {
    const bot = await start();
    const viewer = bot.telegram.person();
    for (let i = 0; i < 30; i++) await viewer.send('12');
    await bot.telegram.hold(async () => {
      for (let i = 0; i < 5; i++) await viewer.send('12');
    });
    // All have read the counter before any has written.
    let waiting = 0;
    let open = (): void => {};
    const all = new Promise<void>((resolve) => {
      open = resolve;
    });
    const db: Database = {
      ...bot.db,
      read: async (queries) => {
        const answers = await bot.db.read(queries);
        waiting += 1;
        if (waiting === 5) open();
        await all;
        return answers;
      },
    };
    const receive = createReceiver({ ...bot.services, db }, stages);
    await Promise.all(bot.telegram.takeUpdates().map((update) => receive(update)));
    expect(viewer.messages().filter(({ text }) => text.includes('Juda tez-tez'))).toHaveLength(1);
  });

  test('what Telegram tells of somebody over the limit is heard all the same', async () => {
    const bot = await start();
    const viewer = bot.telegram.person();
    for (let i = 0; i < 32; i++) await viewer.send('/help');
    const closed = bot.telegram.channel({ joinRequests: true });
    await addChannel(bot, closed, { inviteLink: 'https://t.me/+AbCdEf0123456789' });
    await closed.join(viewer);
    expect(await values(bot, 'SELECT state AS v FROM gate_answers')).toEqual(['asked']);
    await viewer.block();
    expect(await values(bot, 'SELECT blocked_at AS v FROM users')).toEqual(['2026-11-22 10:00:00']);
  });

  test('an inline query over the limit does not use up the one telling', async () => {
    const bot = await start();
    const viewer = bot.telegram.person();
    for (let i = 0; i < 30; i++) await viewer.send('/help');
    await viewer.inline('naruto');
    await viewer.send('/help');
    expect(viewer.lastMessage().text).toContain('tez-tez');
  });

  test('admins, who send parts by the hundred, have no limit', async () => {
    const bot = await start();
    await addAnime(bot, { code: 12 });
    const admin = bot.telegram.person({ id: 100 });
    for (let i = 0; i < 40; i++) await admin.send('12');
    expect(admin.messages().filter(({ text }) => text.includes('Kod: 12'))).toHaveLength(40);
  });
});

test('an unknown command: a viewer is told of codes, an admin where the commands are', async () => {
  const bot = await start();
  const [viewer, admin] = [bot.telegram.person(), bot.telegram.person({ id: 100 })];
  for (const person of [viewer, admin]) await person.send('/broadcastt');
  expect(viewer.lastMessage().text).toContain('Anime kodini (masalan, 1)');
  expect(admin.lastMessage().text).toBe('Bunday buyruq yo‘q. Admin buyruqlari: /commands');
  for (const person of [viewer, admin]) await person.send('/help');
  expect(viewer.lastMessage().text).not.toContain('/commands');
  expect(admin.lastMessage().text).toContain('/commands — barcha admin buyruqlari');
});

test('attachments from viewers get a hint, not silence or an error', async () => {
  const bot = await start();
  await fileId(bot, 'photo');
  const viewer = bot.telegram.person();
  await viewer.send({ photo: true, caption: '12' });
  expect(buttons(viewer.lastMessage())).toEqual([]);
  expect(viewer.lastMessage().text).toContain('Tushunmadim');
  await viewer.start();
  expect((await press(viewer, viewer.lastMessage(), '🌐')).text).toContain('Tilni tanlang');
});
