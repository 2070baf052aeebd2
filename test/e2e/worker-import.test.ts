/**
 * The whole way of a file through the Worker as it is deployed: an admin sends it, sees what would
 * change, confirms.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startWorkerRuntime, type WorkerRuntime } from '../../dev/worker-runtime.ts';
import { STAND_IN_SECRET, type StandIns, startStandIns } from '../../sim/stand-ins.ts';
import type { Person } from '../../sim/telegram/start-telegram.ts';
import { createS3Store } from '../../src/backup/store/s3-store.ts';
import { sql } from '../../src/db/database.ts';
import { openRemoteDatabase } from '../../src/db/remote-database.ts';

let directory: string;
let standIns: StandIns;
let worker: WorkerRuntime;
let admin: Person;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'anime-worker-import-'));
  standIns = await startStandIns({ directory, ownerIds: [1001] });
  worker = await startWorkerRuntime(standIns.settings);
  const headers = { 'X-Telegram-Bot-Api-Secret-Token': STAND_IN_SECRET };
  standIns.telegram.connect(async (update) =>
    worker.fetch('/webhook', { method: 'POST', headers, body: JSON.stringify(update) }),
  );
  admin = standIns.telegram.person({ id: 1001, firstName: 'Olim' });
  await admin.start();
});
afterAll(async () => {
  await worker.close();
  await standIns.close();
  rmSync(directory, { recursive: true, force: true, maxRetries: 10 });
});

async function rows(columns: string, rest: string): Promise<string[]> {
  const authToken = standIns.settings['DATABASE_AUTH_TOKEN'];
  const db = openRemoteDatabase({ url: standIns.sql.url, authToken, fetch });
  const statement = sql(`SELECT json_array(${columns}) AS r FROM ${rest}`);
  const [found] = await db.read([{ ...statement, parse: (all) => all.map((row) => row.text('r')) }]);
  db.close();
  return found;
}

async function send(name: string, bytes: Uint8Array): Promise<void> {
  await admin.send({ document: { name, bytes } });
  await settled();
}

/** The work goes on after the answer to the update (waitUntil). */
async function settled(): Promise<void> {
  await expect.poll(() => admin.lastMessage().text, { timeout: 60_000 }).not.toMatch(/^[⏳🔎]/u);
}

async function press(button: RegExp): Promise<void> {
  const message = admin.lastMessage();
  const found = message.keyboard.flat().find(({ text }) => button.test(text));
  if (found === undefined) throw new Error(`no button ${button} under ${message.text}`);
  await admin.press(message, found.text);
  await settled();
}

const OLD = `{"backup_timestamp": "2024-01-01T12:00:00.5",
 "anime": [{"code": 5, "description": "Наруто", "created_at": "2024-01-01T12:00:00.5", "parts": [{"file_id": "f1"}, {"file_id": "f2"}]},
   {"code": 6, "description": "cut\\u0000here"}, {"code": "x"}],
 "users": [{"user_id": 9007199254740991, "username": "ўзбек"}]}`;

test('sent, looked at, confirmed: backed up first, merged, and the same file has nothing more to do', async () => {
  await send('anime_backup_20240101_120000.json.gz', gzipSync(OLD));
  expect(admin.lastMessage().text).toContain('Animelar: 2 tasi yangi, 1 tasi olinmadi');
  expect(await rows('code', 'anime')).toEqual([]);
  await press(/Import qilish/);
  expect(admin.lastMessage().text).toContain('Import qilindi');
  expect(admin.lastMessage().text).toContain('anime[1].description: NUL belgisi olib tashlandi');
  expect(await rows('code, description, created_at', 'anime WHERE code = 5')).toEqual([
    '[5,"Наруто","2024-01-01 07:00:00"]',
  ]);
  expect(await rows('part_number, file_id', 'anime_parts ORDER BY id')).toEqual(['[1,"f1"]', '[2,"f2"]']);
  expect(await rows('user_id, username', 'users WHERE user_id > 1e15')).toEqual([
    '[9007199254740991,"ўзбек"]',
  ]);
  const keys = (await createS3Store({ ...standIns.s3 }).list('backups/')).map(({ key }) => key);
  expect(keys.filter((key) => key.endsWith('.manifest.json'))).toHaveLength(1);
  await send('anime_backup_20240101_120000.json.gz', gzipSync(OLD));
  expect(admin.lastMessage().text).toContain('bazada hech narsani o‘zgartirmaydi');
  expect(await rows('name', "sqlite_schema WHERE name GLOB 'importing_*'")).toEqual([]);
});

test('no means no; a cut file and a database are answered in words', async () => {
  await send('new.json', Buffer.from('{"anime": [{"code": 77}]}'));
  await press(/Yo‘q/);
  expect(admin.lastMessage().text).toContain('Hech narsa o‘zgarmadi');
  await send('cut.json', Buffer.from(OLD.slice(0, 120)));
  expect(admin.lastMessage().text).toContain('Fayl buzilgan');
  await send('anime_bot.db', Buffer.from('SQLite format 3\0'.padEnd(100, '\0')));
  expect(admin.lastMessage().text).toContain('.db fayllarni o‘qiy olmaydi');
  expect(await rows('code', 'anime WHERE code = 77')).toEqual([]);
  expect(await rows('update_id', 'failed_updates')).toEqual([]);
});
