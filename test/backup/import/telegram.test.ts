/** An admin sends a file to the bot, sees what would change, and confirms. */

import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createImportUpload } from '../../../src/backup/import/uploads.ts';
import { sql } from '../../../src/db/database.ts';
import { exportCatalogue } from '../../../src/handlers/admin/export.ts';
import { adminWorkJob } from '../../../src/jobs/continue-admin-work.ts';
import { type AdminDesk, startDesk } from '../../admin/support.ts';

let desk: AdminDesk;
beforeEach(async () => {
  desk = await startDesk();
});
afterEach(() => desk.close());

const OLD = JSON.stringify({
  anime: [
    {
      code: 5,
      description: 'Naruto',
      created_at: '2024-01-01T12:00:00.5',
      parts: [{ part_number: 1, file_id: 'f' }],
    },
    { code: 0 },
  ],
  users: [{ user_id: 77 }],
});
/** As a Node host does it: in a process of its own. */
function onNode(hold = () => () => {}): void {
  const importUpload = createImportUpload({ kind: 'file', path: desk.bot.path }, hold);
  Object.assign(desk.bot.services, { importUpload });
}

/** What leaves an update from here on is under way until somebody waits for it. */
function underWay(): () => Promise<void> {
  const works: Promise<void>[] = [];
  Object.assign(desk.bot.services, {
    background: (work: (signal: AbortSignal) => Promise<void>) =>
      works.push(work(new AbortController().signal)),
  });
  return async () => void (await Promise.all(works.splice(0)));
}
const send = (name: string, bytes: Uint8Array) => desk.admin.send({ document: { name, bytes } });
const count = async (table: string) =>
  Number((await desk.rows(`SELECT COUNT(*) AS n FROM ${table}`))[0]?.['n']);

test('what would change is shown, nothing has changed; then it is imported, after a backup', async () => {
  await send('anime_backup_20240101_120000.json', Buffer.from(OLD));
  expect(desk.last().text).toContain('Animelar: 1 tasi yangi, 1 tasi olinmadi');
  expect(desk.last().text).toContain('anime[1]: 0 — kod emas');
  expect(await count('anime')).toBe(0);
  await desk.press(/Import qilish/);
  expect(desk.last().text).toContain('Import qilindi');
  const [backup] = (await desk.bot.services.backups.list()).entries;
  expect(backup?.manifest?.trigger).toBe('import');
  expect(desk.last().text).toContain(backup?.name);
  expect(await desk.rows('SELECT code AS code, created_at AS created_at FROM anime')).toEqual([
    { code: '5', created_at: '2024-01-01 07:00:00' },
  ]);
  expect(await desk.rows("SELECT subject AS subject FROM audit_log WHERE action = 'imported'")).toEqual([
    { subject: 'anime_backup_20240101_120000.json' },
  ]);
  expect(await count("sqlite_schema WHERE name GLOB 'importing_*'")).toBe(0);
});

test('the same file again has nothing to change; no means no', async () => {
  await send('old.json.gz', gzipSync(OLD));
  await desk.press(/Yo‘q/);
  expect(desk.last().text).toContain('Hech narsa o‘zgarmadi');
  expect(await count('anime')).toBe(0);
  await send('old.json.gz', gzipSync(OLD));
  await desk.press(/Import qilish/);
  await send('old.json', Buffer.from(OLD));
  // One row of it was refused: it is not true that all of it is there.
  expect(desk.last().text).toContain('bazada hech narsani o‘zgartirmaydi');
  const rest = JSON.stringify({ users: [{ user_id: 77 }] });
  await send('old.json', Buffer.from(rest));
  expect(desk.last().text).toContain('hamma narsa bazada bor');
});

test('texts that the bot could not read are named before and after', async () => {
  await send('old.json', Buffer.from(JSON.stringify({ anime: [{ code: 5, description: 'a\0b' }] })));
  for (const act of [async () => {}, () => desk.press(/Import qilish/)]) {
    await act();
    expect(desk.last().text).toContain('Tuzatib olindi (1)');
    expect(desk.last().text).toContain('anime[0].description: NUL belgisi olib tashlandi');
  }
  expect(await desk.rows('SELECT description AS d FROM anime')).toEqual([{ d: 'ab' }]);
});

test('what the bot itself exports, it takes back', async () => {
  await send('old.json', Buffer.from(OLD));
  await desk.press(/Import qilish/);
  const { json } = await exportCatalogue(desk.bot.db, desk.bot.now());
  await send('anime_export_20260101_000000.json', json);
  expect(desk.last().text).toContain('hamma narsa bazada bor');
  expect(desk.last().text).toContain('Animelar: 1 tasi bir xil');
});

test('an own backup: the bot names no table that is its own record, nor says that anything of it is missing', async () => {
  const document = {
    anime: [{ code: 5, title: 'Naruto' }],
    schema_migrations: [{ version: 1 }],
    handled_updates: [{ update_id: 7 }],
    admins: [{ user_id: 5 }],
  };
  await send('old.json', Buffer.from(JSON.stringify(document)));
  await desk.press(/Import qilish/);
  expect(desk.last().text).toContain('Import qilinmadi: Adminlar (1)');
  expect(desk.last().text).not.toMatch(/schema_migrations|handled_updates/);
  const { admins: _, ...rest } = document;
  await send('old.json', Buffer.from(JSON.stringify(rest)));
  expect(desk.last().text).toContain('hamma narsa bazada bor');
});

