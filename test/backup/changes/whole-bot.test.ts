/**
 * Nothing escapes the change log that the bot itself does: people and admins at work, the jobs of
 * the tick, an import. What the files bring back is held against the database, table by table.
 */
import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import type { Bucket } from '../../../src/backup/catalog/bucket.ts';
import { parseChangeKey } from '../../../src/backup/changes/change-names.ts';
import { coverageOf } from '../../../src/backup/changes/coverage.ts';
import { ensureTriggers } from '../../../src/backup/changes/ensure-triggers.ts';
import { ship } from '../../../src/backup/changes/ship.ts';
import type { ShipOutcome } from '../../../src/backup/changes/shipping.ts';
import { runImport } from '../../../src/backup/import/run-import.ts';
import { createDigestSink } from '../../../src/backup/model/digest.ts';
import { feed } from '../../../src/backup/model/fan-out.ts';
import { findPoint } from '../../../src/backup/restore/point-in-time.ts';
import { fetchSource } from '../../../src/backup/restore/source.ts';
import { openEmbeddedSnapshotSource } from '../../../src/backup/snapshot/embedded.ts';
import { createDirectoryStore } from '../../../src/backup/store/directory.ts';
import { all, sql } from '../../../src/db/database.ts';
import { openEmbeddedDatabase } from '../../../src/db/file/embedded-database.ts';
import { jobs } from '../../../src/jobs/all-jobs.ts';
import { tick } from '../../../src/jobs/tick.ts';
import { inScratch } from '../../../src/lib/disk/scratch.ts';
import { readConfig } from '../../../src/settings/config.ts';
import { type AdminDesk, addByWizard, startDesk } from '../../admin/support.ts';
import { shippingOf } from '../../support/shipping.ts';

let desk: AdminDesk;
afterEach(() => desk.close());

const SEQUENCE = "SELECT name, seq FROM sqlite_sequence WHERE name <> 'change_log' ORDER BY name";

/** As the product reads a living file: its write-ahead log too. */
async function contentsOf(path: string): Promise<Record<string, string>> {
  const read = createDigestSink();
  const names = new Set<string>();
  await openEmbeddedSnapshotSource({ path }).read(async (snapshot) => {
    for (const { name } of coverageOf(snapshot.schema).covered) names.add(name);
    await feed(snapshot, { ordered: read, others: [] }, async () => {});
  });
  await read.finish();
  const digests = read.result().filter(({ table }) => names.has(table));
  const db = await openEmbeddedDatabase(path);
  const [sequence] = await db.read([all(sql(SEQUENCE), (row) => `${row.text('name')} ${row.int('seq')}`)]);
  db.close();
  return {
    ...Object.fromEntries(digests.map(({ table, sha256 }) => [table, sha256])),
    sequence: sequence.join(),
  };
}

/** What all this must have written to, at least. */
const DONE = [
  'anime',
  'anime_parts',
  'anime_search',
  'anime_views',
  'audit_log',
  'broadcast_messages',
  'broadcasts',
  'counters',
  'drafts',
  'follows',
  'user_history',
  'users',
  'watch_progress',
];

interface Moment {
  readonly at: Date;
  readonly contents: Record<string, string>;
}

test('people, admins, the tick and an import: every restore point is the database of then', async () => {
  desk = await startDesk({ now: new Date() });
  const { bot, admin } = desk;
  const { path } = bot;
  let { db } = bot;
  const source = openEmbeddedSnapshotSource({ path });
  const store = createDirectoryStore(join(dirname(path), 'bucket'));
  const { prefix } = readConfig({}, 'node').backup;
  const shipping = () => shippingOf({ db, source, store }, { prefix });
  const bucket: Bucket = { store, prefix, clock: { now: bot.now } };
  const moments: Moment[] = [];
  const touched = new Set<string>();

  const full = async (): Promise<void> => {
    const outcome = await bot.services.backups.run({ trigger: 'command', scheduledAt: bot.now() });
    if (outcome.kind !== 'done') throw new Error(JSON.stringify(outcome));
    bot.advance(60_000);
  };
  const shipped = async (): Promise<ShipOutcome> => {
    const [tables] = await db.read([
      all(sql('SELECT DISTINCT tbl FROM change_log'), (row) => row.text('tbl')),
    ]);
    for (const table of tables) touched.add(table);
    const outcome = await ship(shipping());
    if (outcome.kind !== 'shipped') return outcome;
    expect(outcome.isEnd).toBe(true);
    const at = parseChangeKey('', outcome.file)?.time;
    if (at !== undefined) moments.push({ at, contents: await contentsOf(path) });
    return outcome;
  };
  const ticks = async (count = 1): Promise<void> => {
    for (let i = 0; i < count; i += 1) {
      bot.advance(60_000);
      await tick(
        jobs.filter(({ name }) => name !== 'ship-changes'),
        bot.jobContext(),
        `tick ${bot.now().getTime()}`,
      );
    }
  };

  await ensureTriggers(db, source);
  await full();

  await addByWizard(desk, { description: 'Naruto\nNinja bola', parts: 3, code: 12 });
  const viewer = bot.telegram.person();
  for (const text of ['/start', '12', 'naruto', '12 2']) await viewer.send(text);
  await ticks(2);
  expect((await shipped()).kind).toBe('shipped');

  await viewer.send('12');
  await viewer.press(viewer.lastMessage(), '🔔 Kuzatish');
  await addByWizard(desk, { description: 'Bleach', parts: 1, code: 30 });
  await admin.send('/broadcast');
  await desk.press('➕ Yangi xabar');
  await admin.send('Yangilik!');
  await desk.presses('👥 Barcha foydalanuvchilarga', /^✅ Yuborish/);
  await desk.later();
  await ticks(3);
  expect((await shipped()).kind).toBe('shipped');

  await admin.send('/edit 12');
  await desk.presses(/🎞 Qismlar/, '2', /Qismni o‘chirish/, /keyingilari surilsin/);
  await ticks(2);
  expect((await shipped()).kind).toBe('shipped');

  const file = join(dirname(path), 'import.json');
  const history = Array.from({ length: 30 }, (_, i) => ({ user_id: i + 500, anime_code: 5, part_number: 1 }));
  writeFileSync(file, JSON.stringify({ anime: [{ code: 5, title: 'Chet' }], user_history: history }));
  await runImport({
    database: { kind: 'file', path },
    file,
    keys: undefined,
    utcOffsetMinutes: 0,
    prefer: 'newer',
    dryRun: false,
  });
  // It has put a new file in the place of the old one.
  db = (await desk.restart()).bot.db;
  expect((await shipped()).kind).toBe('shipped');
  expect(moments).toHaveLength(4);
  expect([...touched]).toEqual(expect.arrayContaining(DONE));

  for (const { at, contents } of moments)
    await inScratch(undefined, async (directory) => {
      const point = await findPoint(bucket, { at, show: (time) => time.toISOString(), keys: undefined });
      expect(point.time).toEqual(at);
      const found = await fetchSource({ kind: 'point', point }, { bucket, keys: undefined, directory });
      expect(await contentsOf(found.path)).toEqual(contents);
    });
}, 60_000);
