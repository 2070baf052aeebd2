/**
 * What an update costs in workerd: database round trips, Bot API calls, CPU of the workerd process, bundle start-up.
 * `npx node bench/update.ts [updates]`. The peer in the same run is the same Worker refusing a POST (secret check only): what routing and
 * HTTP cost without the bot.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { STAND_IN_SECRET, startStandIns } from '../dev/stand-ins.ts';
import { startWorkerRuntime } from '../dev/worker-runtime.ts';
import { sql } from '../src/db/database.ts';
import { openRemoteDatabase } from '../src/db/remote.ts';

const updates = Number(process.argv[2] ?? 300);
const GOAL_MS = 5;
/** Linux counts process time in hundredths of a second (USER_HZ). */
const TICK_MS = 10;

const directory = mkdtempSync(join(tmpdir(), 'anime-bench-'));
const standIns = await startStandIns({ directory, adminIds: [1001] });
const started = performance.now();
const worker = await startWorkerRuntime({ ...standIns.settings, LOG_LEVEL: 'silent' });
console.log(
  `workerd with the bundle up in ${Math.round(performance.now() - started)} ms (bundling included)`,
);
const headers = { 'X-Telegram-Bot-Api-Secret-Token': STAND_IN_SECRET };
standIns.telegram.connect(async (update) =>
  worker.fetch('/webhook', { method: 'POST', headers, body: JSON.stringify(update) }),
);
try {
  const viewer = standIns.telegram.person();
  await viewer.send('/start');
  const db = openRemoteDatabase({
    url: standIns.sql.url,
    authToken: standIns.settings['DATABASE_AUTH_TOKEN'],
    fetch,
  });
  await db.write([
    sql("INSERT INTO anime (code, title, description) VALUES (12, 'Naruto', ?)", 'Tavsif. '.repeat(60)),
  ]);
  const people = Array.from({ length: updates }, () => standIns.telegram.person());
  for (const person of people.slice(0, 50)) await person.send('12');

  const refused = await cpuOf(async () => {
    for (let i = 0; i < updates; i += 1)
      await (await worker.fetch('/webhook', { method: 'POST', body: '{}' })).text();
  });
  standIns.telegram.forgetCalls();
  const trips = standIns.sql.requestCount;
  const handled = await cpuOf(async () => {
    for (const person of people) await person.send('12');
  });
  const perUpdate = handled.cpuMs / updates;
  const floor = refused.cpuMs / updates;
  console.log(`code lookup, ${updates} updates one after another:`);
  console.log(
    `  database round trips  ${((standIns.sql.requestCount - trips) / updates).toFixed(2)} an update (goal 2)`,
  );
  console.log(
    `  Bot API calls         ${(standIns.telegram.calls.length / updates).toFixed(2)} an update (goal 1)`,
  );
  console.log(
    `  CPU of workerd        ${perUpdate.toFixed(2)} ms an update (goal ≤ ${GOAL_MS}); a refused POST ${floor.toFixed(2)} ms; ratio ${(perUpdate / floor).toFixed(1)}`,
  );
  console.log(`  wall                  ${(handled.wallMs / updates).toFixed(2)} ms an update`);
} finally {
  await worker.close();
  await standIns.close();
  rmSync(directory, { recursive: true, force: true });
}

async function cpuOf(act: () => Promise<void>): Promise<{ cpuMs: number; wallMs: number }> {
  const pids = workerdPids();
  const before = ticksOf(pids);
  const from = performance.now();
  await act();
  return { cpuMs: (ticksOf(pids) - before) * TICK_MS, wallMs: performance.now() - from };
}

/** The workerd processes this process started, directly or not. */
function workerdPids(): number[] {
  const parents = new Map<number, number>();
  const found: number[] = [];
  for (const name of readdirSync('/proc').filter((entry) => /^\d+$/.test(entry))) {
    try {
      const fields = readFileSync(`/proc/${name}/stat`, 'utf8');
      const [, command = '', rest = ''] = /^\d+ \((.*)\) (.*)$/s.exec(fields) ?? [];
      parents.set(Number(name), Number(rest.split(' ')[1]));
      if (command === 'workerd') found.push(Number(name));
    } catch {
      // The process ended between listing and reading.
    }
  }
  return found.filter((pid) => {
    for (let at: number | undefined = pid; at !== undefined && at > 1; at = parents.get(at))
      if (at === process.pid) return true;
    return false;
  });
}

/** utime + stime of /proc/<pid>/stat (proc(5), fields 14 and 15). */
function ticksOf(pids: readonly number[]): number {
  return pids.reduce((sum, pid) => {
    const rest = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ');
    return sum + Number(rest[11]) + Number(rest[12]);
  }, 0);
}
