/**
 * A whole backup run: time, throughput and peak memory under a heap cap, for growing databases
 * (docs/spec/backup.md, "Speed and memory").
 *
 *   npx node bench/backup-run.ts               60 MB, embedded and Worker path
 *   npx node bench/backup-run.ts 100 1200      more sizes (MB), past the lock page at 1 GiB
 *   npx node bench/backup-run.ts 60 --only embedded
 *
 * `embedded`: file -> directory, as `npm run backup -- full` does it. `remote`: SQL over HTTP ->
 * S3, as a Worker does it (on Node, so that memory can be measured: workerd has no such counters);
 * both servers are processes of their own; `recorded`: the same with the SQL server's answer to a
 * run of the same name, written to a file, for the server shares the machine and takes as long as
 * the run. Every
 * run is in a process of its own, twice: as it comes, for the time; and under a heap cap, for the
 * memory: heap + array buffers, each sample once as it is ("with garbage") and once after a
 * collection ("in use"). CPU seconds count all threads and, for embedded, the process that SQLite
 * copies in. What a peer takes: cli-full.ts.
 */
import { spawn } from 'node:child_process';
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { makeDataSet } from './data-sets.ts';
import { record } from './measures.ts';

/**
 * V8's limits for the memory runs: little room for garbage, so that the bench measures what is
 * needed.
 */
const HEAP_CAP = ['--max-old-space-size=48', '--max-semi-space-size=2', '--expose-gc'];
/** Of the set at scale 1, measured. */
const MB_OF_SET = 64;
/** Of every run, for what is recorded of one is played to another. */
const STARTS_AT = new Date().toISOString();
const TASK = fileURLToPath(new URL('backup-run-task.ts', import.meta.url));

const args = process.argv.slice(2);
const only = args.includes('--only') ? args[args.indexOf('--only') + 1] : undefined;
const sizes = args.filter((arg) => /^\d+$/.test(arg)).map(Number);

type Kind = 'embedded' | 'remote' | 'record' | 'recorded';

interface Result {
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly inUseMB: number;
  readonly withGarbageMB: number;
  readonly rssMB: number;
  readonly storedMB: number;
  readonly requests?: number;
}

const directory = mkdtempSync(join(tmpdir(), 'bench-backup-'));
try {
  for (const megabytes of sizes.length > 0 ? sizes : [60]) await measure(megabytes);
} finally {
  rmSync(directory, { recursive: true, force: true });
}

async function measure(megabytes: number): Promise<void> {
  const file = join(directory, `db-${megabytes}.db`);
  const size = makeDataSet('our own', file, megabytes / MB_OF_SET) / 1e6;
  console.log(`\n${size.toFixed(0)} MB`);
  if (only !== 'remote') await report('embedded', file, size);
  if (only !== 'embedded') {
    await report('remote', file, size);
    await task('record', file, []);
    await report('recorded', file, size);
  }
  rmSync(file);
}

async function report(kind: Kind, file: string, size: number): Promise<void> {
  const result = await task(kind, file, []);
  const { seconds, cpuSeconds, storedMB, requests } = result;
  const count = requests === undefined ? '' : `, ${requests} requests`;
  const rate = (size / seconds).toFixed(1);
  console.log(
    `  ${kind.padEnd(20)}${seconds.toFixed(1)} s, ${rate} MB/s, cpu ${cpuSeconds.toFixed(1)} s, stored ${storedMB.toFixed(1)} MB${count}`,
  );
  const capped = await task(kind, file, HEAP_CAP);
  console.log(
    `  ${''.padEnd(20)}heap + buffers ${capped.inUseMB.toFixed(0)} MB in use, ${capped.withGarbageMB.toFixed(0)} MB with garbage, rss ${capped.rssMB.toFixed(0)} MB`,
  );
  const of = { of: `${kind}, ${size.toFixed(0)} MB` };
  record({ what: 'a run, heap and buffers in use', ...of, value: capped.inUseMB, unit: 'MB', goal: 64 });
  if (kind !== 'embedded')
    record({
      what: 'a run over HTTP',
      ...of,
      value: size / seconds,
      unit: 'MB/s',
      goal: 25,
      isMoreBetter: true,
    });
}

/** Runs it under bash's `time`, which counts the processes it starts. */
async function task(kind: Kind, file: string, flags: readonly string[]): Promise<Result> {
  // As it was before each run, which goes on its record.
  const own = join(directory, 'run.db');
  for (const suffix of ['-wal', '-shm']) rmSync(own + suffix, { force: true });
  copyFileSync(file, own);
  const script = `TIMEFORMAT='%U %S'; time "$@"`;
  const command = [
    process.execPath,
    '--disable-warning=ExperimentalWarning',
    ...flags,
    TASK,
    kind,
    own,
    directory,
    STARTS_AT,
  ];
  const child = spawn(
    'bash',
    ['--norc', '--noprofile', '-euo', 'pipefail', '-c', script, 'bench', ...command],
    {
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  const [out, said] = await Promise.all([text(child.stdout), text(child.stderr)]);
  const lines = said.trim().split('\n');
  const cpuSeconds = (lines.pop() ?? '').split(' ').reduce((sum, part) => sum + Number(part), 0);
  if (lines.length > 0) console.error(lines.join('\n'));
  try {
    // The servers of `remote` are children too.
    const result: Result & { serversCpuSeconds: number } = JSON.parse(out);
    return { ...result, cpuSeconds: cpuSeconds - result.serversCpuSeconds };
  } catch (cause) {
    throw new Error(`${kind} failed: ${out}`, { cause });
  }
}
