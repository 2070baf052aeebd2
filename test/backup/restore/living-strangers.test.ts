/** The start of the host names SQL in its database that the program did not make. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { startTelegram } from '../../../sim/telegram/start-telegram.ts';
import type { Telegram } from '../../../sim/telegram/telegram.ts';
import { standardOutput } from '../../../src/hosts/node/log-output.ts';
import { startNode } from '../../../src/hosts/node/node-host.ts';
import { readConfig } from '../../../src/settings/config.ts';
import { hostSettings } from '../../support/host-settings.ts';

let directory: string;
let telegram: Telegram;
beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'living-strangers-'));
  telegram = await startTelegram();
});
afterEach(async () => {
  vi.restoreAllMocks();
  await telegram.close();
  rmSync(directory, { recursive: true, force: true, maxRetries: 10 });
});

test('a start on a database with a foreign trigger and default says so; one on its own says nothing', async () => {
  const settings = hostSettings(telegram, directory);
  const lines: string[] = [];
  vi.spyOn(standardOutput, 'write').mockImplementation((line) => void lines.push(line));
  const told = () =>
    lines
      .map((line) => JSON.parse(line) as Record<string, unknown>)
      .filter(({ event }) => String(event).includes('foreign SQL'));
  await (await startNode(readConfig(settings, 'node'))).stop();
  expect(told()).toEqual([]);

  const db = new DatabaseSync(join(directory, 'bot.db'));
  db.exec(`CREATE TRIGGER spy AFTER INSERT ON users BEGIN DELETE FROM follows; END;
    ALTER TABLE users ADD COLUMN vip CHECK (vip <> 0); CREATE INDEX mine ON users (source)`);
  db.close();
  await (await startNode(readConfig(settings, 'node'))).stop();
  expect(told()).toMatchObject([
    {
      level: 'warn',
      event: 'foreign SQL in the database',
      message:
        'not made by this program, and at work inside the bot: trigger spy, in table users: vip CHECK (vip <> 0)',
    },
  ]);
});
