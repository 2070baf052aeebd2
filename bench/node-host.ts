/**
 * The Node host under a webhook's load, as whole processes: many updates in flight, each a code
 * lookup, on a database file. `npx node bench/node-host.ts [updates] [--pairs 5]` runs it in turn
 * with a peer (bench/peer/node.ts: the same grammY, one read and one write batch, the same file and
 * server, none of the promises) and prints updates a second and CPU as ratios.
 *
 *   npx node bench/node-host.ts --soak 200000   the host alone, with a backup every minute and its
 *                                               changes shipped: its memory while it goes on
 *
 * NODE_FLAGS go to the host alone (`--cpu-prof`, `--trace-gc`). Linux only.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { freePorts } from '../sim/free-ports.ts';
import { BOT_INFO, type BotProcess, makeDatabase, npmStart, SECRET, startBot } from './host-process.ts';
import { median, record } from './measures.ts';
import { cpuMsOf } from './process-cpu.ts';
import { startWebhookLoad } from './webhook-load.ts';

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: { pairs: { type: 'string', default: '5' }, soak: { type: 'string' } },
});
const updates = Number(positionals[0] ?? 4000);
const IN_FLIGHT = 32;
/** Nobody writes more often than 30 times a minute at up to 2,500 updates a second. */
const PEOPLE = 5_000;
const WARM_UP = 2_000;
const SOAK_STEP = 10_000;
const GOAL_RATIO = 0.8;
const GOAL_MB = 200;

const directory = mkdtempSync(join(tmpdir(), 'bench-host-'));
const load = await startWebhookLoad({ botInfo: BOT_INFO, secret: SECRET, people: PEOPLE });
const running: BotProcess[] = [];
try {
  const begun = join(directory, 'begun.db');
  await makeDatabase(begun);
  const ports = await freePorts(2);
  const start = async (name: string, args: readonly string[]): Promise<BotProcess> => {
    const bot = await startBot({
      ...{ name, args, begun, directory, load },
      port: ports[running.length] ?? 0,
      warmUp: WARM_UP,
      settings: {
        BACKUP_CRON: options.soak === undefined ? '0 2 1 1 *' : '* * * * *',
        BACKUP_RETENTION_DAYS: '1',
      },
    });
    running.push(bot);
    return bot;
  };
  const host = await start('host', [...(process.env['NODE_FLAGS']?.split(' ') ?? []), ...npmStart()]);
  if (options.soak === undefined)
    await compare(host, await start('peer', [fileURLToPath(new URL('peer/node.ts', import.meta.url))]));
  else await soak(host, Number(options.soak));
} catch (error) {
  for (const { name, log } of running) console.error(`the ${name} said last: ${troublesIn(log)}`);
  throw error;
} finally {
  for (const program of running) await program.stop();
  load.close();
  rmSync(directory, { recursive: true });
}

interface Round {
  readonly perSecond: number;
  readonly cpuMs: number;
  readonly p50: number;
  readonly p99: number;
}

async function round({ url, pid, name }: BotProcess, count: number): Promise<Round> {
  const [answered, cpu, began] = [load.answered, cpuMsOf(pid), performance.now()];
  const took = (await load.post(url, { count, inFlight: IN_FLIGHT })).toSorted((a, b) => a - b);
  const seconds = (performance.now() - began) / 1000;
  if (load.answered - answered !== count)
    throw new Error(`the ${name} answered ${load.answered - answered} of ${count}`);
  const at = (share: number): number => took[Math.floor((count - 1) * share)] ?? 0;
  return { perSecond: count / seconds, cpuMs: (cpuMsOf(pid) - cpu) / count, p50: at(0.5), p99: at(0.99) };
}

async function compare(host: BotProcess, peer: BotProcess): Promise<void> {
  const rounds: { readonly host: Round; readonly peer: Round }[] = [];
  for (let pair = 0; pair < Number(options.pairs); pair += 1)
    rounds.push({ host: await round(host, updates), peer: await round(peer, updates) });
  for (const name of ['host', 'peer'] as const) {
    const of = (what: keyof Round): number => median(rounds.map((each) => each[name][what]));
    console.log(
      `${name}: ${of('perSecond').toFixed(0)} updates/s, p50 ${of('p50').toFixed(0)} ms, p99 ${of('p99').toFixed(0)} ms, CPU ${of('cpuMs').toFixed(2)} ms an update, ${rssOf((name === 'host' ? host : peer).pid).toFixed(0)} MB`,
    );
  }
  const ratios = {
    'updates a second: host / bare grammY': rounds.map(({ host, peer }) => host.perSecond / peer.perSecond),
    'an update, CPU: bare grammY / host': rounds.map(({ host, peer }) => peer.cpuMs / host.cpuMs),
  };
  for (const [what, values] of Object.entries(ratios)) {
    const ratio = { value: median(values), unit: 'ratio', goal: GOAL_RATIO, isMoreBetter: true };
    record({ what, of: `${IN_FLIGHT} in flight`, ...ratio });
    console.log(`    (${Math.min(...values).toFixed(2)} to ${Math.max(...values).toFixed(2)})`);
  }
}

async function soak(host: BotProcess, count: number): Promise<void> {
  let most = 0;
  for (let done = 0; done < count; done += SOAK_STEP) {
    const { perSecond, cpuMs, p50, p99 } = await round(host, Math.min(SOAK_STEP, count - done));
    const now = rssOf(host.pid);
    most = Math.max(most, now);
    console.log(
      `${done + SOAK_STEP} updates: ${now.toFixed(0)} MB (${anonymousOf(host.pid).toFixed(0)} MB of it its own), ${perSecond.toFixed(0)}/s, p50 ${p50.toFixed(0)} ms, p99 ${p99.toFixed(0)} ms, CPU ${cpuMs.toFixed(2)} ms`,
    );
  }
  const what = 'host under load, most memory';
  record({ what, of: `${count} updates, backups and changes`, value: most, unit: 'MB', goal: GOAL_MB });
}

/** The last lines that are not of everyday. */
function troublesIn(log: string): string {
  const lines = readFileSync(log, 'utf8').trimEnd().split('\n');
  return lines
    .filter((line) => !/"level":"info"/.test(line))
    .slice(-5)
    .join('\n');
}

/** Resident memory, MB. */
function rssOf(pid: number): number {
  return statusOf(pid, 'VmRSS');
}

/** The part of it that is no file's. */
function anonymousOf(pid: number): number {
  return statusOf(pid, 'RssAnon');
}

/** Of /proc/<pid>/status (proc(5)), MB. */
function statusOf(pid: number, name: string): number {
  const line = readFileSync(`/proc/${pid}/status`, 'utf8')
    .split('\n')
    .find((each) => each.startsWith(name));
  return Number(/\d+/.exec(line ?? '')?.[0]) / 1000;
}
