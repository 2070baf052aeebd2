/**
 * A whole backup inside workerd, by the deployed bundle: `npx node bench/worker-backup.ts
 * [megabytes of database]` (default 30). An admin sends /backup; SQL over HTTP, S3 and Telegram are
 * in this process, workerd is another. CPU is workerd's own, its network I/O included; wall time is
 * that of everything on this machine.
 */
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { sql } from '../src/db/database.ts';
import { ADMIN, startBareWorker } from './bare-worker.ts';
import { record } from './measures.ts';
import { cpuMsOf } from './process-cpu.ts';

const megabytes = Number(process.argv[2] ?? 30);
/** Of history rows with their indexes, measured. */
const BYTES_A_ROW = 90;
/** A server limits a transaction, so rows come in steps. */
const STEP_ROWS = 50_000;
const GIVE_UP_MS = 300_000;

const { worker, telegram, db, close } = await startBareWorker();
try {
  const admin = telegram.person({ id: ADMIN });
  await admin.send('/start');
  const rows = Math.round((megabytes * 1e6) / BYTES_A_ROW);
  for (let from = 0; from < rows; from += STEP_ROWS)
    await db.write([
      sql(
        `WITH RECURSIVE n(i) AS (SELECT ? UNION ALL SELECT i + 1 FROM n WHERE i < ?)
         INSERT INTO user_history (user_id, anime_code, part_number) SELECT ?, abs(random()) % 2000, i % 12 FROM n`,
        from + 1,
        Math.min(rows, from + STEP_ROWS),
        ADMIN,
      ),
    ]);
  const [size] = await db.read([
    {
      ...sql('SELECT page_count * page_size / 1000 AS kilobytes FROM pragma_page_count, pragma_page_size'),
      parse: ([row]) => (row?.int('kilobytes') ?? 0) / 1000,
    },
  ]);
  const [cpuBefore, begun] = [cpuMsOf(worker.pid), performance.now()];
  await admin.send('/backup');
  while ((await state()) !== 'done') {
    if (performance.now() - begun > GIVE_UP_MS) throw new Error(`the backup is ${await state()}`);
    await sleep(50);
  }
  const [seconds, cpuSeconds] = [
    (performance.now() - begun) / 1000,
    (cpuMsOf(worker.pid) - cpuBefore) / 1000,
  ];
  record({
    what: 'a backup in workerd',
    of: `${size.toFixed(0)} MB`,
    value: size / cpuSeconds,
    unit: 'MB/s of CPU',
  });
  console.log(
    `${size.toFixed(0)} MB in ${seconds.toFixed(1)} s: ${(size / seconds).toFixed(1)} MB/s; CPU of workerd ${cpuSeconds.toFixed(1)} s: ${(size / cpuSeconds).toFixed(1)} MB a second of CPU`,
  );
  console.log(`resident memory of workerd at most ${peakMB().toFixed(0)} MB`);
} finally {
  await close();
}

async function state(): Promise<string> {
  const [found] = await db.read([
    {
      ...sql('SELECT state FROM backup_runs ORDER BY id DESC LIMIT 1'),
      parse: ([row]) => row?.text('state') ?? 'not begun',
    },
  ]);
  if (found === 'failed') throw new Error('the backup failed');
  return found;
}

/** VmHWM of /proc/<pid>/status, kB. */
function peakMB(): number {
  const [, kilobytes] = /^VmHWM:\s+(\d+)/m.exec(readFileSync(`/proc/${worker.pid}/status`, 'utf8')) ?? [];
  return Number(kilobytes) / 1000;
}
