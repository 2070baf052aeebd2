/** A start where the bucket takes connections and never answers. */
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { startTelegram } from '../../sim/telegram/start-telegram.ts';
import { PATIENCE_MS } from '../../src/hosts/node/last-stored.ts';
import { startNode } from '../../src/hosts/node/node-host.ts';
import { readConfig } from '../../src/settings/config.ts';
import { hostSettings } from '../support/host-settings.ts';

test('what a start asks the bucket it asks at once, and waits for it once', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'silent-bucket-'));
  const silent = createServer(() => {}).listen(0, '127.0.0.1');
  await once(silent, 'listening');
  const address = silent.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const telegram = await startTelegram();
  const settings = { ...hostSettings(telegram, directory), LOG_LEVEL: 'silent' };
  // The database was the bot's before: else the start asks more of the bucket.
  await (await startNode(readConfig(settings, 'node'))).stop();
  const s3 = {
    S3_ENDPOINT: `http://127.0.0.1:${address.port}`,
    S3_REGION: 'auto',
    S3_BUCKET: 'b',
    S3_ACCESS_KEY_ID: 'a',
    S3_SECRET_ACCESS_KEY: 'b',
  };
  const { BACKUP_DIR: _, ...others } = settings;
  const began = performance.now();
  const host = await startNode(readConfig({ ...others, ...s3 }, 'node'));
  expect((performance.now() - began) / PATIENCE_MS).toBeLessThan(1.8);
  silent.close();
  await host.stop();
  await telegram.close();
  rmSync(directory, { recursive: true, force: true, maxRetries: 10 });
}, 120_000);
