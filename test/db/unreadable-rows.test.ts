/** A row that somebody else wrote, and that the bot cannot read, takes no other with it. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { animeByCode } from '../../src/db/anime.ts';
import { auditPage } from '../../src/db/audit-log.ts';
import { sql } from '../../src/db/database.ts';
import { gateFor } from '../../src/db/gate-channels.ts';
import { groups } from '../../src/db/groups.ts';
import { browse, mostViewed } from '../../src/db/listed-anime.ts';
import { topAnime, totals } from '../../src/db/statistics.ts';
import { personById } from '../../src/db/users.ts';
import { startTestBot, type TestBot } from '../support/bot.ts';

let bot: TestBot;
beforeEach(async () => {
  bot = await startTestBot();
});
afterEach(() => bot.close());

const NOW = new Date('2026-11-22T10:00:00Z');
const BIG = 2n ** 62n;

test('every list shows the other rows, and a figure that nobody can read ends no screen', async () => {
  await bot.db.write([
    sql("INSERT INTO groups (group_id, name) VALUES (?, 'g'), (-1001, 'h')", BIG),
    sql(
      "INSERT INTO anime (id, code, title, year, views) VALUES (1, 1, 'A', ?, ?), (2, 2, 'B', 2001, 3)",
      BIG,
      BIG,
    ),
    sql("INSERT INTO anime (id, code, title) VALUES (?, 3, 'C')", BIG),
    sql(
      "INSERT INTO anime_views (day, anime_id, views) VALUES ('2026-11-22', 1, ?), ('2026-11-21', 1, ?)",
      BIG,
      BIG,
    ),
    sql("INSERT OR REPLACE INTO counters (metric, period, value) VALUES ('users', 'all', ?)", BIG),
    sql(
      "INSERT INTO audit_log (user_id, action, subject, at) VALUES (?, 'x', '', '2026-01-01'), (5, 'banned', '', '2026-01-01')",
      BIG,
    ),
    sql("INSERT INTO mandatory_channels (channel_id, name) VALUES ('-1002', x'00'), ('-1003', 'k')"),
    sql('INSERT INTO users (user_id, rate_since, rate_count) VALUES (7, ?, ?)', BIG, BIG),
  ]);
  const [shown, page, viewed, top, figures, log, gate, person, card] = await bot.db.read([
    groups(),
    browse({ order: 'newest', anchor: 0, direction: 'after' }),
    mostViewed(9),
    topAnime(NOW, 7, 9),
    totals(NOW),
    auditPage(0, 9),
    gateFor(7),
    personById(7),
    animeByCode(1, 7),
  ]);
  expect(shown.map(({ name }) => name)).toEqual(['h']);
  expect(page.items.map(({ code }) => code)).toEqual([2, 1]);
  expect(viewed.map(({ code }) => code)).toEqual([1, 2]);
  expect(top.map(({ code }) => code)).toEqual([1]);
  expect(figures?.users).toBe(Number.MAX_SAFE_INTEGER);
  expect(log).toHaveLength(2);
  expect(gate(NOW).map(({ name }) => name)).toEqual(['k']);
  expect(person.rate.count).toBe(Number.MAX_SAFE_INTEGER);
  expect(card).toMatchObject({ code: 1, year: null });
});
