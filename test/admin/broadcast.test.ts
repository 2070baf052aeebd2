/** Broadcasts: nobody skipped, at most one slice repeated, whatever happens to the host. */
import { afterEach, describe, expect, test } from 'vitest';
import type { Person } from '../../sim/telegram/start-telegram.ts';
import { sql } from '../../src/db/database.ts';
import { broadcastJob } from '../../src/jobs/send-broadcasts.ts';
import { type AdminDesk, startDesk } from './support.ts';

let desk: AdminDesk;
let viewers: Person[];
afterEach(() => desk?.close());

/** People who have started the bot, the admin among them. */
async function deskWithViewers(count: number): Promise<void> {
  desk = await startDesk();
  viewers = Array.from({ length: count }, () => desk.telegram.person());
  // Past the handlers, which are not what is tested here.
  await desk.telegram.hold(async () => {
    for (const viewer of viewers) await viewer.start();
  });
  desk.telegram.takeUpdates();
  await desk.bot.db.write(
    viewers.map(({ id }) =>
      sql('INSERT INTO users (user_id, created_at) VALUES (?, ?)', id, '2026-01-01 00:00:00'),
    ),
  );
}

async function prepare(message: Parameters<Person['send']>[0] = 'Yangilik!'): Promise<void> {
  await desk.admin.send('/broadcast');
  await desk.press('➕ Yangi xabar');
  await desk.admin.send(message);
  await desk.press('👥 Barcha foydalanuvchilarga');
}

async function begin(): Promise<void> {
  await prepare();
  await desk.press(/^✅ Yuborish/);
}

const copies = (viewer: Person): number =>
  viewer.messages().filter(({ text }) => text === 'Yangilik!').length;
const STATE = 'SELECT state AS state, sent AS sent, failed AS failed, blocked AS blocked FROM broadcasts';
const tick = (options: { seconds?: number; requests?: number } = {}): Promise<void> =>
  broadcastJob.run(desk.bot.jobContext(options));

