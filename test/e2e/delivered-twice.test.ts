/** Telegram delivers a file again while the Node host still reads it. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { freePort } from '../../sim/free-ports.ts';
import { startTelegram } from '../../sim/telegram/start-telegram.ts';
import { hostProcesses } from '../support/host-process.ts';

const SECRET = 'delivered_twice';

test('an upload that is delivered twice is fetched, read and answered once', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'delivered-twice-'));
  const telegram = await startTelegram();
  const hosts = hostProcesses();
  const port = await freePort();
  try {
    const admin = telegram.person({ firstName: 'Admin' });
    const host = hosts.start(directory, {
      TELEGRAM_API_ROOT: telegram.apiRoot,
      BOT_TOKEN: telegram.token,
      ADMIN_IDS: String(admin.id),
      DEFAULT_LOCALE: 'en',
      PORT: String(port),
      PUBLIC_URL: `http://127.0.0.1:${port}`,
      WEBHOOK_SECRET: SECRET,
    });
    await host.until(/"event":"started"/);
    const post = async (update: unknown): Promise<[number, string]> => {
      const answer = await fetch(`http://127.0.0.1:${port}/webhook`, {
        method: 'POST',
        headers: { 'X-Telegram-Bot-Api-Secret-Token': SECRET },
        body: JSON.stringify(update),
      });
      return [answer.status, await answer.text()];
    };
    let times = 1;
    const answers: [number, string][] = [];
    telegram.connect(async (update) => {
      answers.push(...(await Promise.all(Array.from({ length: times }, () => post(update)))));
      return 200;
    });
    await admin.send('/start');
    const before = admin.messages().length;
    times = 3;
    const bytes = new TextEncoder().encode(JSON.stringify({ anime: [{ code: 1, title: 'A' }] }));
    await admin.send({ document: { name: 'old.json', bytes } });
    // The reading goes on after the update was answered.
    await vi.waitFor(() => expect(admin.lastMessage().text).not.toContain('being read'), 60_000);
    // One of the bot's for one of the admin's.
    expect(admin.messages().length - before).toBe(2);
    expect(telegram.calls.filter(({ method }) => method === 'getFile')).toHaveLength(1);
    expect(answers.slice(1).map(([status]) => status)).toEqual([200, 200, 200]);
    expect(host.output().match(/"handler":"admin import"/g)).toHaveLength(1);
  } finally {
    await hosts.stopAll();
    await telegram.close();
    rmSync(directory, { recursive: true, force: true, maxRetries: 10 });
  }
});
