/**
 * The Node host as a process, whose disks of backups are not mounted when it starts: it stores
 * nothing in the mount points, and says so in the log, by /healthz and to the admins.
 */
import { mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { startTelegram } from '../../sim/telegram/start-telegram.ts';
import type { Telegram } from '../../sim/telegram/telegram.ts';
import { MARK } from '../../src/backup/store/known-place.ts';
import { type HostProcess, hostProcesses } from '../support/host-process.ts';
import { hostSettings } from '../support/host-settings.ts';

const ADMIN = 7;
const WAIT = { timeout: 60_000, interval: 50 };
let directory: string;
let telegram: Telegram;
const hosts = hostProcesses();

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'unmounted-'));
  telegram = await startTelegram();
});
afterEach(async () => {
  await hosts.stopAll();
  await telegram.close();
  rmSync(directory, { recursive: true, force: true, maxRetries: 10 });
});

const at = (name: string): string => join(directory, name);
const start = (): HostProcess =>
  hosts.start(directory, {
    ...hostSettings(telegram, directory),
    ADMIN_IDS: String(ADMIN),
    COPY_DIR: at('usb'),
  });

test('nothing is stored there; the log, /healthz and the admins tell, once', async () => {
  const admin = telegram.person({ id: ADMIN, firstName: 'Admin' });
  const first = start();
  await first.until(/"outcome":"done"/);
  await admin.send('/start');
  // The copy follows with the next minute.
  await vi.waitFor(() => expect(readdirSync(at('usb'))).toContain(MARK), { timeout: 120_000, interval: 100 });
  await first.stop('SIGTERM');
  for (const name of ['backups', 'usb']) {
    renameSync(at(name), at(`${name}.away`));
    mkdirSync(at(name));
  }
  const second = start();
  await second.until(/is not the directory that the bot knows as BACKUP_DIR/);
  const alarms = (): string[] =>
    admin.messages().flatMap(({ text }) => (text?.includes('papka bot bilgan joy emas') ? [text] : []));
  await vi.waitFor(() => expect(alarms()).toHaveLength(1), WAIT);
  expect(alarms()[0]).toContain('accept first');
  const [, port = ''] = /127\.0\.0\.1:(\d+)/.exec(second.output()) ?? [];
  const health = await fetch(`http://127.0.0.1:${port}/healthz`);
  expect([health.status, await health.json()]).toEqual([
    503,
    expect.objectContaining({ backup: expect.objectContaining({ bucket: 'another directory' }) }),
  ]);
  await second.stop('SIGTERM');
  expect(['backups', 'usb'].map((name) => readdirSync(at(name)))).toEqual([[], []]);
});
