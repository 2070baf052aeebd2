/**
 * The Worker as it is deployed: bundled from wrangler.toml, run by workerd, against the stand-ins
 * over loopback.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startWorkerRuntime, type WorkerRuntime } from '../../dev/worker-runtime.ts';
import { STAND_IN_SECRET, type StandIns, startStandIns } from '../../sim/stand-ins.ts';
import { createS3Store } from '../../src/backup/store/s3-store.ts';
import { openRemoteDatabase } from '../../src/db/remote-database.ts';
import { addAnime } from '../support/catalogue.ts';

let directory: string;
let standIns: StandIns;
let worker: WorkerRuntime;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'anime-worker-'));
  standIns = await startStandIns({ directory, ownerIds: [1001] });
  worker = await startWorkerRuntime(standIns.settings);
  const headers = { 'X-Telegram-Bot-Api-Secret-Token': STAND_IN_SECRET };
  standIns.telegram.connect(async (update) =>
    worker.fetch('/webhook', { method: 'POST', headers, body: JSON.stringify(update) }),
  );
});
afterAll(async () => {
  await worker.close();
  await standIns.close();
  rmSync(directory, { recursive: true, force: true, maxRetries: 10 });
});

const database = (): ReturnType<typeof openRemoteDatabase> =>
  openRemoteDatabase({
    url: standIns.sql.url,
    authToken: standIns.settings['DATABASE_AUTH_TOKEN'],
    fetch,
  });

describe('the Worker in workerd', () => {
  test('migrates an empty database on its first update and answers it', async () => {
    const viewer = standIns.telegram.person({ firstName: 'Aziza' });
    await viewer.send('/start');
    expect(viewer.lastMessage().text).toContain('Aziza');
  });

  test('a code opens its card, the card its parts, a part its video: one read batch, one write batch, one call', async () => {
    const viewer = standIns.telegram.person();
    await viewer.send('/start');
    // People's uploads give file ids that this bot may send.
    const upload = await viewer.send({ video: {} });
    const fileId = upload.file?.fileId ?? '';
    await addAnime(database(), { code: 12, title: 'Naruto & do‘stlari', parts: [fileId, fileId, fileId] });
    standIns.telegram.forgetCalls();
    const before = standIns.sql.requestCount;
    await viewer.send('12');
    expect(standIns.telegram.calls.map((call) => call.method)).toEqual(['sendMessage']);
    expect(standIns.sql.requestCount - before).toBe(2);
    const card = viewer.lastMessage();
    expect(card.text).toContain('Naruto & do‘stlari');
    await viewer.press(card, card.keyboard[0]?.[0]?.text ?? '');
    await viewer.press(viewer.lastMessage(), '2');
    expect(viewer.lastMessage().kind).toBe('video');
  });

  test('refuses strangers, non-updates and huge bodies, never with a 500', async () => {
    const headers = { 'X-Telegram-Bot-Api-Secret-Token': STAND_IN_SECRET };
    const post = async (body: string, given: Record<string, string>): Promise<number> =>
      (await worker.fetch('/webhook', { method: 'POST', headers: given, body })).status;
    expect(await post('{"update_id":1}', {})).toBe(401);
    expect(await post('{"update_id":1}', { 'X-Telegram-Bot-Api-Secret-Token': `${STAND_IN_SECRET}x` })).toBe(
      401,
    );
    expect(await post('no json', headers)).toBe(400);
    expect(await post('x'.repeat(1_100_000), headers)).toBe(413);
    expect((await worker.fetch('/backups/x?admin=1&expires=9999999999&signature=00')).status).toBe(403);
    expect((await worker.fetch('/nowhere')).status).toBe(404);
  });

  test('many requests at once, the first of an isolate or later ones: each gets its own answer', async () => {
    const fresh = await startWorkerRuntime(standIns.settings);
    const headers = { 'X-Telegram-Bot-Api-Secret-Token': STAND_IN_SECRET };
    const update = (id: number): string =>
      JSON.stringify({
        update_id: 900_000 + id,
        message: {
          message_id: id,
          date: 1_790_000_000,
          chat: { id: 50_000 + id, type: 'private', first_name: 'V' },
          from: { id: 50_000 + id, is_bot: false, first_name: 'V' },
          text: '/start',
        },
      });
    const many = (ask: (i: number) => Promise<Response>): Promise<number[]> =>
      Promise.all(Array.from({ length: 32 }, async (_, i) => (await ask(i)).status));
    try {
      const webhooks = await many((i) =>
        fresh.fetch('/webhook', { method: 'POST', headers, body: update(i) }),
      );
      expect(webhooks).toEqual(Array(32).fill(200));
      const healths = await many(() => fresh.fetch('/healthz'));
      expect(healths.filter((status) => status !== 200 && status !== 503)).toEqual([]);
      expect((await fresh.fetch('/webhook', { method: 'POST', headers, body: update(33) })).status).toBe(200);
    } finally {
      await fresh.close();
    }
  });

  test('cron writes both files and the manifest; the .db opens in SQLite, the JSON has every row', async () => {
    expect((await worker.fetch('/healthz')).status).toBe(503);
    const at = new Date('2026-11-22T02:00:00Z');
    await worker.scheduled('0 2 * * *', at);
    await worker.scheduled('0 2 * * *', at);
    const store = createS3Store({ ...standIns.s3 });
    const keys = (await store.list('backups/')).map(({ key }) => key);
    expect(keys).toEqual([
      'backups/anime_backup_20261122_020000.json.gz',
      'backups/anime_backup_20261122_020000.manifest.json',
      'backups/anime_bot_20261122_020000.db.gz',
    ]);
    const read = async (key: string): Promise<Buffer> => {
      const found = await store.get(key);
      return Buffer.from(await new Response(found?.body).arrayBuffer());
    };
    const file = join(directory, 'restored.db');
    writeFileSync(file, gunzipSync(await read('backups/anime_bot_20261122_020000.db.gz')));
    const restored = new DatabaseSync(file, { readOnly: true, timeout: 10_000 });
    expect(restored.prepare('PRAGMA integrity_check').all()).toEqual([{ integrity_check: 'ok' }]);
    expect(restored.prepare('PRAGMA foreign_key_check').all()).toEqual([]);
    expect(restored.prepare('SELECT title FROM anime WHERE code = 12').get()).toEqual({
      title: 'Naruto & do‘stlari',
    });
    restored.close();
    const document = JSON.parse(
      gunzipSync(await read('backups/anime_backup_20261122_020000.json.gz')).toString(),
    );
    expect(document.anime).toHaveLength(1);
    expect(document.anime[0].parts).toHaveLength(3);
    expect(document.users.length).toBeGreaterThan(0);
    const manifest = JSON.parse(
      (await read('backups/anime_backup_20261122_020000.manifest.json')).toString(),
    );
    expect(manifest.state).toBe('verified');
    expect(manifest.libraries).toMatchObject({
      runtime: 'Cloudflare-Workers',
      '@libsql/client': expect.stringMatching(/^\d/),
    });
    expect(worker.logs().join('\n')).not.toMatch(/stand-in-database-token|AAStandIn/);
  });
});
