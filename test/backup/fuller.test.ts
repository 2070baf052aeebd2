/** A backup that holds far less than the one before it: who says so, and what stays for it. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { isHollow, shrunk } from '../../src/backup/catalog/fuller.ts';
import { listBackups } from '../../src/backup/catalog/list.ts';
import { prune } from '../../src/backup/catalog/prune.ts';
import { runBackup } from '../../src/backup/run/run.ts';
import { createDirectoryStore } from '../../src/backup/store/directory.ts';
import { backupAlertText } from '../../src/bot/alerts.ts';
import { sql } from '../../src/db/database.ts';
import { openEmbeddedDatabase } from '../../src/db/file/embedded-database.ts';
import { migrate } from '../../src/db/migrate.ts';
import { runCli } from '../cli/spawn-cli.ts';
import { createWorld } from '../support/backup-world.ts';
import { createMemoryStore } from '../support/memory-store.ts';
import { putBackup } from '../support/sample-backup.ts';

const DAY = 86_400_000;
const holding = (rows: Record<string, number>) => ({
  tables: Object.entries(rows).map(([name, count]) => ({
    name,
    rows: count,
    kind: 'table' as const,
    sha256: '',
  })),
});

test.each<[string, Record<string, number>, Record<string, number>, string | undefined]>([
  ['less than half of the viewers', { users: 100 }, { users: 49 }, 'users'],
  ['half of them', { users: 100 }, { users: 50 }, undefined],
  ['a small catalogue that somebody tries out', { anime: 19 }, { anime: 0 }, undefined],
  ['all of a catalogue', { anime: 20, users: 9 }, { anime: 0, users: 9 }, 'anime'],
  [
    'what lost most of several',
    { users: 100, anime_parts: 1000 },
    { users: 40, anime_parts: 3 },
    'anime_parts',
  ],
  ['other tables', { user_history: 5000 }, { user_history: 0 }, undefined],
])('%s', (_, before, after, table) => {
  expect(shrunk(holding(before), holding(after))?.table).toBe(table);
});

test('nobody and no anime: hollow', () => {
  expect([{}, { users: 0, groups: 4 }, { users: 1 }].map((rows) => isHollow(holding(rows)))).toEqual([
    true,
    true,
    false,
  ]);
});

test('the run that made it tells the admins once, in their language', async () => {
  const world = await createWorld();
  onTestFinished(() => world.close());
  const run = () => {
    world.clock.advance(DAY);
    return runBackup(world.context, { trigger: 'schedule', scheduledAt: world.clock.now() });
  };
  const first = await run();
  expect(world.alerts).toEqual([]);
  await world.db.write([sql('DELETE FROM anime_parts WHERE part_number > 1')]);
  const second = await run();
  await run();
  expect(world.alerts).toMatchObject([
    { kind: 'shrunk', shrunk: { table: 'anime_parts', before: 120, after: 40 } },
  ]);
  const [alert] = world.alerts;
  if (alert === undefined || first.kind !== 'done' || second.kind !== 'done') throw new Error('no run');
  expect(alert.message).toContain(`holds 40 episodes, and ${first.name} before it 120 episodes`);
  const { markup } = backupAlertText('uz', alert);
  expect(markup).toContain(`Qismlar: <code>${second.name}</code> nusxasida 40 ta`);
  expect(markup).toContain(`restore ${first.name} --replace`);
});

test('a table that is missing is damage: no second alert with a worse way back', async () => {
  const world = await createWorld();
  onTestFinished(() => world.close());
  const run = () => {
    world.clock.advance(DAY);
    return runBackup(world.context, { trigger: 'schedule', scheduledAt: world.clock.now() });
  };
  await run();
  await world.db.write([
    sql('CREATE TABLE kept AS SELECT * FROM anime_parts WHERE part_number = 1'),
    sql('DROP TABLE anime_parts'),
  ]);
  await run();
  expect(world.alerts.map(({ kind }) => kind)).toEqual(['damaged']);
});

test('the last one that is full outlives any number of empty ones', async () => {
  const kept = async (rows: Record<string, number>): Promise<string[]> => {
    let now = new Date('2026-01-01T02:00:00Z');
    const store = createMemoryStore(() => now);
    const bucket = { store, prefix: '' };
    const add = async (holds: Record<string, number>): Promise<string> => {
      now = new Date(now.getTime() + DAY);
      const name = await putBackup(store, '', now, undefined, 'schedule', undefined, holds);
      await prune(bucket, { policy: { daily: 7 }, now });
      return name;
    };
    const full: string[] = [];
    for (let day = 0; day < 10; day += 1) full.push(await add({ users: 400, anime: 30 }));
    for (let day = 0; day < 30; day += 1) await add(rows);
    const there = (await listBackups(bucket)).entries.map(({ name }) => String(name));
    return full.filter((name) => there.includes(name)).map((name) => String(full.indexOf(name)));
  };
  expect(await kept({ users: 0, anime: 0 })).toEqual(['9']);
  expect(await kept({ users: 400, anime: 29 })).toEqual([]);
});

test('`list` calls it not safe, `restore latest` names the fuller one, in the second copy, too', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'fuller-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true, maxRetries: 10 }));
  const put = (place: string, hoursAgo: number, anime_parts: number) =>
    putBackup(
      createDirectoryStore(join(directory, place)),
      '',
      new Date(Date.now() - hoursAgo * 3_600_000),
      undefined,
      'schedule',
      undefined,
      { anime_parts },
    );
  const settings = { DATABASE_URL: 'file:a.db', BACKUP_DIR: 'first', COPY_DIR: 'second' };
  const newest = await put('first', 1, 3);
  const there = await put('second', 30, 1200);
  const listed = await runCli(directory, settings, 'list');
  expect(listed.stdout).toContain(
    `Not safe: the newest backup, ${newest}, holds 3 episodes, and ${there} before it 1,200 episodes.`,
  );
  expect(listed.stdout).toContain(`restore ${there} --from copy --replace`);
  expect((await runCli(directory, settings, 'list', '--check')).code).toBe(3);
  const here = await put('first', 20, 900);
  expect((await runCli(directory, settings, 'list')).stdout).toContain(`restore ${here} --replace`);
  const { stdout } = await runCli(directory, settings, 'restore', 'latest', '--dry-run');
  expect(stdout).toContain(
    `holds 3 episodes, and ${here} before it 900 episodes: \`restore ${here} --replace\``,
  );
});

test('a living database that holds as much is backed up, and nothing is restored over it', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'fuller-living-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true, maxRetries: 10 }));
  const settings = { DATABASE_URL: 'file:a.db', BACKUP_DIR: 'first' };
  const put = (hoursAgo: number, anime_parts: number) =>
    putBackup(
      createDirectoryStore(join(directory, 'first')),
      '',
      new Date(Date.now() - hoursAgo * 3_600_000),
      undefined,
      'schedule',
      undefined,
      { anime_parts },
    );
  const older = await put(2, 40);
  const newest = await put(1, 0);
  const db = await openEmbeddedDatabase(join(directory, 'a.db'));
  await migrate(db, { now: () => new Date(0), backup: async () => {} });
  await db.write([sql("INSERT INTO anime (code, title) VALUES (1, 'One')")]);
  // Less than half is no as much: it may be what was begun after the loss.
  const episodes = async (from: number, to: number): Promise<void> => {
    for (let part = from; part <= to; part += 1)
      await db.write([
        sql('INSERT INTO anime_parts (anime_code, part_number, file_id) VALUES (1, ?, ?)', part, `F${part}`),
      ]);
  };
  await episodes(1, 19);
  const few = await runCli(directory, settings, 'list');
  expect(few.stdout).toContain(`restore ${older} --replace`);
  await episodes(20, 40);
  await db.closeWhole();
  const listed = await runCli(directory, settings, 'list');
  expect(listed.stdout.split('\n')[0]).toBe(
    `Not safe: the newest backup, ${newest}, holds 0 episodes, and ${older} before it 40 episodes. The database itself holds 40 episodes, so restore nothing: npm run backup -- full`,
  );
  expect((await runCli(directory, settings, 'list', '--check')).code).toBe(3);
  expect((await runCli(directory, settings, 'full')).code).toBe(0);
  expect((await runCli(directory, settings, 'list')).stdout).toMatch(/^Safe: /);
});