describe('a broadcast', () => {
  test('is previewed, counted and confirmed; then sent to everybody once, and reported', async () => {
    await deskWithViewers(5);
    await prepare();
    const [preview, asked] = desk.admin.messages().slice(-2);
    expect(preview?.text).toBe('Yangilik!');
    expect(asked?.text).toContain('6 ta foydalanuvchiga yuboriladi');
    expect(viewers.map(copies)).toEqual([0, 0, 0, 0, 0]);
    await desk.press('✅ Yuborish (6)');
    await tick();
    expect(viewers.map(copies)).toEqual([1, 1, 1, 1, 1]);
    expect(desk.last().text).toContain('Xabar tarqatish tugadi');
    expect(desk.last().text).toContain('Yuborildi: 6');
    expect(await desk.rows(STATE)).toEqual([{ state: 'done', sent: '6', failed: '0', blocked: '0' }]);
    await tick();
    expect(viewers.map(copies)).toEqual([1, 1, 1, 1, 1]);
  });

  test('an imported user whose number is too large to be a person stops nobody', async () => {
    await deskWithViewers(2);
    await desk.bot.db.write([
      sql('INSERT INTO users (user_id, created_at) VALUES (?, ?)', 2n ** 60n, '2026-01-01 00:00:00'),
    ]);
    await begin();
    await tick();
    expect(viewers.map(copies)).toEqual([1, 1]);
    expect(desk.last().text).toContain('Yuborildi: 3');
    expect(await desk.rows(STATE)).toEqual([{ state: 'done', sent: '3', failed: '0', blocked: '0' }]);
  });

  test('media, formatting and link buttons stay', async () => {
    await deskWithViewers(1);
    const channel = desk.telegram.channel({ title: 'Manba' });
    const post = await desk.bot.services.api.sendPhoto(
      channel.id,
      (await desk.admin.send({ photo: true })).file?.fileId ?? '',
      {
        caption: '<b>Qalin</b> matn',
        parse_mode: 'HTML',
        reply_markup: { inline_keyboard: [[{ text: 'Saytga', url: 'https://example.com' }]] },
      },
    );
    await desk.admin.send('/broadcast');
    await desk.press('➕ Yangi xabar');
    await desk.admin.forward({ chatId: channel.id, id: post.message_id });
    await desk.presses('👥 Barcha foydalanuvchilarga', /^✅ Yuborish/);
    await tick();
    const got = viewers[0]?.lastMessage();
    expect(got?.kind).toBe('photo');
    expect(got?.html).toBe('<b>Qalin</b> matn');
    expect(got?.keyboard).toEqual([[{ text: 'Saytga', url: 'https://example.com' }]]);
  });

  test('an album goes as an album, whatever order its messages came in', async () => {
    await deskWithViewers(1);
    await desk.admin.send('/broadcast');
    await desk.press('➕ Yangi xabar');
    await desk.telegram.hold(() =>
      desk.admin.sendAlbum([{ photo: true, caption: 'bir' }, { photo: true }, { video: true }]),
    );
    await desk.telegram.deliver({ parallel: true, shuffle: 5 });
    const asked = desk.admin.messages().filter(({ text }) => text.includes('Kimga yuboramiz'));
    expect(asked).toHaveLength(1);
    await desk.presses('👥 Barcha foydalanuvchilarga', /^✅ Yuborish/);
    await tick();
    expect(
      viewers[0]
        ?.messages()
        .slice(-3)
        .map(({ kind }) => kind),
    ).toEqual(['photo', 'photo', 'video']);
  });

  test('goes to all groups, or to one', async () => {
    await deskWithViewers(0);
    const rooms = [1, 2].map((i) => desk.telegram.group({ title: `Guruh ${i}`, username: `guruh_${i}_uz` }));
    for (const room of rooms) {
      await desk.admin.send('/groups');
      await desk.press('➕ Guruh yoki kanal qo‘shish');
      await desk.admin.send(String(room.id));
    }
    for (const buttons of [['📣 Barcha guruh va kanallarga'], ['📍 Bitta guruh yoki kanalga', 'Guruh 2']]) {
      await desk.admin.send('/broadcast');
      await desk.press('➕ Yangi xabar');
      await desk.admin.send('Yangilik!');
      await desk.presses(...buttons, /^✅ Yuborish/);
      await tick();
    }
    expect(rooms.map((room) => room.messages().length)).toEqual([1, 2]);
  });

  test('who blocked the bot is marked and not tried again; who is banned is left out', async () => {
    await deskWithViewers(4);
    await desk.telegram.hold(async () => viewers[1]?.block());
    desk.telegram.takeUpdates();
    viewers[2]?.deactivate();
    await desk.bot.db.write([sql(`UPDATE users SET banned_at = 'x' WHERE user_id = ?`, viewers[3]?.id ?? 0)]);
    await begin();
    await tick();
    expect(await desk.rows(STATE)).toEqual([{ state: 'done', sent: '2', failed: '0', blocked: '2' }]);
    const tried = desk.telegram.callsOf('copyMessage').length;
    await begin();
    await tick();
    // A preview and two recipients.
    expect(desk.telegram.callsOf('copyMessage').length - tried).toBe(3);
  });

  test('at most 25 messages a second, and progress at most every three', async () => {
    await deskWithViewers(150);
    await begin();
    const calls = desk.telegram.calls.length;
    const started = desk.bot.now().getTime();
    await tick();
    const seconds = (desk.bot.now().getTime() - started) / 1000;
    expect(151 / seconds).toBeLessThanOrEqual(25.5);
    const edits = desk.telegram.calls.slice(calls).filter(({ method }) => method === 'editMessageText');
    expect(edits.length).toBeLessThanOrEqual(seconds / 3 + 2);
    const sent = desk.telegram.calls.slice(calls).filter(({ method }) => method === 'copyMessage');
    expect(sent).toHaveLength(151);
    for (const [i, { at }] of sent.slice(25).entries())
      expect(at.getTime() - (sent[i]?.at.getTime() ?? 0)).toBeGreaterThanOrEqual(1_000);
  });

  const flood = { kind: 'flood', retryAfter: 3_600 } as const;
  const badGateway = { kind: 'error', status: 502, description: 'Bad Gateway' } as const;

  test('the flood of one chat keeps nobody else waiting, and its retry_after is obeyed', async () => {
    await deskWithViewers(5);
    await begin();
    const chat = viewers[1]?.id ?? 0;
    desk.telegram.script({ method: 'copyMessage', chat, fault: { ...flood, retryAfter: 300 } });
    const started = desk.bot.now().getTime();
    await tick();
    expect(desk.bot.now().getTime() - started).toBeLessThan(1_000);
    expect(viewers.map(copies)).toEqual([1, 0, 1, 1, 1]);
    expect(await desk.rows(STATE)).toEqual([{ state: 'running', sent: '5', failed: '0', blocked: '0' }]);
    const calls = desk.telegram.callsOf('copyMessage').length;
    desk.bot.advance(290_000);
    await tick();
    expect(desk.telegram.callsOf('copyMessage').length).toBe(calls);
    desk.bot.advance(11_000);
    await tick();
    expect(viewers.map(copies)).toEqual([1, 1, 1, 1, 1]);
    expect(await desk.rows(STATE)).toEqual([{ state: 'done', sent: '6', failed: '0', blocked: '0' }]);
  });

  test.each([
    ['429 for an hour', flood],
    ['502', badGateway],
    ['a broken connection', { kind: 'drop' }],
  ] as const)('%s of one chat, for ever: it is tried some times, then counted', async (_, fault) => {
    await deskWithViewers(5);
    await begin();
    const chat = viewers[1]?.id ?? 0;
    desk.telegram.script({ method: 'copyMessage', chat, times: Infinity, fault });
    await tick();
    expect(viewers.map(copies)).toEqual([1, 0, 1, 1, 1]);
    for (let minute = 0; minute < 700; minute += 1) {
      desk.bot.advance(60_000);
      await tick();
    }
    expect(viewers.map(copies)).toEqual([1, 0, 1, 1, 1]);
    expect(await desk.rows(STATE)).toEqual([{ state: 'done', sent: '5', failed: '1', blocked: '0' }]);
    expect(await desk.rows('SELECT recipient AS recipient FROM broadcast_retries')).toEqual([]);
    const tries = desk.telegram.callsOf('copyMessage').filter(({ params }) => params['chat_id'] === chat);
    expect(tries.length).toBeGreaterThan(3);
    expect(tries.length).toBeLessThan(12);
  });

  test('a short flood stops all lanes for its seconds, and costs nobody a turn', async () => {
    await deskWithViewers(14);
    await begin();
    desk.telegram.script({
      method: 'copyMessage',
      after: 4,
      times: 2,
      fault: { kind: 'flood', retryAfter: 3 },
    });
    const from = desk.telegram.calls.length;
    await tick();
    const calls = desk.telegram.calls.slice(from).filter(({ method }) => method === 'copyMessage');
    const waits = calls.map(({ at }, i) => at.getTime() - (calls[i - 1]?.at.getTime() ?? at.getTime()));
    expect(waits.map((ms, i) => (ms >= 3_000 ? i : -1)).filter((i) => i >= 0)).toEqual([5, 6]);
    expect(viewers.map(copies)).toEqual(viewers.map(() => 1));
    expect(await desk.rows(STATE)).toEqual([{ state: 'done', sent: '15', failed: '0', blocked: '0' }]);
  });

  test('what nobody expected at one recipient repeats nothing to the others of the slice', async () => {
    await deskWithViewers(12);
    await begin();
    const poison = viewers[3]?.id;
    const context = (): ReturnType<AdminDesk['bot']['jobContext']> => {
      const { api, ...rest } = desk.bot.jobContext();
      const bad = new Proxy(api, {
        get: (target, name) =>
          name !== 'copyMessage'
            ? Reflect.get(target, name)
            : async (...args: Parameters<typeof api.copyMessage>) => {
                if (args[0] === poison) throw new RangeError('poison');
                return await target.copyMessage(...args);
              },
      });
      return { ...rest, api: bad };
    };
    for (let tries = 0; tries < 12; tries += 1) {
      await broadcastJob.run(context());
      desk.bot.advance(4 * 3_600_000);
    }
    expect(viewers.map(copies)).toEqual(viewers.map(({ id }) => (id === poison ? 0 : 1)));
    expect(await desk.rows(STATE)).toEqual([{ state: 'done', sent: '12', failed: '1', blocked: '0' }]);
  });

  test('each message of an album counts for the pace', async () => {
    await deskWithViewers(11);
    await desk.admin.send('/broadcast');
    await desk.press('➕ Yangi xabar');
    await desk.admin.sendAlbum([{ photo: true }, { photo: true }, { photo: true }]);
    await desk.presses('👥 Barcha foydalanuvchilarga', /^✅ Yuborish/);
    const started = desk.bot.now().getTime();
    await tick();
    expect(desk.telegram.callsOf('copyMessages').length).toBeGreaterThanOrEqual(12);
    expect(desk.bot.now().getTime() - started).toBeGreaterThanOrEqual(11 * 3 * 40);
  });

  test('a flood of the whole bot: three chats in a row stop it, nobody is lost, nobody is told twice', async () => {
    await deskWithViewers(9);
    await begin();
    const down = desk.telegram.script({ method: 'copyMessage', times: Infinity, fault: flood });
    const calls = (): number => desk.telegram.callsOf('copyMessage').length;
    const before = calls();
    await tick();
    expect(calls() - before).toBe(3);
    for (let minute = 0; minute < 50; minute += 1) {
      desk.bot.advance(60_000);
      await tick();
    }
    expect(calls() - before).toBe(3);
    down.remove();
    desk.bot.advance(600_000);
    for (let minute = 0; minute < 3; minute += 1) {
      await tick();
      desk.bot.advance(60_000);
    }
    expect(viewers.map(copies)).toEqual(viewers.map(() => 1));
    expect(await desk.rows(STATE)).toEqual([{ state: 'done', sent: '10', failed: '0', blocked: '0' }]);
  });

  test('chats that take nothing for hours keep the broadcast from nobody else, and cost three calls a tick', async () => {
    await deskWithViewers(12);
    await begin();
    const isBroken = (_: unknown, i: number): boolean => i % 2 === 0;
    const scripts = viewers
      .filter(isBroken)
      .map(({ id: chat }) =>
        desk.telegram.script({ method: 'copyMessage', chat, times: Infinity, fault: flood }),
      );
    const hits = (): number => scripts.reduce((sum, script) => sum + script.hits, 0);
    await tick({ requests: 21 });
    const first = hits();
    expect(first).toBeGreaterThan(2);
    await desk.bot.db.write([sql('UPDATE broadcast_retries SET retry_ms = 0')]);
    await tick();
    expect(viewers.map(copies)).toEqual(viewers.map((_, i) => (isBroken(_, i) ? 0 : 1)));
    await desk.bot.db.write([sql('UPDATE broadcast_retries SET retry_ms = 0')]);
    const before = hits();
    await tick();
    expect(hits() - before).toBe(3);
  });

  test('an hour without Telegram loses nobody', async () => {
    await deskWithViewers(9);
    await begin();
    const down = desk.telegram.script({ method: 'copyMessage', times: Infinity, fault: badGateway });
    for (let minute = 0; minute < 120; minute += 1) {
      if (minute === 60) down.remove();
      desk.bot.advance(60_000);
      await tick();
    }
    expect(viewers.map(copies)).toEqual(viewers.map(() => 1));
    expect(await desk.rows(STATE)).toEqual([{ state: 'done', sent: '10', failed: '0', blocked: '0' }]);
  });

  test('who blocks the bot while the broadcast waits for them is counted, without a call', async () => {
    await deskWithViewers(2);
    await begin();
    const chat = viewers[0]?.id ?? 0;
    desk.telegram.script({ method: 'copyMessage', chat, fault: { ...flood, retryAfter: 60 } });
    await tick();
    await desk.bot.db.write([sql(`UPDATE users SET blocked_at = 'x' WHERE user_id = ?`, chat)]);
    const calls = desk.telegram.callsOf('copyMessage').length;
    desk.bot.advance(61_000);
    await tick();
    expect(desk.telegram.callsOf('copyMessage').length).toBe(calls);
    expect(await desk.rows(STATE)).toEqual([{ state: 'done', sent: '2', failed: '0', blocked: '1' }]);
  });

  test('earlier ones are spoken of only where there are any', async () => {
    await deskWithViewers(1);
    await desk.admin.send('/broadcast');
    expect(desk.last().text).not.toContain('quyida');
    await desk.presses('➕ Yangi xabar');
    await desk.admin.send('Yangilik!');
    await desk.presses('👥 Barcha foydalanuvchilarga', /^✅ Yuborish/);
    await desk.admin.send('/broadcast');
    expect(desk.last().text).toContain('Oldingilari quyida.');
  });

  test('/cancel gives up one that has not begun; its buttons are dead then', async () => {
    await deskWithViewers(2);
    for (const next of ['👥 Barcha foydalanuvchilarga', /^✅ Yuborish/]) {
      await desk.admin.send('/broadcast');
      await desk.press('➕ Yangi xabar');
      await desk.admin.send('Yangilik!');
      if (typeof next !== 'string') await desk.press('👥 Barcha foydalanuvchilarga');
      await desk.admin.send('/cancel');
      expect(desk.last().text).toContain('Bekor qilindi');
      expect((await desk.rows(STATE)).at(-1)).toMatchObject({ state: 'cancelled' });
      await desk.admin.send('/cancel');
      expect(desk.last().text).toContain('Bekor qilinadigan ish yo‘q');
      await desk.press(next);
      await tick();
      expect(viewers.map(copies)).toEqual([0, 0]);
    }
  });

  test('pause, resume, cancel', async () => {
    await deskWithViewers(40);
    await begin();
    await tick({ requests: 20 });
    const first = viewers.filter((viewer) => copies(viewer) === 1).length;
    expect(first).toBeGreaterThan(0);
    await desk.press('⏸ To‘xtatib turish');
    await tick();
    expect(viewers.filter((viewer) => copies(viewer) === 1)).toHaveLength(first);
    expect(desk.admin.messages().some(({ text }) => text.includes('Vaqtincha to‘xtatilgan'))).toBe(true);
    await desk.press('▶️ Davom ettirish');
    await tick({ requests: 20 });
    const second = viewers.filter((viewer) => copies(viewer) === 1).length;
    expect(second).toBeGreaterThan(first);
    await desk.press('✖️ Bekor qilish');
    await tick();
    expect(viewers.filter((viewer) => copies(viewer) === 1)).toHaveLength(second);
    expect((await desk.rows(STATE))[0]?.['state']).toBe('cancelled');
  });

  test.each([
    ['paused', '⏸ To‘xtatib turish'],
    ['cancelled', '✖️ Bekor qilish'],
  ])(
    '%s while a slice is under way: it ends with the slice, and counts what went out',
    async (state, button) => {
      await deskWithViewers(30);
      await begin();
      let steered: Promise<unknown> | undefined;
      desk.telegram.script({
        method: 'copyMessage',
        times: Infinity,
        fault: () => {
          if (viewers.filter((viewer) => copies(viewer) === 1).length === 5) steered ??= desk.press(button);
          return undefined;
        },
      });
      await tick();
      await steered;
      const got = viewers.filter((viewer) => copies(viewer) === 1).length;
      // The admin is one of the ten.
      expect(got).toBe(9);
      expect(await desk.rows(STATE)).toEqual([{ state, sent: '10', failed: '0', blocked: '0' }]);
      expect(desk.admin.messages().some(({ text }) => text.includes('Yuborildi: 10'))).toBe(true);
      await tick();
      expect(viewers.filter((viewer) => copies(viewer) === 1)).toHaveLength(got);
    },
  );

  test('a message deleted meanwhile ends it with the reason, not with thousands of failures', async () => {
    await deskWithViewers(3);
    await prepare();
    const source = desk.admin.messages().find(({ text, isFromBot }) => text === 'Yangilik!' && !isFromBot);
    if (source === undefined) throw new Error('no source');
    await desk.press(/^✅ Yuborish/);
    desk.admin.delete(source);
    await tick();
    expect((await desk.rows(STATE))[0]).toMatchObject({ state: 'failed', sent: '0' });
    expect(desk.last().text).toContain('to‘xtadi');
  });

  test('the Worker’s free plan: within 40 requests a tick, and it still comes to an end', async () => {
    await deskWithViewers(30);
    await begin();
    for (let minute = 0; minute < 5; minute++) {
      const calls = desk.telegram.calls.length;
      const cost = await desk.bot.costOf(() => tick({ requests: 40 }));
      expect(cost.reads + cost.writes + cost.calls).toBeLessThanOrEqual(40);
      expect(desk.telegram.calls.length - calls).toBeLessThanOrEqual(36);
      desk.bot.advance(60_000);
    }
    expect(viewers.every((viewer) => copies(viewer) === 1)).toBe(true);
  });

  test('two ticks at once: the second gives way, nobody gets it twice over', async () => {
    await deskWithViewers(12);
    await begin();
    await Promise.all([tick(), tick()]);
    const twice = viewers.filter((viewer) => copies(viewer) > 1);
    expect(viewers.every((viewer) => copies(viewer) >= 1)).toBe(true);
    expect(twice).toEqual([]);
  });
});

