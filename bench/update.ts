/**
 * What an update costs in workerd: database round trips, Bot API calls, CPU of the process (its
 * network I/O included), start-up. `npx node bench/update.ts [updates]`. The same Worker refusing a
 * POST is the yardstick: the cost of HTTP and the secret check. Bare workerd serves the deployed
 * bundle: wrangler's local proxies would cost more than the bot.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { type BareWorkerd, startBareWorkerd } from '../dev/workerd.ts';
import { STAND_IN_SECRET, startStandIns } from '../sim/stand-ins.ts';
import type { Person } from '../sim/telegram/start-telegram.ts';
import { sql } from '../src/db/database.ts';
import { openRemoteDatabase } from '../src/db/remote-database.ts';
import { median, record } from './measures.ts';
import { cpuMsOf } from './process-cpu.ts';
import { addSampleAnime } from './sample-anime.ts';

const updates = Number(process.argv[2] ?? 300);
/** Updates before the count begins: workerd compiles and migrates on the first. */
const WARM_UP = 100;
const GOAL_MS = 5;
const IN_FLIGHT = 16;
/** Of the comparison. */
const ROUNDS = 7;

const directory = mkdtempSync(join(tmpdir(), 'anime-bench-'));
const standIns = await startStandIns({ directory, ownerIds: [1001] });
const started = performance.now();
const worker = await startBareWorkerd(directory, { ...standIns.settings, LOG_LEVEL: 'silent' });
console.log(`bundled and up in ${Math.round(performance.now() - started)} ms`);
const headers = { 'X-Telegram-Bot-Api-Secret-Token': STAND_IN_SECRET };
const postTo = (url: string, body: string, given: Record<string, string>): Promise<Response> =>
  fetch(`${url}/webhook`, { method: 'POST', headers: given, body });
const post = (body: string, given: Record<string, string>): Promise<Response> =>
  postTo(worker.url, body, given);
standIns.telegram.connect((update) => post(JSON.stringify(update), headers));
try {
  const first = performance.now();
  await addSampleAnime(standIns);
  console.log(
    `first update, migration of an empty database included: ${Math.round(performance.now() - first)} ms`,
  );
  const people = Array.from({ length: updates }, () => standIns.telegram.person());
  for (let i = 0; i < WARM_UP; i += 1) await people[i % updates]?.send('12');
  standIns.telegram.forgetCalls();
  const refused = await cpuOf(async () => {
    for (let i = 0; i < updates; i += 1) await (await post('{}', {})).text();
  });
  const trips = standIns.sql.requestCount;
  const handled = await cpuOf(async () => {
    for (const person of people) await person.send('12');
  });
  const perUpdate = handled.cpuMs / updates;
  const floor = refused.cpuMs / updates;
  const text = people[0]?.lastMessage().text ?? '';
  if (!text.includes('Naruto')) throw new Error(`the bot did not answer the code: ${text}`);
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
  await compare(people);
  console.log('CPU of other updates:');
  const others: readonly (readonly [string, (person: Person) => Promise<unknown>])[] = [
    ['a name searched', (person) => person.send('naruto')],
    ['/start', (person) => person.send('/start')],
    ['a code again', (person) => person.send('12')],
    ['the list of parts', (person) => pressFirst(person, 0)],
    ['a part opened', (person) => pressFirst(person, 1)],
    ['the next part', (person) => pressFirst(person, -1)],
  ];
  for (const [what, act] of others) {
    const { cpuMs: total } = await cpuOf(async () => {
      for (const person of people) await act(person);
    });
    console.log(`  ${what.padEnd(20)}${(total / updates).toFixed(2)} ms`);
  }
} finally {
  await worker.close();
  await standIns.close();
  rmSync(directory, { recursive: true, force: true });
}

interface Compared {
  readonly name: string;
  readonly url: string;
  readonly pid: number;
  /** CPU of workerd, ms a lookup, one after another. */
  readonly costs: number[];
  /** Lookups a millisecond with {@link IN_FLIGHT} at a time. */
  readonly rates: number[];
  readonly flightCosts: number[];
  /** CPU of this process, all that they talk to: where it leads, it is what is measured. */
  readonly servers: number[];
}

