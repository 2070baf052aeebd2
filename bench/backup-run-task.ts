/** One measured run, or the servers it talks to; a process of its own each. Started by backup-run.ts. */
import { type ChildProcess, fork } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { systemClock } from '../src/backup/clock.ts';
import type { BackupContext } from '../src/backup/context.ts';
import type { BackupPhase } from '../src/backup/progress.ts';
import { runBackup } from '../src/backup/run.ts';
import { openEmbeddedSnapshotSource } from '../src/backup/snapshot/embedded.ts';
import { openRemoteSnapshotSource } from '../src/backup/snapshot/remote.ts';
import { createDirectoryStore } from '../src/backup/store/directory.ts';
import type { S3Settings } from '../src/backup/store/s3-client.ts';
import { createBackupLedger } from '../src/db/backup-runs.ts';
import { openEmbeddedDatabase } from '../src/db/embedded.ts';
import { openRemoteDatabase } from '../src/db/remote.ts';

/** A sample costs a tenth of a millisecond or more (it asks the system for rss). */
const SAMPLE_MS = 25;
/** As the bot does it (src/compose.ts). */
const GZIP_LEVEL = 1;

type Parts = Pick<BackupContext, 'source' | 'store' | 'ledger'>;

interface Servers {
  readonly url: string;
  readonly s3: S3Settings;
}

const [kind, file = '', directory = ''] = process.argv.slice(2);
if (kind === 'servers') await serve();
else if (kind === 'remote') await runRemote();
else await runEmbedded();

/** Imports what only it needs by itself: a measured process must not carry the servers' code in its heap. */
async function serve(): Promise<void> {
  const { startFauxqs } = await import('../dev/s3/fauxqs.ts');
  const { startSqlServer } = await import('../dev/sql-over-http/server.ts');
  const server = await startSqlServer({ file });
  const s3 = await startFauxqs();
  process.send?.({ url: server.url, s3: s3.settings } satisfies Servers);
  process.once('disconnect', () => process.exit(0));
}

async function runEmbedded(): Promise<void> {
  const bucket = mkdtempSync(join(directory, 'bucket-'));
  const db = await openEmbeddedDatabase(file);
  const source = openEmbeddedSnapshotSource({ path: file });
  await measured({ source, store: createDirectoryStore(bucket), ledger: createBackupLedger(db) });
  db.close();
  rmSync(bucket, { recursive: true });
}

async function runRemote(): Promise<void> {
  const { createS3Store } = await import('../src/backup/store/s3.ts');
  const self = fileURLToPath(import.meta.url);
  const child = fork(self, ['servers', file], { execArgv: [] });
  const { url, s3 } = await announced(child);
  let requests = 0;
  const counting: typeof fetch = (input, init) => {
    requests += 1;
    return fetch(input, init);
  };
  const db = openRemoteDatabase({ url, authToken: undefined, fetch: counting });
  const store = createS3Store(s3, { fetch: (input, init) => counting(input, init) });
  const source = openRemoteSnapshotSource({ url, fetch: counting });
  await measured({ source, store, ledger: createBackupLedger(db) }, () => requests);
  db.close();
  child.disconnect();
}

function announced(child: ChildProcess): Promise<Servers> {
  return new Promise((resolve, reject) => {
    child.once('message', (message) => resolve(message as Servers));
    child.once('exit', (code) => reject(new Error(`the servers ended with exit code ${code}`)));
  });
}

async function measured(parts: Parts, requests?: () => number): Promise<void> {
  const peaks: Record<string, number> = { snapshot: 0, proof: 0, retention: 0 };
  let phase: BackupPhase = 'snapshot';
  let rss = 0;
  const sample = (): void => {
    const usage = process.memoryUsage();
    peaks[phase] = Math.max(peaks[phase] ?? 0, usage.heapUsed + usage.external);
    rss = Math.max(rss, usage.rss);
  };
  const timer = setInterval(sample, SAMPLE_MS);
  const begun = performance.now();
  const cpuBefore = process.cpuUsage();
  const outcome = await runBackup(
    {
      ...parts,
      prefix: '',
      clock: systemClock,
      random: Math.random,
      holder: 'bench',
      appVersion: 'bench',
      libraries: {},
      encryption: undefined,
      keys: undefined,
      retention: { days: 90 },
      gzipLevel: GZIP_LEVEL,
      timeoutMs: 3_600_000,
      alert: async ({ message }) => console.error(message),
    },
    {
      trigger: 'command',
      scheduledAt: new Date(),
      onProgress: (progress) => {
        phase = progress.phase;
      },
    },
  );
  const seconds = (performance.now() - begun) / 1000;
  const cpu = process.cpuUsage(cpuBefore);
  clearInterval(timer);
  if (outcome.kind !== 'done') throw new Error(JSON.stringify(outcome));
  const { database, document } = outcome.manifest.objects;
  const result = {
    seconds,
    cpuSeconds: (cpu.user + cpu.system) / 1e6,
    peakMB: Math.max(...Object.values(peaks)) / 1e6,
    rssMB: rss / 1e6,
    storedMB: (database.bytes + document.bytes) / 1e6,
    ...(requests === undefined ? {} : { requests: requests() }),
  };
  console.log(JSON.stringify(result));
}
