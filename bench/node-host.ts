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
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, copyFileSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { freePorts } from '../sim/free-ports.ts';
import { sql } from '../src/db/database.ts';
import { openEmbeddedDatabase } from '../src/db/file/embedded-database.ts';
import { migrate } from '../src/db/migrate.ts';
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
const TOKEN = '7000000001:AAStandInTokenForTestsAndDemosOnly1';
const SECRET = 'stand_in_webhook_secret';
const BOT_INFO = { id: 7000000001, is_bot: true, first_name: 'Bot', username: 'anime_standin_bot' };
const ROOT = fileURLToPath(new URL('..', import.meta.url));

interface Program {
  readonly name: string;
  readonly url: string;
  readonly pid: number;
  readonly log: string;
  stop(): Promise<void>;
}

const directory = mkdtempSync(join(tmpdir(), 'bench-host-'));
const load = await startWebhookLoad({ botInfo: BOT_INFO, secret: SECRET, people: PEOPLE });
const running: Program[] = [];
try {
  const begun = join(directory, 'begun.db');
  await makeDatabase(begun);
  const [first = 0, second = 0] = await freePorts(2);
  const host = await start('host', first, begun, [
    ...(process.env['NODE_FLAGS']?.split(' ') ?? []),
    ...npmStart(),
  ]);
  if (options.soak === undefined) {
    const peer = await start('peer', second, begun, [
      fileURLToPath(new URL('peer/node.ts', import.meta.url)),
    ]);
    await compare(host, peer);
  } else await soak(host, Number(options.soak));
} catch (error) {
  for (const { name, log } of running) console.error(`the ${name} said last: ${troublesIn(log)}`);
  throw error;
} finally {
  for (const program of running) await program.stop();
  load.close();
  rmSync(directory, { recursive: true });
}

/** What `npm start` runs, its flags too, from any directory. */
function npmStart(): string[] {
  const file: { scripts: { start: string } } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
  const [, ...args] = file.scripts.start.split(' ');
  return args.map((arg) => (arg.includes('src/') ? join(ROOT, arg) : arg));
}

async function makeDatabase(path: string): Promise<void> {
  const db = await openEmbeddedDatabase(path);
  await migrate(db, { now: () => new Date(), backup: async () => {} });
  await db.write([
    sql("INSERT INTO anime (code, title, description) VALUES (12, 'Naruto', ?)", 'Tavsif. '.repeat(60)),
    ...[1, 2, 3, 4].map((part) =>
      sql("INSERT INTO anime_parts (anime_code, part_number, file_id) VALUES (12, ?, 'BAACAgIAAx')", part),
    ),
  ]);
  await db.closeWhole();
}

/** On a copy of the database, in a directory of its own; its log goes into a file there. */
async function start(name: string, port: number, begun: string, args: readonly string[]): Promise<Program> {
  const home = mkdtempSync(join(directory, `${name}-`));
  copyFileSync(begun, join(home, 'bot.db'));
  const log = openSync(join(home, 'log'), 'a');
  const child: ChildProcess = spawn(process.execPath, args, {
    cwd: home,
    stdio: ['ignore', log, log],
    env: {
      PATH: process.env['PATH'],
      TMPDIR: tmpdir(),
      BOT_TOKEN: TOKEN,
      BOT_INFO: JSON.stringify(BOT_INFO),
      WEBHOOK_SECRET: SECRET,
      ADMIN_IDS: '1001',
      PUBLIC_URL: 'https://bot.example',
      TELEGRAM_API_ROOT: load.apiRoot,
      DATABASE_URL: `file:${join(home, 'bot.db')}`,
      BACKUP_DIR: join(home, 'backups'),
      BACKUP_CRON: options.soak === undefined ? '0 2 1 1 *' : '* * * * *',
      BACKUP_RETENTION_DAYS: '1',
      CHANGES_SECONDS: '5',
      PORT: String(port),
    },
  });
  closeSync(log);
  const ended = once(child, 'exit');
  const url = `http://127.0.0.1:${port}/webhook`;
  const program: Program = {
    name,
    url,
    pid: child.pid ?? 0,
    log: join(home, 'log'),
    async stop() {
      child.kill('SIGTERM');
      await ended;
    },
  };
  running.push(program);
  for (let tries = 0; ; tries += 1) {
    if (child.exitCode !== null || tries > 300)
      throw new Error(`the ${name} did not start: ${readFileSync(join(home, 'log'), 'utf8')}`);
    if (
      await fetch(url, { method: 'POST' }).then(
        () => true,
        () => false,
      )
    )
      break;
    await sleep(100);
  }
  // Translates the program and fills its caches.
  await load.post(url, { count: WARM_UP, inFlight: IN_FLIGHT });
  return program;
}

interface Round {
  readonly perSecond: number;
  readonly cpuMs: number;
  readonly p50: number;
  readonly p99: number;
}

async function round({ url, pid, name }: Program, count: number): Promise<Round> {
  const [answered, cpu, began] = [load.answered, cpuMsOf(pid), performance.now()];
  const took = (await load.post(url, { count, inFlight: IN_FLIGHT })).toSorted((a, b) => a - b);
  const seconds = (performance.now() - began) / 1000;
  if (load.answered - answered !== count)
    throw new Error(`the ${name} answered ${load.answered - answered} of ${count}`);
  const at = (share: number): number => took[Math.floor((count - 1) * share)] ?? 0;
  return { perSecond: count / seconds, cpuMs: (cpuMsOf(pid) - cpu) / count, p50: at(0.5), p99: at(0.99) };
}

async function compare(host: Program, peer: Program): Promise<void> {
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

async function soak(host: Program, count: number): Promise<void> {
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
