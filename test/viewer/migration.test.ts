/** Migration 3 on older databases: nothing is lost, and what viewers see is filled from it. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { startTelegram } from '../../sim/telegram/start-telegram.ts';
import type { Telegram } from '../../sim/telegram/telegram.ts';
import { type Database, sql } from '../../src/db/database.ts';
import { openEmbeddedDatabase } from '../../src/db/file/embedded-database.ts';
import { migrate } from '../../src/db/migrate.ts';
import { migrations } from '../../src/db/migrations/all-migrations.ts';
import { indexSearchJob } from '../../src/jobs/index-search.ts';
import { startTestBot, type TestBot } from '../support/bot.ts';
import { buttons, run, values } from './support.ts';

const directory = mkdtempSync(join(tmpdir(), 'anime-viewer-migration-'));
const open: { close(): unknown }[] = [];
afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one.close();
  rmSync(directory, { recursive: true, force: true, maxRetries: 10 });
});

/** A database as the program left it at version 2, with `rows` in it. */
async function atVersion2(path: string, rows: readonly string[]): Promise<void> {
  const db: Database = await openEmbeddedDatabase(path);
  await db.write([
    sql(
      'CREATE TABLE schema_migrations (version INTEGER PRIMARY KEY, name TEXT NOT NULL, applied_at TEXT NOT NULL)',
    ),
    ...migrations
      .slice(0, 2)
      .flatMap((step) => [
        ...step.up(new Map()).map((text) => sql(text)),
        sql('INSERT INTO schema_migrations VALUES (?, ?, ?)', step.version, step.name, '2026-01-01 00:00:00'),
      ]),
    ...rows.map((text) => sql(text)),
  ]);
  db.close();
}

test('views are counted, progress and order of channels filled, every anime found by name', async () => {
  const path = join(directory, 'bot.db');
  const telegram: Telegram = await startTelegram({});
  open.push(telegram);
  const viewer = telegram.person();
  await atVersion2(path, [
    // A column of that name from another tool is kept, and never counts down.
    'ALTER TABLE anime ADD COLUMN views INTEGER',
    `INSERT INTO users (user_id) VALUES (${viewer.id}), (8)`,
    `INSERT INTO anime (id, code, description, views) VALUES (3, 12, 'Naruto' || char(10) || 'hikoya', NULL), (4, 13, 'Bleach', 50)`,
    `INSERT INTO anime_parts (anime_code, part_number, file_id) VALUES (12, 1, 'A'), (12, 2, 'B'), (12, 3, 'C'), (13, 1, 'D')`,
    `INSERT INTO user_history (user_id, anime_code, part_number, viewed_at) VALUES
      (${viewer.id}, 12, 2, '2026-01-02 10:00:00'), (${viewer.id}, 12, 1, '2026-01-01 10:00:00'),
      (8, 12, 3, NULL), (8, 12, 99, '2026-01-01 10:00:00'), (8, 77, 1, '2026-01-01 10:00:00')`,
    `INSERT INTO mandatory_channels (channel_id, name) VALUES ('-1001', 'A'), ('-1002', 'B')`,
  ]);
  const db = await openEmbeddedDatabase(path);
  let backups = 0;
  await migrate(db, {
    now: () => new Date(),
    backup: async () => {
      backups += 1;
    },
  });
  db.close();
  expect(backups).toBe(1);
  const bot: TestBot = await startTestBot({ path, telegram });
  open.push(bot);
  expect(await values(bot, "SELECT code || ' ' || views AS v FROM anime ORDER BY code")).toEqual([
    '12 4',
    '13 50',
  ]);
  expect(
    await values(
      bot,
      "SELECT user_id || ' ' || part_number || ' ' || part_id AS v FROM watch_progress ORDER BY user_id <> 8",
    ),
  ).toEqual(['8 3 3', `${viewer.id} 2 2`]);
  expect(await values(bot, 'SELECT position AS v FROM mandatory_channels ORDER BY id')).toEqual(['1', '2']);
  await bot.db.write([sql('DELETE FROM mandatory_channels')]);
  await run(bot, indexSearchJob);
  await viewer.send('наруто');
  expect(buttons(viewer.lastMessage())[0]).toBe('⏯ Davom ettirish: 3-qism');
  await viewer.start();
  expect(buttons(viewer.lastMessage())[0]).toBe('▶️ Davom ettirish: Naruto, 3-qism');
});
