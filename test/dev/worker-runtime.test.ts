/**
 * The Worker on stand-ins beside the files of a real bot: wrangler reads both of them unasked, and
 * with these settings no Worker starts.
 */
import { copyFileSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startWorkerRuntime } from '../../dev/worker-runtime.ts';
import { type StandIns, startStandIns } from '../../sim/stand-ins.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
let directory: string;
let standIns: StandIns;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'anime-runtime-'));
  copyFileSync(join(ROOT, 'wrangler.toml'), join(directory, 'wrangler.toml'));
  for (const name of ['src', 'node_modules']) symlinkSync(join(ROOT, name), join(directory, name));
  standIns = await startStandIns({ directory, ownerIds: [1001] });
});
afterAll(async () => {
  await standIns.close();
  rmSync(directory, { recursive: true, force: true, maxRetries: 10 });
});

test.each(['.env', '.dev.vars'])('what the owner has in %s does not reach it', async (file) => {
  writeFileSync(join(directory, file), 'COPY_DIR=/somewhere\n');
  const worker = await startWorkerRuntime(standIns.settings, directory);
  try {
    const { status } = await worker.fetch('/webhook', { method: 'POST', body: '{"update_id":1}' });
    expect({ status, logs: worker.logs() }).toEqual({ status: 401, logs: [] });
  } finally {
    await worker.close();
    rmSync(join(directory, file));
  }
});
