/** /healthz and a disk that takes nothing more. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { startTelegram } from '../../sim/telegram/start-telegram.ts';
import type { Telegram } from '../../sim/telegram/telegram.ts';
import { checkDisks, type DiskProbe, diskProbe } from '../../src/hosts/node/disk-room.ts';
import { type RunningNode, startNode } from '../../src/hosts/node/node-host.ts';
import { readConfig } from '../../src/settings/config.ts';
import { hostSettings } from '../support/host-settings.ts';

const error = (code: string): Error => Object.assign(new Error(code), { code });

function probe(how: { free?: number; write?: string; file?: string; missing?: string[] }): DiskProbe {
  return {
    free: async (directory) => {
      if (how.missing?.includes(directory)) throw error('ENOENT');
      return how.free ?? 10_000_000;
    },
    write: async () => {
      if (how.write !== undefined) throw error(how.write);
    },
    file: async () => {
      if (how.file !== undefined) throw error(how.file);
    },
  };
}

test.each([
  ['ok', {}],
  ['ok', { file: 'ENOENT', missing: ['/d/backups', '/d'] }],
  ['full', { free: 500_000 }],
  ['full', { write: 'ENOSPC' }],
  ['full', { write: 'EDQUOT' }],
  ['read-only', { write: 'EROFS' }],
  ['read-only', { file: 'EROFS' }],
  ['unwritable', { write: 'EACCES' }],
  ['unwritable', { file: 'EACCES' }],
  ['unwritable', { missing: ['/d/backups'], write: 'EIO' }],
])('%s: %j', async (state, how) => {
  expect(await checkDisks({ directories: ['/d/backups'], files: ['/d/bot.db'] }, probe(how))).toBe(state);
});

test('a mount that does not answer is told, not waited for', async () => {
  const stuck: DiskProbe = { ...probe({}), write: () => new Promise(() => {}) };
  expect(await checkDisks({ directories: ['/d'], files: [] }, stuck, 20)).toBe('stuck');
});

test('the probe leaves nothing behind', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'anime-probe-'));
  expect(await checkDisks({ directories: [directory, join(directory, 'a/b')], files: [] }, diskProbe)).toBe(
    'ok',
  );
  rmSync(directory, { recursive: true });
});

test('a link to a disk that is not mounted takes no writes', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'anime-probe-'));
  symlinkSync(join(directory, 'not-mounted'), join(directory, 'backups'));
  for (const place of ['backups', 'backups/below'])
    expect(await checkDisks({ directories: [join(directory, place)], files: [] })).toBe('unwritable');
  rmSync(directory, { recursive: true });
});

/** Only root may, and not in every container. */
function canMount(): boolean {
  const directory = mkdtempSync(join(tmpdir(), 'anime-mount-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', directory], { stdio: 'ignore' });
    execFileSync('umount', [directory], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  } finally {
    rmSync(directory, { recursive: true, force: true, maxRetries: 10 });
  }
}

describe.skipIf(!canMount())('a real small disk (skipped where mounting is not allowed)', () => {
  let directory: string;
  let telegram: Telegram;
  let host: RunningNode;

  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), 'anime-disk-'));
    for (const name of ['data', 'backups']) {
      mkdirSync(join(directory, name));
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=8m', 'tmpfs', join(directory, name)]);
    }
    telegram = await startTelegram();
    const settings = {
      ...hostSettings(telegram, directory),
      DATABASE_URL: `file:${join(directory, 'data/bot.db')}`,
      LOG_LEVEL: 'silent',
    };
    host = await startNode(readConfig(settings, 'node'));
  });
  afterAll(async () => {
    await host?.stop();
    await telegram?.close();
    for (const name of ['data', 'backups']) execFileSync('umount', ['-l', join(directory, name)]);
    rmSync(directory, { recursive: true, force: true, maxRetries: 10 });
  });

  /** Good news are kept for ten seconds, bad ones for one. */
  async function health(expected: object): Promise<void> {
    await vi.waitFor(
      async () => {
        const response = await fetch(`${host.address}/healthz`);
        expect({ code: response.status, ...((await response.json()) as object) }).toMatchObject(expected);
      },
      // Where a tick met the full disk, the next one finds that it takes writes again: a minute.
      { timeout: 120_000, interval: 100 },
    );
  }

  test.each(['data', 'backups'])(
    '%s full, and with room again',
    async (name) => {
      await health({ code: 200, disk: 'ok', status: 'ok' });
      const filler = join(directory, name, 'filler');
      try {
        expect(() => writeFileSync(filler, Buffer.alloc(9_000_000))).toThrow('ENOSPC');
        // A tick may try to write meanwhile.
        const database = expect.stringMatching(/^(ok|takes no writes)$/);
        await health({ code: 503, disk: 'full', database, status: 'failing' });
      } finally {
        rmSync(filler);
      }
      await health({ code: 200, disk: 'ok' });
    },
    300_000,
  );

  test('a bucket that became read-only, as after an error of the disk', async () => {
    await health({ code: 200, disk: 'ok' });
    const remount = (how: string) =>
      execFileSync('mount', ['-o', `remount,${how}`, join(directory, 'backups')]);
    remount('ro');
    await health({ code: 503, disk: 'read-only' });
    remount('rw');
    await health({ code: 200, disk: 'ok' });
  });
});
