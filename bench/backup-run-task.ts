/**
 * One measured run, or the servers it talks to, each in a process of its own. backup-run.ts starts
 * it.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { createReadStream, createWriteStream, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createBackupLedger } from '../src/backup/run/backup-runs.ts';
import type { BackupContext } from '../src/backup/run/context.ts';
import { runBackup } from '../src/backup/run/run.ts';
import { openEmbeddedSnapshotSource } from '../src/backup/snapshot/embedded.ts';
import { openRemoteSnapshotSource } from '../src/backup/snapshot/remote.ts';
import { createDirectoryStore } from '../src/backup/store/directory.ts';
import { openEmbeddedDatabase } from '../src/db/file/embedded-database.ts';
import { openRemoteDatabase } from '../src/db/remote-database.ts';
import { systemClock } from '../src/lib/clock.ts';
import type { S3Settings } from '../src/settings/s3-endpoint.ts';
import { benchContext } from './backup-context.ts';

/** A sample costs a tenth of a millisecond; with its garbage collection it costs ten. */
const SAMPLE_MS = global.gc === undefined ? 25 : 100;

type Parts = Pick<BackupContext, 'source' | 'store' | 'ledger'>;

const [kind, file = '', directory = '', time = ''] = process.argv.slice(2);
/** When the run begins, by its clock: its name, and so its rows, are the same each time. */
const startsAt = time === '' ? new Date() : new Date(time);
if (kind === 'sql')
  await serve(
    async () => (await (await import('../sim/sql-over-http/sql-server.ts')).startSqlServer({ file })).url,
  );
else if (kind === 's3')
  await serve(async () => (await (await import('../sim/s3/memory-server.ts')).startMemoryS3()).settings);
else if (kind === 'play') await serve(playCursor);
else if (kind === 'remote' || kind === 'record' || kind === 'recorded') await runRemote();
else await runEmbedded();

/**
 * Imports on demand: a measured process must not carry the servers' code in its heap. Tells its CPU
 * seconds at the end.
 */
async function serve(start: () => Promise<unknown>): Promise<void> {
  process.send?.(await start());
  process.once('message', () => {
    process.send?.(cpuSeconds(process.cpuUsage()), () => process.exit(0));
  });
  process.once('disconnect', () => process.exit(0));
}

function cpuSeconds({ user, system }: NodeJS.CpuUsage): number {
  return (user + system) / 1e6;
}

async function runEmbedded(): Promise<void> {
  const bucket = mkdtempSync(join(directory, 'bucket-'));
  const db = await openEmbeddedDatabase(file);
  const source = openEmbeddedSnapshotSource({ path: file });
  await measureRun(
    { source, store: createDirectoryStore(bucket), ledger: createBackupLedger(db) },
    async () => {
      db.close();
      rmSync(bucket, { recursive: true });
      return 0;
    },
  );
}

/** Answers every request with what `record` wrote. */
async function playCursor(): Promise<string> {
  const server = createServer((request, response) => {
    request.resume();
    createReadStream(`${file}.ndjson`, { highWaterMark: 256 * 1024 }).pipe(response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return `http://127.0.0.1:${address.port}`;
}

/** `record` is a run as well, which keeps the server's answer: that has the run itself in it. */
async function runRemote(): Promise<void> {
  const { createS3Store } = await import('../src/backup/store/s3-store.ts');
  const kinds = kind === 'recorded' ? ['sql', 's3', 'play'] : ['sql', 's3'];
  const servers = kinds.map((what) => fork(import.meta.filename, [what, file], { execArgv: [] }));
  const [url, s3, player] = (await Promise.all(servers.map(said))) as [string, S3Settings, string?];
  let requests = 0;
  let saved: Promise<void> | undefined;
  const counting: typeof fetch = async (input, init) => {
    requests += 1;
    if (!String(input).endsWith('/v3/cursor')) return fetch(input, init);
    const response = await fetch(player === undefined ? input : `${player}/v3/cursor`, init);
    if (kind !== 'record' || response.body === null) return response;
    const [kept, passed] = response.body.tee();
    saved = pipeline(kept, createWriteStream(`${file}.ndjson`));
    return new Response(passed, response);
  };
  const db = openRemoteDatabase({ url, authToken: undefined, fetch: counting });
  const store = createS3Store(s3, { fetch: (input, init) => counting(input, init) });
  const source = openRemoteSnapshotSource({ url, fetch: counting });
  const stop = async (): Promise<number> => {
    await saved;
    db.close();
    for (const server of servers) server.send('stop');
    const seconds = await Promise.all(servers.map(said));
    return seconds.reduce<number>((sum, each) => sum + Number(each), 0);
  };
  await measureRun({ source, store, ledger: createBackupLedger(db) }, stop, () => requests);
}

function said(child: ChildProcess): Promise<unknown> {
  return new Promise((resolve, reject) => {
    child.once('message', resolve);
    child.once('exit', (code) => reject(new Error(`a server ended with exit code ${code}`)));
  });
}

async function measureRun(parts: Parts, stop: () => Promise<number>, requests?: () => number): Promise<void> {
  let withGarbage = 0;
  let inUse = 0;
  let rss = 0;
  const sample = (): void => {
    const usage = process.memoryUsage();
    withGarbage = Math.max(withGarbage, usage.heapUsed + usage.arrayBuffers);
    rss = Math.max(rss, usage.rss);
    if (global.gc === undefined) return;
    global.gc();
    const { heapUsed, arrayBuffers } = process.memoryUsage();
    inUse = Math.max(inUse, heapUsed + arrayBuffers);
  };
  const timer = setInterval(sample, SAMPLE_MS);
  const begun = performance.now();
  const now = (): Date => new Date(startsAt.getTime() + performance.now() - begun);
  const context = { ...benchContext(parts), clock: { ...systemClock, now } };
  const outcome = await runBackup(context, { trigger: 'command', scheduledAt: startsAt });
  const seconds = (performance.now() - begun) / 1000;
  clearInterval(timer);
  const serversCpuSeconds = await stop();
  if (outcome.kind !== 'done') throw new Error(JSON.stringify(outcome));
  const { database, document } = outcome.manifest.objects;
  const result = {
    seconds,
    serversCpuSeconds,
    inUseMB: inUse / 1e6,
    withGarbageMB: withGarbage / 1e6,
    rssMB: rss / 1e6,
    storedMB: (database.bytes + document.bytes) / 1e6,
    ...(requests === undefined ? {} : { requests: requests() }),
  };
  console.log(JSON.stringify(result));
}