test('a host whose slice another took over records nothing of it', async () => {
  await deskWithViewers(12);
  await begin();
  let isTaken = false;
  desk.telegram.script({
    method: 'copyMessage',
    fault: () => {
      isTaken = true;
      return { kind: 'flood', retryAfter: 600 };
    },
  });
  const context = desk.bot.jobContext();
  await broadcastJob.run({
    ...context,
    sleep: async (ms) => {
      await context.sleep(ms);
      if (!isTaken) return;
      isTaken = false;
      await desk.bot.db.write([sql('UPDATE broadcasts SET attempts = attempts + 1')]);
    },
  });
  expect(await desk.rows('SELECT recipient AS recipient FROM broadcast_retries')).toEqual([]);
  expect(await desk.rows(STATE)).toEqual([{ state: 'running', sent: '0', failed: '0', blocked: '0' }]);
});

describe('killed at any point', () => {
  /** The admin among them: two slices. */
  const RECIPIENTS = 14;

  test.each([
    ['one after another', true],
    ['all of a slice under way at once', false],
  ])('%s: nobody is skipped, at most a slice is repeated', async (_, isQuick) => {
    await deskWithViewers(RECIPIENTS - 1);
    await begin();
    /** Every operation of the whole broadcast is a place to die at, until none is left. */
    let isOver = false;
    let most = 0;
    for (let point = 0; !isOver; point += 1)
      for (const when of ['before', 'after'] as const) {
        const already = viewers.map(copies);
        await desk.bot.db.write([
          sql(
            `UPDATE broadcasts SET state = 'running', cursor = 0, sent = 0, reported_at = NULL, not_before_ms = 0`,
          ),
        ]);
        const context = dyingAt(point, when, isQuick);
        isOver = await broadcastJob.run(context).then(
          () => true,
          (error: unknown) => {
            if (!(error instanceof Killed)) throw error;
            return false;
          },
        );
        for (let minute = 0; minute < 2; minute += 1) {
          desk.bot.advance(60_000);
          await tick();
        }
        const got = viewers.map((viewer, i) => copies(viewer) - (already[i] ?? 0));
        const repeated = got.reduce((sum, count) => sum + count, 0) - viewers.length;
        most = Math.max(most, repeated);
        const what = `${when} operation ${point}`;
        expect({ what, least: Math.min(...got) }).toEqual({ what, least: 1 });
        expect({ what, most: Math.max(...got) <= 2, repeated: repeated <= 10 }).toEqual({
          what,
          most: true,
          repeated: true,
        });
        expect(await desk.rows(STATE)).toEqual([
          { state: 'done', sent: String(RECIPIENTS), failed: '0', blocked: '0' },
        ]);
      }
    // The admin's own copy is the tenth.
    expect(most).toBe(9);
  });
});

