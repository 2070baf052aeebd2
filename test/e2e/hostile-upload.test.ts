/**
 * The Node host goes on while a file that an admin sent keeps SQLite busy, and says what is wrong
 * with the file.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { startTelegram } from '../../sim/telegram/start-telegram.ts';
import { hostProcesses } from '../support/host-process.ts';

/**
 * Some 8 KB. Every row has an index to be checked over a text that takes SQLite some milliseconds,
 * within all limits of size.
 */
function timeBomb(path: string): Uint8Array {
  const db = new DatabaseSync(path, { timeout: 10_000 });
  const slow = "length(replace(hex(zeroblob(N)), '0', '00'))";
  db.exec(`CREATE TABLE anime (code INTEGER, description TEXT); CREATE INDEX i ON anime (${slow.replace('N', '3')});
    WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 700) INSERT INTO anime SELECT i, '' FROM n`);
  db.enableDefensive(false);
  db.exec(
    "PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql = replace(sql, 'zeroblob(3)', 'zeroblob(200000)')",
  );
  db.close();
  return readFileSync(path);
}

test('/healthz answers while a hostile database is looked into, and the admin is told', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'hostile-upload-'));
  const telegram = await startTelegram();
  const hosts = hostProcesses();
  try {
    const admin = telegram.person({ firstName: 'Admin' });
    const host = hosts.start(directory, {
      TELEGRAM_API_ROOT: telegram.apiRoot,
      BOT_TOKEN: telegram.token,
      ADMIN_IDS: String(admin.id),
      PORT: '0',
    });
    await host.until(/"updates":"polling"/);
    await telegram.polling();
    await admin.send('/start');
    const address = /"address":"([^"]+)"/.exec(host.output())?.[1] ?? '';
    const answered = admin.messages().length;
    const waits: number[] = [];
    let isOver = false;
    const asking = (async () => {
      while (!isOver) {
        const began = performance.now();
        await (await fetch(`${address}/healthz`)).text();
        waits.push(performance.now() - began);
        await sleep(20);
      }
    })();
    const bytes = timeBomb(join(directory, 'bomb.db'));
    const began = performance.now();
    await admin.send({ document: { name: 'old.db', bytes } });
    const isReading = (): boolean =>
      admin.messages().length === answered + 1 || admin.lastMessage().text.includes('o‘qilmoqda');
    while (isReading() && performance.now() - began < 120_000) await sleep(50);
    const took = performance.now() - began;
    isOver = true;
    await asking;
    expect(admin.lastMessage().text).toMatch(/Fayl buzilgan|Файл/);
    // One core is busy with the file all the while; the bot never waits for it.
    expect(Math.max(...waits)).toBeLessThan(took / 2);
  } finally {
    await hosts.stopAll();
    await telegram.close();
    rmSync(directory, { recursive: true, force: true, maxRetries: 10 });
  }
});
