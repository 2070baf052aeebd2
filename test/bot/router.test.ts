/** How an update finds the one feature that answers it, and what a commit gives back. */
import { afterEach, describe, expect, test } from 'vitest';
import { actionOf } from '../../src/bot/asked.ts';
import type { Action } from '../../src/bot/callback-data.ts';
import { feature } from '../../src/bot/feature.ts';
import type { Incoming } from '../../src/bot/incoming.ts';
import { router } from '../../src/bot/router.ts';
import type { Who } from '../../src/bot/step.ts';
import { Turn } from '../../src/bot/turn.ts';
import { one, sql } from '../../src/db/database.ts';
import { stages } from '../../src/handlers/index.ts';
import { startTestBot, type TestBot } from '../support/bot.ts';

const who: Who = { id: 5, now: new Date('2026-11-28T02:00:00Z'), isPrivate: true };
const pressed = (action: Action): Incoming => ({ kind: 'press', action });
const asked = (incoming: Incoming, by = who): string[] =>
  stages.flatMap((stage) => stage(incoming, by)?.reads ?? []).flatMap((question) => question?.sql ?? []);

describe('the router', () => {
  test('two features cannot answer the same action', () => {
    const screens = [
      feature('everybody').on('help', () => ({})),
      feature('everybody').on('help', () => ({})),
    ];
    expect(() => router(screens, actionOf)).toThrow('two features answer the same');
  });

  test('an update asks what its own action reads, and the gate’s question', () => {
    const card = asked(pressed({ kind: 'card', anime: 1 }));
    expect(card).toHaveLength(2);
    expect(asked(pressed({ kind: 'help' }))).toEqual([]);
    expect(asked(pressed({ kind: 'parts', anime: 1, page: 0 }))).toHaveLength(3);
    expect(asked({ kind: 'command', name: 'groups', argument: '' })).toHaveLength(1);
  });

  test('in a group it asks for the anime alone, for talk nothing', () => {
    const elsewhere = { ...who, isPrivate: false };
    expect(asked({ kind: 'command', name: 'start', argument: '12' }, elsewhere)).toHaveLength(1);
    expect(asked({ kind: 'command', name: 'groups', argument: '' }, elsewhere)).toEqual([]);
    expect(asked({ kind: 'other' }, elsewhere)).toEqual([]);
  });
});

let bot: TestBot;
afterEach(() => bot?.close());

describe('what is gone', () => {
  const nothing = one(sql('SELECT 1 AS v WHERE 0'), (row) => row.int('v'));
  const random = feature('everybody').on(
    'random',
    { reads: () => [nothing], gone: (t) => t.viewer.gone() },
    () => ({}),
  );

  test('is told to the one who typed a command as to the one who pressed a button', async () => {
    bot = await startTestBot({ stages: [router([random], actionOf)] });
    const viewer = bot.telegram.person();
    await viewer.send('/random');
    expect(viewer.lastMessage().text).toBe('Bu anime endi mavjud emas.');
    expect(viewer.messages().filter(({ isFromBot }) => isFromBot)).toHaveLength(1);
  });
});

describe('a commit', () => {
  test('answers each thing where it stands: queries, statements, and lists of them', async () => {
    bot = await startTestBot();
    const turn = new Turn({ db: bot.db, mark: [sql("INSERT INTO alerts (key, told_at) VALUES ('m', '1')")] });
    const told = one(sql("SELECT told_at FROM alerts WHERE key = 'a'"), (row) => row.text('told_at'));
    const change = (to: string) => sql(`UPDATE alerts SET told_at = ? WHERE key = 'a' RETURNING key`, to);
    turn.stage(sql("INSERT INTO alerts (key, told_at) VALUES ('a', 'staged')"));
    const [before, changed, [nothing, again], , after] = await turn.commit(
      told,
      change('first'),
      [sql("DELETE FROM alerts WHERE key = 'none' RETURNING key"), change('second')],
      [],
      told,
    );
    expect([before, after]).toEqual(['staged', 'second']);
    expect([changed, nothing, again].map((result) => result?.rows.length)).toEqual([1, 0, 1]);
    expect(await turn.commit(told)).toEqual(['second']);
  });
});