class Killed extends Error {}

/** A job context whose nth operation ends the process, without its effect or with it. */
function dyingAt(
  point: number,
  when: 'before' | 'after',
  isQuick: boolean,
): ReturnType<AdminDesk['bot']['jobContext']> {
  const context = desk.bot.jobContext();
  let count = 0;
  const mortal = async <T>(act: () => Promise<T>): Promise<T> => {
    const isLast = count >= point;
    count += 1;
    if (isLast && (when === 'before' || count > point + 1)) throw new Killed();
    const result = await act();
    if (isLast) throw new Killed();
    return result;
  };
  const { db, api } = context;
  return {
    ...context,
    // Over a slow network no answer comes before the whole slice is under way.
    sleep: isQuick ? context.sleep : async (ms) => desk.bot.advance(ms),
    db: {
      ...db,
      roundTrips: 0,
      read: (queries) => mortal(() => db.read(queries)),
      write: (statements) => mortal(() => db.write(statements)),
    },
    api: new Proxy(api, {
      get: (target, name) => {
        const value: unknown = Reflect.get(target, name);
        return typeof value === 'function'
          ? (...args: unknown[]) => mortal(() => Reflect.apply(value, target, args))
          : value;
      },
    }),
  };
}

describe('an admin changes course', () => {
  test('cancels while somebody waits for retry_after: they do not get it', async () => {
    await deskWithViewers(3);
    await begin();
    desk.telegram.script({ method: 'copyMessage', after: 1, fault: { kind: 'flood', retryAfter: 20 } });
    await tick();
    expect(viewers.map(copies).reduce((sum, count) => sum + count, 0)).toBe(2);
    await desk.press('✖️ Bekor qilish');
    desk.bot.advance(61_000);
    await tick();
    expect(viewers.map(copies).reduce((sum, count) => sum + count, 0)).toBe(2);
    expect((await desk.rows(STATE))[0]?.['state']).toBe('cancelled');
  });

  test('deletes the message before choosing whom it goes to: said, not a failure', async () => {
    await deskWithViewers(1);
    await desk.admin.send('/broadcast');
    await desk.press('➕ Yangi xabar');
    desk.admin.delete(await desk.admin.send('Yangilik!'));
    expect(await desk.press('👥 Barcha foydalanuvchilarga')).toContain('nusxalab bo‘lmadi');
    expect(await desk.rows('SELECT error AS error FROM failed_updates')).toEqual([]);
  });
});
