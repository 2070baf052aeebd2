/** A file that an admin sends is read, staged and merged in the Worker itself. */
import { Buffer } from 'node:buffer';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest';
import { DocumentError } from '../../src/backup/document/window.ts';
import { createDocumentSink } from '../../src/backup/document/writer.ts';
import { type ImportReport, importRecords } from '../../src/backup/import/import.ts';
import { openImportBytes, UnfitFile } from '../../src/backup/import/open-bytes.ts';
import { feed } from '../../src/backup/model/fan-out.ts';
import { openRemoteSnapshotSource } from '../../src/backup/snapshot/remote.ts';
import { type Database, sql } from '../../src/db/database.ts';
import { migrate } from '../../src/db/migrate.ts';
import { openRemoteDatabase } from '../../src/db/remote-database.ts';
import { exportCatalogue } from '../../src/handlers/admin/export.ts';
import { memoryWriter } from '../backup/document/support.ts';
import type { SqlStandIns } from './sql-stand-in.ts';

const { sql: standIns } = JSON.parse(inject('standIns')) as { sql: SqlStandIns };
const { url } = standIns.empty;
let db: Database;
beforeAll(async () => {
  db = openRemoteDatabase({ url, authToken: undefined, fetch: (...args) => fetch(...args) });
  await migrate(db, { now: () => new Date('2026-01-01T00:00:00Z'), backup: async () => {} });
});
beforeEach(async () => {
  await db.write(
    ['anime', 'users', 'groups', 'mandatory_channels'].map((table) => sql(`DELETE FROM ${table}`)),
  );
});
afterAll(() => db.close());

async function importBytes(bytes: Uint8Array<ArrayBuffer>, dryRun = false): Promise<ImportReport> {
  const body = new Response(bytes).body ?? new ReadableStream();
  const records = await openImportBytes(body, { utcOffsetMinutes: 300 });
  return importRecords(db, records, { id: crypto.randomUUID(), prefer: 'newer', dryRun });
}

const bytesOf = (text: string): Uint8Array<ArrayBuffer> => new Uint8Array(Buffer.from(text));

/** Rows as JSON arrays: integers keep their digits. */
async function rows(columns: string, rest: string): Promise<string[]> {
  const statement = sql(`SELECT json_array(${columns}) AS r FROM ${rest}`);
  const [found] = await db.read([{ ...statement, parse: (all) => all.map((row) => row.text('r')) }]);
  return found;
}

const contents = async (): Promise<string[][]> => [
  await rows('code, title, description, created_at', 'anime ORDER BY code'),
  await rows('anime_code, part_number, file_id', 'anime_parts ORDER BY anime_code, part_number'),
  await rows('user_id, username', 'users ORDER BY user_id'),
  await rows('group_id, name', 'groups ORDER BY group_id'),
  await rows('user_id, anime_code, viewed_at', 'user_history ORDER BY user_id'),
];

/**
 * Gaps, local times, the largest id, Cyrillic, ids as text, a NUL; a BOM and Windows' line ends
 * around it.
 */
const OLD = `\ufeff{"backup_timestamp": "2024-01-01T12:00:00.123456",\r\n
 "anime": [{"id": 7, "code": 5, "description": "Наруто — ўлим 🎬", "created_at": "2024-01-01T12:00:00.123456",
   "parts": [{"part_number": 1, "file_id": "f1"}, {"part_number": null, "file_id": "f2"}]},\r\n
   {"code": "12", "description": "a\\u0000b"}, {"code": 0}],
 "groups": [{"id": 3, "group_id": "-1001234567890", "name": null}],
 "users": [{"user_id": 9007199254740991, "username": "ўзбек"}],
 "user_history": [{"user_id": 55, "anime_code": 5, "viewed_at": "2024-01-02T03:04:05.5"}]}\r\n`;

