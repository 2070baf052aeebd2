/**
 * The second copy is a disk that its owner takes away, for a week: backups go on, nothing is stored
 * in its mount point, the admins hear that the copy lags, and then that it is whole again.
 */
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openEmbeddedSnapshotSource } from '../../src/backup/snapshot/embedded.ts';
import { createDirectoryStore } from '../../src/backup/store/directory.ts';
import { MARK, writeMark } from '../../src/backup/store/known-place.ts';
import { acceptPlace } from '../../src/db/place-notes.ts';
import { hostAsks, newId } from '../../src/hosts/node/known-places.ts';
import { openStore } from '../../src/hosts/node/node-parts.ts';
import { copyBackups } from '../../src/jobs/copy-backups.ts';
import type { JobContext } from '../../src/jobs/job.ts';
import { ownerNoticesJob } from '../../src/jobs/send-owner-notices.ts';
import { tick } from '../../src/jobs/tick.ts';
import { ADMIN_ID, startTestBot, type TestBot } from '../support/bot.ts';
import { backUpBot, changeBot, copyingContext } from '../support/copying-bot.ts';
import { createMemoryStore, type MemoryStore } from '../support/memory-store.ts';
import { beginLog } from '../support/shipping.ts';

const DAY = 86_400_000;
let bot: TestBot;
let first: MemoryStore;
let path: string;
let admin: ReturnType<TestBot['telegram']['person']>;

beforeEach(async () => {
  bot = await startTestBot();
  first = createMemoryStore(bot.now);
  path = join(dirname(bot.path), 'usb');
  admin = bot.telegram.person({ id: ADMIN_ID });
  await admin.send('/start');
  await beginLog(bot.db, source());
});
afterEach(() => bot.close());

const source = () => openEmbeddedSnapshotSource({ path: bot.path });

async function context(): Promise<JobContext> {
  const store = await openStore(
    { kind: 'directory', path },
    { role: 'copy', prefix: '', ask: hostAsks(() => bot.db) },
  );
  return copyingContext(bot, { first: { store: first, prefix: '' }, copy: { store, prefix: '' } });
}

async function minutes(count: number, ofMs = 60_000): Promise<void> {
  for (let i = 0; i < count; i += 1) {
    bot.advance(ofMs);
    await copyBackups(await context(), `copy ${bot.now().getTime()}`);
    await tick([ownerNoticesJob], await context(), `tick ${bot.now().getTime()}`);
  }
}

const backUp = () => backUpBot(bot, { store: first, prefix: '' });
const change = (code: number) => changeBot(bot, { store: first, prefix: '' }, code);

const there = (): string[] =>
  readdirSync(path, { recursive: true, withFileTypes: true })
    .flatMap((entry) => (entry.isFile() && entry.name !== MARK ? [entry.name] : []))
    .toSorted();
const here = (): string[] =>
  [...first.objects.keys()].map((key) => key.slice(key.lastIndexOf('/') + 1)).toSorted();
const told = (): string[] => admin.messages().flatMap(({ text }) => (text?.includes('mbor') ? [text] : []));

test('away for a week: one word that it waits, one a day later, one when it is whole again', async () => {
  await backUp();
  await change(1);
  await minutes(3);
  expect(there()).toEqual(here());
  renameSync(path, `${path}.away`);
  mkdirSync(path);
  await backUp();
  await minutes(60);
  expect(told()).toHaveLength(1);
  expect(told()[0]).toMatch(/ikkinchi omborga ko‘chirilishi to‘xtab qoldi[\s\S]*diski ulanmaganga o‘xshaydi/);
  for (let day = 0; day < 7; day += 1) {
    await change(10 + day);
    await backUp();
    await minutes(24, DAY / 24);
  }
  expect(told()).toHaveLength(2);
  expect(told()[1]).toMatch(/bir kundan ko‘p vaqtdan beri orqada[\s\S]*diski ulanmaganga o‘xshaydi/);
  expect(readdirSync(path)).toEqual([]);
  rmSync(path, { recursive: true });
  renameSync(`${path}.away`, path);
  await minutes(30);
  expect(there()).toEqual(here());
  expect(told()).toHaveLength(3);
  expect(told()[2]).toContain('yana barcha zaxira nusxalar bor');
});

test('another disk that was accepted gets all that there is, change files of long ago too', async () => {
  await backUp();
  for (const code of [1, 2, 3]) await change(code);
  await minutes(3);
  renameSync(path, `${path}.old`);
  mkdirSync(path);
  await change(4);
  await minutes(10);
  expect(there()).toEqual([]);
  const id = await writeMark(createDirectoryStore(path), newId());
  await bot.db.write(acceptPlace('copy', path, id));
  await minutes(30);
  await change(5);
  await minutes(3);
  expect(there()).toEqual(here());
  expect(existsSync(`${path}.old`)).toBe(true);
});
