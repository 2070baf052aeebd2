/** A host with a token and no admins would look well and be of no use: its start says so loudly. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { startTelegram } from '../../sim/telegram/start-telegram.ts';
import type { Telegram } from '../../sim/telegram/telegram.ts';
import { hostProcesses } from '../support/host-process.ts';

let directory: string;
let telegram: Telegram;
const hosts = hostProcesses();

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'no-admins-'));
  telegram = await startTelegram();
});
afterEach(async () => {
  await hosts.stopAll();
  await telegram.close();
  rmSync(directory, { recursive: true, force: true, maxRetries: 10 });
});

test.each([
  ['', true],
  ['7', false],
])('ADMIN_IDS=%s', async (ids, isTold) => {
  const settings = { BOT_TOKEN: telegram.token, TELEGRAM_API_ROOT: telegram.apiRoot, PORT: '0' };
  const host = hosts.start(directory, { ...settings, ADMIN_IDS: ids });
  await host.until(/\bstarted\b/);
  expect(/NO ADMINS: ADMIN_IDS is not set/.test(host.output())).toBe(isTold);
});