const OLD_CONTENTS = [
  ['[5,null,"Наруто — ўлим 🎬","2024-01-01 07:00:00"]', expect.stringMatching(/^\[12,null,"ab",/)],
  ['[5,1,"f1"]', '[5,2,"f2"]'],
  ['[55,null]', '[9007199254740991,"ўзбек"]'],
  ['[-1001234567890,""]'],
  ['[55,5,"2024-01-01 22:04:05"]'],
];

describe('in workerd', () => {
  test('the old bot’s JSON: looked at, then merged, then nothing more to do', async () => {
    const plan = await importBytes(bytesOf(OLD), true);
    expect((await contents()).flat()).toEqual([]);
    const report = await importBytes(bytesOf(OLD));
    expect(report).toEqual(plan);
    expect(await contents()).toEqual(OLD_CONTENTS);
    expect(report.refusals.map(({ place, what }) => `${what} ${place}`)).toEqual([
      'mended anime[1].description',
      'row anime[2]',
    ]);
    const again = await importBytes(new Uint8Array(gzipSync(Buffer.from(OLD))));
    expect(again.tables.filter(({ added, changed }) => added + changed > 0)).toEqual([]);
  });

  test('UTF-16, as a Windows editor saves it', async () => {
    await importBytes(new Uint8Array(Buffer.from(OLD, 'utf16le')));
    expect(await contents()).toEqual(OLD_CONTENTS);
  });

  test('our own document, packed, and an export bring everything back', async () => {
    await importBytes(bytesOf(OLD));
    const before = await contents();
    const out = memoryWriter();
    const sink = createDocumentSink(out, {
      backupTime: new Date('2026-01-01T00:00:00Z'),
      appVersion: '0.1.0',
      schemaVersion: 4,
    });
    await openRemoteSnapshotSource({ url, fetch }).read((snapshot) =>
      feed(snapshot, { ordered: sink, others: [] }, async () => {}),
    );
    await sink.finish();
    const { json } = await exportCatalogue(db, new Date('2026-01-01T00:00:00Z'));
    await db.write(['anime', 'users', 'groups'].map((table) => sql(`DELETE FROM ${table}`)));
    await importBytes(new Uint8Array(gzipSync(out.bytes())));
    expect(await contents()).toEqual(before);
    const exported = await importBytes(new Uint8Array(json));
    expect(exported.tables.filter(({ added, changed }) => added + changed > 0)).toEqual([]);
  });

  test('a cut file is an error that says where, and nothing was changed', async () => {
    for (const share of [0.3, 0.6, 0.95]) {
      const cut = bytesOf(OLD).slice(0, Math.floor(Buffer.byteLength(OLD) * share));
      await expect(importBytes(cut)).rejects.toBeInstanceOf(DocumentError);
    }
    const packed = new Uint8Array(gzipSync(Buffer.from(OLD)));
    await expect(importBytes(packed.slice(0, -20))).rejects.toMatchObject({ name: 'UnsealError' });
    expect((await contents()).flat()).toEqual([]);
    expect(await rows('name', "sqlite_schema WHERE name GLOB 'importing_*'")).toEqual([]);
  });

  test('a bomb is given up at the limit, and nothing was changed', async () => {
    const item = Buffer.alloc(1_000_000, ' ');
    item.write('{"code":5},');
    const bomb = gzipSync(
      Buffer.concat([Buffer.from('{"anime":['), ...Array.from({ length: 40 }, () => item)]),
    );
    const body = new Response(new Uint8Array(bomb)).body ?? new ReadableStream();
    const options = { utcOffsetMinutes: 300, maxBytes: 10_000_000 };
    const read = async (): Promise<ImportReport> =>
      importRecords(db, await openImportBytes(body, options), { id: 'bomb', prefer: 'newer', dryRun: false });
    // Of the kind that the bot answers in words.
    await expect(read()).rejects.toMatchObject({
      name: 'UnsealError',
      message: expect.stringContaining('unpacks to more than 10 MB'),
    });
    expect((await contents()).flat()).toEqual([]);
  });

  test.each([
    ['nothing at all', ''],
    ['no file of ours', 'hello'],
    ['a database', 'SQLite format 3\0'],
    ['an encrypted file', 'age-encryption.org/v1\n-> X25519 x\n'],
  ])('%s is told apart', async (_, text) => {
    await expect(importBytes(bytesOf(text))).rejects.toBeInstanceOf(UnfitFile);
  });

  test('20 MB, the most that Telegram gives a bot: in few requests', async () => {
    const description = 'Tavsif '.repeat(140);
    const anime = Array.from({ length: 19_000 }, (_, i) => ({ code: i + 1, description }));
    const bytes = bytesOf(JSON.stringify({ anime }));
    expect(bytes.byteLength).toBeGreaterThan(18_500_000);
    const before = db.roundTrips;
    const report = await importBytes(bytes);
    expect(report.tables).toMatchObject([{ table: 'anime', added: 19_000, refused: 0 }]);
    // The free plan has 50 subrequests for all that an update does.
    expect(db.roundTrips - before).toBeLessThanOrEqual(35);
  });
});
