/**
 * An installed bot has no `npm run backup --`: whatever tells of a backup command says what is
 * typed there.
 */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { Api } from 'grammy';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { startTelegram } from '../../sim/telegram/start-telegram.ts';
import type { Telegram } from '../../sim/telegram/telegram.ts';
import { standardOutput } from '../../src/hosts/node/log-output.ts';
import { startNode } from '../../src/hosts/node/node-host.ts';
import { asCalledHere, asCalledInJson, callsAsHere } from '../../src/settings/command-name.ts';
import { readConfig } from '../../src/settings/config.ts';
import { hostSettings } from '../support/host-settings.ts';

let directory: string;
let telegram: Telegram;
beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'command-name-'));
  telegram = await startTelegram();
});
afterEach(async () => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
  await telegram.close();
  rmSync(directory, { recursive: true, force: true, maxRetries: 10 });
});

test('the host: its log and /healthz', async () => {
  const settings = hostSettings(telegram, directory);
  const lines: string[] = [];
  vi.spyOn(standardOutput, 'write').mockImplementation((line) => void lines.push(line));
  await (await startNode(readConfig(settings, 'node'))).stop();
  const db = new DatabaseSync(join(directory, 'bot.db'), { timeout: 10_000 });
  db.exec('DROP TABLE user_history');
  db.close();
  // But for the mark, without which it would be another directory.
  for (const entry of readdirSync(join(directory, 'backups')))
    if (!entry.includes('place')) rmSync(join(directory, 'backups', entry), { recursive: true });
  vi.stubEnv('ANIME_BACKUP_COMMAND', 'sudo "anime" backup');
  const host = await startNode(readConfig(settings, 'node'));
  try {
    await vi.waitFor(
      async () => {
        const told: unknown = await (await fetch(`${host.address}/healthz`)).json();
        expect(told).toMatchObject({ backup: { damaged: 'see `sudo "anime" backup list`' } });
      },
      { timeout: 60_000, interval: 100 },
    );
  } finally {
    await host.stop();
  }
  const events = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  expect(events.find(({ event }) => event === 'database incomplete')?.['message']).toContain(
    'sudo "anime" backup restore latest --only user_history',
  );
  expect(lines.join('\n')).not.toContain('npm run backup');
});

test('messages in Telegram, as HTML where they are HTML', async () => {
  vi.stubEnv('ANIME_BACKUP_COMMAND', 'cd <dir> && ab');
  const sent: unknown[] = [];
  const api = new Api('1:x');
  api.config.use((_call, _method, payload) => {
    sent.push(payload);
    return Promise.resolve({ ok: true, result: true }) as never;
  }, callsAsHere);
  await api.sendMessage(1, 'run <code>npm run backup -- prune</code>', { parse_mode: 'HTML' });
  await api.sendDocument(1, 'id', { caption: 'npm run backup -- list' });
  expect(sent).toMatchObject([
    { chat_id: 1, text: 'run <code>cd &lt;dir&gt; &amp;&amp; ab prune</code>', parse_mode: 'HTML' },
    { document: 'id', caption: 'cd <dir> && ab list' },
  ]);
});

test('where nothing is set, as the texts have it', () => {
  vi.stubEnv('ANIME_BACKUP_COMMAND', '');
  for (const said of [asCalledHere, asCalledInJson])
    expect(said('npm run backup -- list')).toBe('npm run backup -- list');
});
