/**
 * What a tick costs in workerd, idle and with a minute of changes to ship, by the deployed bundle:
 * `npx node bench/worker-tick.ts [rows changed] [ticks]`. CPU is workerd's own, its network
 * included. SQL over HTTP, S3 and Telegram are in this process.
 */
import { sql } from '../src/db/database.ts';
import { ADMIN, startBareWorker } from './bare-worker.ts';
import { median, record } from './measures.ts';
import { cpuMsOf } from './process-cpu.ts';

const changed = Number(process.argv[2] ?? 300);
const ticks = Number(process.argv[3] ?? 30);
const ROUNDS = 7;
/** Of the plan's CPU for a cron that fires hourly or less often. */
const GOAL_MS = 10;

const { worker, telegram, db, close } = await startBareWorker(
  { SUBREQUEST_LIMIT: '1000' },
  'bench/tick/worker.ts',
);
try {
  await telegram.person({ id: ADMIN }).send('/start');
  await db.write([
    sql(
      `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)
       INSERT INTO user_history (user_id, anime_code, part_number) SELECT ?, i % 2000, i % 12 FROM n`,
      10 * changed,
      ADMIN,
    ),
  ]);
  // The triggers are made, and the full backup that comes first.
  for (let i = 0; i < 10; i += 1) await tick();
  if ((await waiting()) > 0) throw new Error('changes wait although the bucket is there');
  const costs = { idle: [] as number[], ships: [] as number[], reads: [] as number[] };
  for (let round = 0; round <= ROUNDS; round += 1) {
    const idle = await cpuOf(async () => {});
    const ships = await cpuOf(async () => {
      await db.write([sql('UPDATE user_history SET part_number = part_number + 1 WHERE id <= ?', changed)]);
    });
    // The turn of the change files to be read again (jobs/read-back.ts).
    const reads = await cpuOf(async () => {
      await db.write([
        sql("DELETE FROM job_leases WHERE name = 'read-back'"),
        sql("DELETE FROM bucket_notes WHERE key = 'look-back'"),
      ]);
    });
    // The first round warms both up.
    if (round === 0) continue;
    costs.idle.push(idle);
    costs.ships.push(ships - idle);
    costs.reads.push(reads - idle);
  }
  if ((await waiting()) > 0) throw new Error('changes were not shipped');
  const least = Math.min(...costs.ships).toFixed(1);
  const most = Math.max(...costs.ships).toFixed(1);
  const value = median(costs.ships);
  console.log(
    `an idle tick: ${median(costs.idle).toFixed(1)} ms of CPU; with ${changed} rows ${value.toFixed(1)} more (${least} to ${most})`,
  );
  record({
    what: 'a tick that reads change files again, CPU beside an idle one',
    of: 'workerd',
    value: median(costs.reads),
    unit: 'ms',
  });
  record({
    what: `a tick with ${changed} rows, CPU beside an idle one`,
    of: 'workerd',
    value,
    unit: 'ms',
    goal: GOAL_MS,
  });
} finally {
  await close();
}

/** Linux counts in hundredths of a second, so a tick alone tells nothing. */
async function cpuOf(before: () => Promise<void>): Promise<number> {
  let cpu = 0;
  for (let i = 0; i < ticks; i += 1) {
    await before();
    const begun = cpuMsOf(worker.pid);
    await tick();
    cpu += cpuMsOf(worker.pid) - begun;
  }
  return cpu / ticks;
}

async function tick(): Promise<void> {
  const answer = await fetch(`${worker.url}/tick`);
  if ((await answer.text()) !== 'ticked') throw new Error(`the tick failed: ${answer.status}`);
}

/** Entries that wait, or all of them while a full backup has to come first. */
async function waiting(): Promise<number> {
  const [count] = await db.read([
    {
      ...sql('SELECT (SELECT COUNT(*) FROM change_log) + (needs_base IS NOT NULL) AS n FROM change_state'),
      parse: ([row]) => row?.int('n') ?? 1,
    },
  ]);
  return count;
}