/** The bot and the yardstick in turn, so that a machine that grows slower is slower for both. */
async function compare(people: readonly Person[]): Promise<void> {
  const peerDirectory = mkdtempSync(join(tmpdir(), 'anime-bench-'));
  const peer = await startBareWorkerd(peerDirectory, standIns.settings, { entry: 'bench/peer/worker.ts' });
  const offDirectory = mkdtempSync(join(tmpdir(), 'anime-bench-'));
  const off = await startBareWorkerd(offDirectory, {
    ...standIns.settings,
    LOG_LEVEL: 'silent',
    CHANGES: 'off',
  });
  const found = (name: string, { url, pid }: BareWorkerd): Compared => ({
    ...{ name, url, pid },
    costs: [],
    rates: [],
    flightCosts: [],
    servers: [],
  });
  const both = [found('bot', worker), found('peer', peer), found('off', off)] as const;
  try {
    for (let round = 0; round <= ROUNDS; round += 1)
      for (const { name, url, pid, costs, rates, flightCosts, servers } of both) {
        standIns.telegram.connect((update) => postTo(url, JSON.stringify(update), headers));
        await forgetRates();
        standIns.telegram.forgetCalls();
        const before = cpuMsOf(pid);
        for (const person of people) await person.send('12');
        // The first round warms them up.
        if (round > 0) costs.push((cpuMsOf(pid) - before) / people.length);
        // Sent one by one, each would wait for all that are on their way.
        await standIns.telegram.hold(async () => {
          for (const person of people) await person.send('12');
        });
        const from = performance.now();
        const [cpu, served] = [cpuMsOf(pid), cpuMsOf(process.pid)];
        const { failures } = await standIns.telegram.deliver({ parallel: IN_FLIGHT });
        if (failures.length > 0) throw new Error(`an update came back: ${failures[0]?.reason}`);
        const answers = standIns.telegram.calls.length;
        if (answers !== 2 * people.length)
          throw new Error(`${name} answered ${answers} of ${2 * people.length} lookups`);
        if (round === 0) continue;
        rates.push(people.length / (performance.now() - from));
        flightCosts.push((cpuMsOf(pid) - cpu) / people.length);
        servers.push((cpuMsOf(process.pid) - served) / people.length);
      }
    const text = people[0]?.lastMessage().text ?? '';
    if (!text.includes('Naruto')) throw new Error(`the yardstick did not answer the code: ${text}`);
    const [bot, bare] = both.map(({ costs }) => median(costs));
    const ratios = both[0].costs.map((cost, i) => (both[1].costs[i] ?? 0) / cost);
    record({
      what: 'a code lookup, CPU: bare grammY / bot',
      of: 'workerd',
      value: median(ratios),
      unit: 'ratio',
      goal: 0.85,
      isMoreBetter: true,
    });
    const withLog = both[0].costs.map((cost, i) => cost / (both[2].costs[i] ?? 0));
    record({
      what: 'a code lookup, CPU: with / without the change log',
      of: 'workerd',
      value: median(withLog),
      unit: 'ratio',
      goal: 1.15,
    });
    const rates = both[0].rates.map((rate, i) => rate / (both[1].rates[i] ?? 0));
    record({
      what: `lookups a second, ${IN_FLIGHT} in flight: bot / bare grammY`,
      of: 'workerd',
      value: median(rates),
      unit: 'ratio',
      goal: 0.85,
      isMoreBetter: true,
    });
    const flight = both[0].flightCosts.map((cost, i) => (both[1].flightCosts[i] ?? 0) / cost);
    record({
      what: `a code lookup, CPU, ${IN_FLIGHT} in flight: bare grammY / bot`,
      of: 'workerd',
      value: median(flight),
      unit: 'ratio',
      goal: 0.85,
      isMoreBetter: true,
    });
    for (const [what, ratios] of [
      ['with / without the change log', withLog],
      [`${IN_FLIGHT} in flight, lookups a second`, rates],
      [`${IN_FLIGHT} in flight, CPU`, flight],
    ] as const)
      console.log(`  ${what}: ${Math.min(...ratios).toFixed(2)} to ${Math.max(...ratios).toFixed(2)}`);
    for (const { name, flightCosts, servers } of both)
      console.log(
        `  ${name}, ${IN_FLIGHT} in flight: workerd ${median(flightCosts).toFixed(2)} ms, the stand-ins and this program ${median(servers).toFixed(2)} ms a lookup`,
      );
    console.log(
      `  bare grammY + Hono with one read and one write batch, in turn: ${(bare ?? 0).toFixed(2)} ms, the bot ${(bot ?? 0).toFixed(2)} ms; ratio ${median(ratios).toFixed(2)} (${Math.min(...ratios).toFixed(2)} to ${Math.max(...ratios).toFixed(2)})`,
    );
  } finally {
    await forgetRates();
    standIns.telegram.connect((update) => post(JSON.stringify(update), headers));
    await peer.close();
    await off.close();
    for (const made of [peerDirectory, offDirectory]) rmSync(made, { recursive: true, force: true });
  }
}

/** People here ask more often in a minute than the bot answers (src/bot/rate-limit.ts). */
async function forgetRates(): Promise<void> {
  const authToken = standIns.settings['DATABASE_AUTH_TOKEN'];
  const db = openRemoteDatabase({ url: standIns.sql.url, authToken, fetch });
  await db.write([sql('UPDATE users SET rate_count = 0')]);
  db.close();
}

/** A button of the newest message's first row. */
async function pressFirst(person: Person, index: number): Promise<void> {
  const message = person.lastMessage();
  const button = message.keyboard[0]?.at(index);
  if (button === undefined) throw new Error(`no button to press below: ${message.text}`);
  await person.press(message, button.text);
}

async function cpuOf(act: () => Promise<void>): Promise<{ cpuMs: number; wallMs: number }> {
  const before = cpuMsOf(worker.pid);
  const from = performance.now();
  await act();
  return { cpuMs: cpuMsOf(worker.pid) - before, wallMs: performance.now() - from };
}