test('a broken file and one of another kind are named, and nothing is changed', async () => {
  await send('cut.json', Buffer.from(OLD.slice(0, 60)));
  expect(desk.last().text).toContain('Fayl buzilgan');
  await send(
    'photo.json',
    Buffer.from('no JSON at all, but long enough to look at it twice, or more, dear reader'),
  );
  expect(desk.last().text).toContain('Bu botning fayli emas');
  await send('secret.json.gz.age', Buffer.from('age-encryption.org/v1\n-> X25519 x\n'));
  expect(desk.last().text).toContain('shifrlangan');
  expect(await count('anime')).toBe(0);
});

test('a database: on Node it is read, on a Worker it is declined politely', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'telegram-import-'));
  const old = new DatabaseSync(`${directory}/old.db`);
  old.exec("CREATE TABLE anime (code INTEGER, description TEXT); INSERT INTO anime VALUES (9, 'Bleach')");
  old.close();
  const bytes = readFileSync(`${directory}/old.db`);
  rmSync(directory, { recursive: true });
  await send('anime_bot.db', bytes);
  expect(desk.last().text).toContain('.db fayllarni o‘qiy olmaydi');
  onNode();
  await send('anime_bot.db', bytes);
  await desk.press(/Import qilish/);
  expect(desk.last().text).toContain('Import qilindi');
  expect(await count('anime WHERE code = 9')).toBe(1);
});

test.each(['torn', 'of somebody else'])(
  'a file that is at fault itself (%s) is answered, and is no fault of the bot',
  async (what) => {
    onNode();
    const directory = mkdtempSync(join(tmpdir(), 'telegram-import-'));
    const path = `${directory}/theirs.db`;
    const theirs = new DatabaseSync(path);
    theirs.exec(
      `CREATE TABLE ${what === 'torn' ? 'anime' : 'recipes'} (code INTEGER, description TEXT);
       INSERT INTO ${what === 'torn' ? 'anime' : 'recipes'} VALUES (9, hex(zeroblob(20000)))`,
    );
    theirs.close();
    const bytes = readFileSync(path);
    rmSync(directory, { recursive: true });
    await send('anime_bot.db', what === 'torn' ? bytes.subarray(0, 9_000) : bytes);
    expect(desk.last().text).toContain(what === 'torn' ? 'Fayl buzilgan' : 'Boshqa botniki bo‘lsa');
    expect(desk.last().text).toContain(
      what === 'torn' ? 'no whole SQLite database' : 'none of the bot’s tables',
    );
    expect(await count('failed_updates')).toBe(0);
    expect(await count('anime')).toBe(0);
  },
);

test('a download that breaks off is a passing fault: the next tick reads the file', async () => {
  const real = globalThis.fetch;
  let broken = 0;
  vi.spyOn(globalThis, 'fetch').mockImplementation((input, init) => {
    if (broken > 0 || !String(input).includes('/file/bot')) return real(input, init);
    broken += 1;
    const body = new ReadableStream({
      start: (controller) => controller.enqueue(Buffer.from(OLD.slice(0, 50))),
      pull: (controller) => controller.error(new TypeError('terminated')),
    });
    return Promise.resolve(new Response(body));
  });
  await send('old.json', Buffer.from(OLD));
  vi.restoreAllMocks();
  expect(broken).toBe(1);
  await adminWorkJob.run(desk.bot.jobContext());
  await expect.poll(() => desk.last().text).not.toContain('o‘qilmoqda');
  expect(desk.last().text).toContain('Animelar: 1 tasi yangi, 1 tasi olinmadi');
  expect(await count('failed_updates WHERE given_up_at IS NOT NULL')).toBe(0);
});

test('another import under way is told as such, not as a fault', async () => {
  const { db } = desk.bot;
  const real = db.read;
  // Between the staging and the report another one begins.
  vi.spyOn(db, 'read').mockImplementation(async (queries) => {
    if (queries.some(({ sql: text }) => text.includes('TOTAL(s.verdict')))
      await db.write([sql('DROP TABLE importing_anime'), sql('DROP TABLE importing_control')]);
    return real(queries);
  });
  await send('old.json', Buffer.from(OLD));
  vi.restoreAllMocks();
  expect(desk.last().text).toContain('boshqa fayl import qilinmoqda');
  expect(await count('failed_updates')).toBe(0);
});

test('a file from somebody who is no admin is not an import', async () => {
  const viewer = desk.telegram.person({ id: 501, firstName: 'Vali' });
  await viewer.start();
  await viewer.send({ document: { name: 'old.json', bytes: Buffer.from(OLD) } });
  expect(viewer.lastMessage().text).not.toContain('Import');
  expect(await count('anime')).toBe(0);
});

test('on Node an import can be stopped while the bot goes on, and everything is as it was', async () => {
  onNode();
  await send('old.json', Buffer.from(OLD));
  const settled = underWay();
  await desk.press(/Import qilish/);
  // The update is handled, the import goes on: another one is answered meanwhile.
  await desk.admin.send('/help');
  await desk.press(/To‘xtatish/);
  await settled();
  expect(await count('anime')).toBe(0);
  expect(desk.admin.messages().map(({ text }) => text)).toContainEqual(
    expect.stringContaining('Hech narsa o‘zgarmadi'),
  );
  await send('old.json', Buffer.from(OLD));
  await settled();
  await desk.press(/Import qilish/);
  await settled();
  expect(await count('anime')).toBe(1);
});

test('the bot’s writes wait for the merge, and go through after it', async () => {
  const held: string[] = [];
  onNode(() => {
    held.push('hold');
    return () => held.push('release');
  });
  await send('old.json', Buffer.from(OLD));
  await desk.press(/Import qilish/);
  expect(held).toEqual(['hold', 'release']);
  expect(await count('anime')).toBe(1);
});
