/**
 * A host begun by startNode, with its real HTTP server in the process: what only then goes wrong.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { startTelegram } from '../../sim/telegram/start-telegram.ts';
import type { Telegram } from '../../sim/telegram/telegram.ts';
import { type RunningNode, startNode } from '../../src/hosts/node/node-host.ts';
import { readConfig } from '../../src/settings/config.ts';

const ADMIN_ID = 100;
const GLOBALS = [globalThis.Request, globalThis.Response];
let directory: string;
let telegram: Telegram;
let running: RunningNode | undefined;

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'anime-server-'));
  telegram = await startTelegram();
});
afterEach(async () => {
  await running?.stop();
  running = undefined;
  await telegram.close();
  rmSync(directory, { recursive: true, force: true, maxRetries: 10 });
});

async function startHost(): Promise<RunningNode> {
  const settings = {
    BOT_TOKEN: telegram.token,
    TELEGRAM_API_ROOT: telegram.apiRoot,
    ADMIN_IDS: String(ADMIN_ID),
    DATABASE_URL: `file:${join(directory, 'bot.db')}`,
    BACKUP_DIR: join(directory, 'backups'),
    PORT: '0',
    LOG_LEVEL: 'silent',
  };
  running = await startNode(readConfig(settings, 'node'));
  await telegram.polling();
  return running;
}

test('"send here" sends both files of a backup', async () => {
  const { backups } = await startHost();
  // The one of the start; another one would be told that it is in the way.
  await vi.waitFor(async () => expect(await backups.health()).toMatchObject({ ok: true }), 60_000);
  const admin = telegram.person({ id: ADMIN_ID, firstName: 'Olim' });
  await admin.send('/backups');
  const listed = admin.lastMessage();
  await admin.press(listed, listed.keyboard.flat()[0]?.text ?? '');
  await admin.press(admin.lastMessage(), '📨 Shu yerga yuborish');
  const files = () => admin.messages().flatMap(({ document }) => document ?? []);
  // They are sent after the press was answered.
  await vi.waitFor(() => expect(files()).toHaveLength(2), 60_000);
  const sent = files();
  expect(sent.map(({ name }) => name)).toEqual([
    expect.stringMatching(/^anime_bot_.*\.db\.gz$/),
    expect.stringMatching(/^anime_backup_.*\.json\.gz$/),
  ]);
  for (const { bytes } of sent) expect([...(bytes?.subarray(0, 2) ?? [])]).toEqual([0x1f, 0x8b]);
});

test('the server leaves the global Request and Response of the process alone', async () => {
  const { address } = await startHost();
  expect((await fetch(`${address}/healthz`)).status).toBeLessThan(600);
  expect([globalThis.Request, globalThis.Response]).toEqual(GLOBALS);
});
