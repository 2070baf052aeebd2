/** `npm run deploy` as a process, with a wrangler that only notes that it was called. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type StandIns, startStandIns } from '../../dev/stand-ins.ts';
import { createS3Store } from '../../src/backup/store/s3.ts';
import { createBackupLedger } from '../../src/db/backup-runs.ts';
import { all, type Database, sql } from '../../src/db/database.ts';
import { migrate, SCHEMA_VERSION } from '../../src/db/migrate.ts';
import { openRemoteDatabase } from '../../src/db/remote.ts';

const MAIN = fileURLToPath(new URL('../../src/cli/deploy.ts', import.meta.url));
let directory: string;
let standIns: StandIns;
let db: Database;

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'anime-deploy-'));
  standIns = await startStandIns({ directory, adminIds: [1] });
  const wrangler = join(directory, 'wrangler');
  writeFileSync(
    wrangler,
    '#!/bin/sh\ntouch "$(dirname "$0")/deployed"\necho https://anime.example.workers.dev\n',
  );
  chmodSync(wrangler, 0o755);
  const { settings } = standIns;
  db = openRemoteDatabase({
    url: settings['DATABASE_URL'] ?? '',
    authToken: settings['DATABASE_AUTH_TOKEN'],
    fetch,
  });
});
afterEach(async () => {
  db.close();
  await standIns.close();
  rmSync(directory, { recursive: true, force: true });
});

async function deploy(): Promise<{ code: unknown; output: string }> {
  const child = spawn(process.execPath, [MAIN], {
    cwd: directory,
    env: {
      PATH: `${directory}${delimiter}${process.env['PATH']}`,
      NODE_NO_WARNINGS: '1',
      ...standIns.settings,
    },
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => {
      output += chunk.toString();
    });
  const [code] = await once(child, 'close');
  return { code, output };
}

const isDeployed = (): boolean => existsSync(join(directory, 'deployed'));
const backups = async (): Promise<number> =>
  (await createS3Store(standIns.s3).list('backups/')).filter(({ key }) => key.endsWith('.manifest.json'))
    .length;

test('backup, migration, wrangler, webhook', async () => {
  expect(await deploy()).toMatchObject({ code: 0, output: expect.stringContaining('updates waiting') });
  const [versions] = await db.read([
    all(sql('SELECT MAX(version) AS version FROM schema_migrations'), (row) => row.int('version')),
  ]);
  expect({ versions, isDeployed: isDeployed(), backups: await backups() }).toEqual({
    versions: [SCHEMA_VERSION],
    isDeployed: true,
    backups: 1,
  });
});

test('another run in the way of the backup: nothing is migrated and nothing deployed', async () => {
  await migrate(db, { now: () => new Date(), backup: async () => {} });
  await db.write([sql('DELETE FROM schema_migrations WHERE version = ?', SCHEMA_VERSION)]);
  await createBackupLedger(db).acquire('node host 7', 3_600_000);
  const { code, output } = await deploy();
  expect({ code, isDeployed: isDeployed(), backups: await backups() }).toEqual({
    code: 1,
    isDeployed: false,
    backups: 0,
  });
  expect(output).toMatch(/nothing was deployed.*another run is under way \(node host 7\)/);
});
