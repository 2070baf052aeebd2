/** Messages about new parts (docs/spec/bot.md "Viewer" 6): resumable, 429 obeyed, stoppable. */
import { describe, expect, test } from 'vitest';
import type { Person } from '../../sim/telegram/start-telegram.ts';
import { sql } from '../../src/db/database.ts';
import { announceParts } from '../../src/db/part-news.ts';
import { toSqlTime } from '../../src/db/time.ts';
import { followMessagesJob } from '../../src/jobs/follow-messages.ts';
import type { TestBot } from '../support/bot.ts';
import { addAnime, buttons, buttonWith, press, run, start, values } from './support.ts';

async function followed(count: number): Promise<{ bot: TestBot; id: number; people: Person[] }> {
  const bot = await start();
  const id = await addAnime(bot, { code: 12, title: 'Naruto', parts: 12 });
  const people = Array.from({ length: count }, () => bot.telegram.person());
  for (const person of people) {
    await person.send('12');
    await person.press(person.lastMessage(), '🔔 Kuzatish');
  }
  bot.telegram.forgetCalls();
  return { bot, id, people };
}

/** As the admin's bot does it: the parts, and the news of them in the same batch. */
async function announce(bot: TestBot, id: number, ...numbers: readonly number[]): Promise<void> {
  bot.advance(1_000);
  const at = toSqlTime(bot.now());
  await bot.db.write([
    ...numbers.map((number) =>
      sql(
        `INSERT INTO anime_parts (anime_code, part_number, file_id, created_at)
         SELECT code, ?, (SELECT file_id FROM anime_parts LIMIT 1), ? FROM anime WHERE id = ?`,
        number,
        at,
        id,
      ),
    ),
    announceParts(id, bot.now()),
  ]);
}

const told = (person: Person): string[] =>
  person
    .messages()
    .filter(({ text }) => text.includes('qo‘shildi'))
    .map(({ text }) => text);

describe('a new part', () => {
  test('is told to followers only, once, a minute later; the button plays it', async () => {
    const { bot, id, people } = await followed(3);
    const stranger = bot.telegram.person();
    await stranger.start();
    await announce(bot, id, 13);
    await run(bot, followMessagesJob);
    expect(people.map(told)).toEqual([[], [], []]);
    bot.advance(61_000);
    await run(bot, followMessagesJob);
    await run(bot, followMessagesJob);
    expect(people.map(told)).toEqual(people.map(() => ['🔔 Naruto\nYangi qism qo‘shildi: 13-qism']));
    expect(told(stranger)).toEqual([]);
    const [first] = people;
    if (first === undefined) throw new Error('nobody follows');
    const news = first.lastMessage();
    expect(await press(first, news, '13-qism')).toMatchObject({
      kind: 'video',
      text: expect.stringContaining('13-qism'),
    });
  });

  test('parts of one burst are told in one message; later ones in another', async () => {
    const { bot, id, people } = await followed(1);
    await announce(bot, id, 14, 13);
    bot.advance(30_000);
    await announce(bot, id, 15);
    bot.advance(61_000);
    await run(bot, followMessagesJob);
    await announce(bot, id, 16);
    bot.advance(61_000);
    await run(bot, followMessagesJob);
    expect(people.flatMap(told)).toEqual([
      '🔔 Naruto\nYangi qismlar qo‘shildi: 3 ta (13–15)',
      '🔔 Naruto\nYangi qism qo‘shildi: 16-qism',
    ]);
  });

  test('the message itself has a way to stop', async () => {
    const { bot, id, people } = await followed(1);
    await announce(bot, id, 13);
    bot.advance(61_000);
    await run(bot, followMessagesJob);
    const [person] = people;
    if (person === undefined) throw new Error('nobody follows');
    const news = person.lastMessage();
    expect((await person.press(news, buttonWith(news, 'Kuzatishni to‘xtatish')))?.text).toContain(
      'endi xabar bermaymiz',
    );
    expect(buttons(person.look(news))).toContain('🔔 Kuzatish');
    await announce(bot, id, 14);
    bot.advance(61_000);
    await run(bot, followMessagesJob);
    expect(told(person)).toHaveLength(1);
  });

  test('each is told in their own language', async () => {
    const { bot, id, people } = await followed(1);
    await bot.db.write([sql("UPDATE users SET language = 'ru'")]);
    await announce(bot, id, 13);
    bot.advance(61_000);
    await run(bot, followMessagesJob);
    expect(people[0]?.lastMessage().text).toBe('🔔 Naruto\nНовая серия: 13');
  });

  test('an anime nobody follows makes no news, one in the trash waits', async () => {
    const { bot, id, people } = await followed(1);
    const other = await addAnime(bot, { code: 13 });
    await announce(bot, other, 1);
    expect(await values(bot, 'SELECT COUNT(*) AS v FROM part_news')).toEqual(['0']);
    await announce(bot, id, 13);
    await bot.db.write([sql("UPDATE anime SET deleted_at = '2026-01-01 00:00:00' WHERE id = ?", id)]);
    bot.advance(61_000);
    await run(bot, followMessagesJob);
    expect(people.flatMap(told)).toEqual([]);
    await bot.db.write([sql('UPDATE anime SET deleted_at = NULL')]);
    await run(bot, followMessagesJob);
    expect(people.flatMap(told)).toHaveLength(1);
  });
});

describe('whatever happens on the way', () => {
  test('who blocked the bot is marked and not tried again; the others are told', async () => {
    const { bot, id, people } = await followed(4);
    await people[1]?.block();
    people[2]?.deactivate();
    await announce(bot, id, 13);
    bot.advance(61_000);
    await bot.db.write([sql('UPDATE users SET blocked_at = NULL')]);
    await run(bot, followMessagesJob);
    expect(people.map((person) => told(person).length)).toEqual([1, 0, 0, 1]);
    expect(await values(bot, 'SELECT COUNT(*) AS v FROM users WHERE blocked_at IS NOT NULL')).toEqual(['2']);
    expect(await values(bot, "SELECT sent || ' ' || failed AS v FROM part_news")).toEqual(['2 2']);
    bot.telegram.forgetCalls();
    await announce(bot, id, 14);
    bot.advance(61_000);
    await run(bot, followMessagesJob);
    expect(bot.telegram.calls).toHaveLength(2);
  });

  test('429 of one chat costs the others nothing, not even its seconds; nobody is left out or told twice', async () => {
    const { bot, id, people } = await followed(25);
    await announce(bot, id, 13);
    bot.advance(61_000);
    bot.telegram.script({ method: 'sendMessage', after: 3, fault: { kind: 'flood', retryAfter: 12 } });
    bot.telegram.script({ method: 'sendMessage', after: 14, fault: { kind: 'flood', retryAfter: 300 } });
    const started = bot.now().getTime();
    await run(bot, followMessagesJob);
    expect(bot.now().getTime() - started).toBeLessThan(2_000);
    const count = (): number => people.reduce((sum, person) => sum + told(person).length, 0);
    expect(count()).toBe(23);
    bot.advance(61_000);
    await run(bot, followMessagesJob);
    expect(count()).toBe(24);
    bot.advance(240_000);
    await run(bot, followMessagesJob);
    expect(people.map((person) => told(person).length)).toEqual(people.map(() => 1));
    expect(await values(bot, 'SELECT finished_at IS NOT NULL AS v FROM part_news')).toEqual(['1']);
  });

  test('three chats that take nothing for hours keep the news from nobody else', async () => {
    const { bot, id, people } = await followed(12);
    await announce(bot, id, 13);
    bot.advance(61_000);
    for (const { id: chat } of people.slice(0, 3))
      bot.telegram.script({
        method: 'sendMessage',
        chat,
        times: Infinity,
        fault: { kind: 'flood', retryAfter: 3_600 },
      });
    for (let tick = 0; tick < 3; tick += 1) {
      await run(bot, followMessagesJob);
      bot.advance(3_600_000);
    }
    expect(people.map((person) => told(person).length)).toEqual([0, 0, 0, ...people.slice(3).map(() => 1)]);
  });

  test('few requests a tick: it goes on where it stopped', async () => {
    const { bot, id, people } = await followed(25);
    await announce(bot, id, 13);
    bot.advance(61_000);
    for (let tick = 0; tick < 4; tick++) await run(bot, followMessagesJob, { requests: 16 });
    expect(people.map((person) => told(person).length)).toEqual(people.map(() => 1));
  });

  test.each(['before', 'after'] as const)(
    'killed when the place is saved (%s the effect): nobody is left out, at most one slice is told twice',
    async (when) => {
      const { bot, id, people } = await followed(25);
      await announce(bot, id, 13);
      bot.advance(61_000);
      // The first write starts the news, the second saves the first slice's place.
      let writes = 0;
      const db = {
        ...bot.db,
        read: bot.db.read,
        write: async (statements: Parameters<typeof bot.db.write>[0]) => {
          writes += 1;
          if (writes === 2 && when === 'before') throw new Error('killed');
          const results = await bot.db.write(statements);
          if (writes === 2) throw new Error('killed');
          return results;
        },
      };
      await expect(followMessagesJob.run({ ...bot.jobContext(), db })).rejects.toThrow('killed');
      await run(bot, followMessagesJob);
      const counts = people.map((person) => told(person).length);
      expect(Math.min(...counts)).toBe(1);
      expect(counts.filter((count) => count > 1).length).toBe(when === 'before' ? 10 : 0);
    },
  );

  test('two hosts at once do not both go on', async () => {
    const { bot, id, people } = await followed(30);
    await announce(bot, id, 13);
    bot.advance(61_000);
    await Promise.all([run(bot, followMessagesJob), run(bot, followMessagesJob)]);
    const counts = people.map((person) => told(person).length);
    expect(Math.min(...counts)).toBe(1);
    expect(counts.reduce((sum, n) => sum + n, 0)).toBeLessThanOrEqual(40);
  });

  test('a network failure leaves that follower to a later tick', async () => {
    const { bot, id, people } = await followed(5);
    await announce(bot, id, 13);
    bot.advance(61_000);
    bot.telegram.script({ method: 'sendMessage', after: 2, fault: { kind: 'drop' } });
    await run(bot, followMessagesJob);
    expect(people.map((person) => told(person).length)).toEqual([1, 1, 0, 1, 1]);
    bot.advance(61_000);
    await run(bot, followMessagesJob);
    expect(people.map((person) => told(person).length)).toEqual([1, 1, 1, 1, 1]);
  });

  test.each([
    ['500', { kind: 'error', status: 500, description: 'Internal Server Error' }],
    ['429 for an hour', { kind: 'flood', retryAfter: 3_600 }],
    ['a broken connection', { kind: 'drop' }],
  ] as const)('%s of one chat keeps the news of no anime from anybody else', async (_, fault) => {
    const { bot, id, people } = await followed(5);
    await announce(bot, id, 13);
    const second = await addAnime(bot, { code: 77, title: 'Boshqa', parts: 7 });
    const last = people.at(-1)?.id ?? 0;
    await bot.db.write([
      sql(
        "INSERT INTO follows (user_id, anime_id, since) VALUES (?, ?, '2026-01-01 00:00:00')",
        last,
        second,
      ),
    ]);
    await announce(bot, second, 8);
    bot.telegram.script({
      method: 'sendMessage',
      chat: people[1]?.id ?? 0,
      times: Number.POSITIVE_INFINITY,
      fault,
    });
    for (let tick = 0; tick < 600; tick += 1) {
      bot.advance(61_000);
      await run(bot, followMessagesJob);
    }
    expect(people.map((person) => told(person).filter((text) => text.includes('13-qism')).length)).toEqual([
      1, 0, 1, 1, 1,
    ]);
    expect(people.at(-1)?.lastMessage().text).toContain('8-qism');
    // It was tried some times, then counted.
    expect(await values(bot, 'SELECT failed AS v FROM part_news ORDER BY id')).toEqual(['1', '0']);
    expect(await values(bot, 'SELECT COUNT(*) AS v FROM news_retries')).toEqual(['0']);
  });

  test('nothing goes to anybody: the tick stops after three, and nobody is left out when it is over', async () => {
    const { bot, id, people } = await followed(12);
    await announce(bot, id, 13);
    bot.advance(61_000);
    const down = bot.telegram.script({
      method: 'sendMessage',
      times: Number.POSITIVE_INFINITY,
      fault: { kind: 'error', status: 502, description: 'Bad Gateway' },
    });
    bot.telegram.forgetCalls();
    await run(bot, followMessagesJob);
    expect(bot.telegram.callsOf('sendMessage')).toHaveLength(3);
    down.remove();
    for (let tick = 0; tick < 3; tick += 1) {
      bot.advance(61_000);
      await run(bot, followMessagesJob);
    }
    expect(people.map((person) => told(person).length)).toEqual(people.map(() => 1));
  });
});
