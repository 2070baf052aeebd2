/**
 * Fault runs, many seeds on all cores:
 *   npm run test:faults                          as many of 3000 seeds as fit into 3 minutes, at least 200
 *   npm run test:faults -- --seed 17             one again, with its story; up to ten times, for what runs side by side
 *   npm run test:faults -- --from 50000 --seeds 20000 --seconds 3600
 * Exit code 1 when a promise was broken; how to see it again is printed.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { SeedDone } from './seed-worker.ts';

const { values } = parseArgs({
  options: {
    seed: { type: 'string' },
    from: { type: 'string', default: '0' },
    seeds: { type: 'string', default: '3000' },
    least: { type: 'string', default: '200' },
    seconds: { type: 'string', default: '180' },
    /** Broken ones to stop at: more of them tell nothing new. */
    broken: { type: 'string', default: '5' },
    workers: { type: 'string', default: String(availableParallelism()) },
  },
});
/** Two processes of one seed may meet otherwise the next time. */
const TRIES_OF_ONE = 10;
const one = values.seed !== undefined;
const from = wholeNumber(values.seed ?? values.from);
const most = one ? TRIES_OF_ONE : wholeNumber(values.seeds);
const least = Math.min(most, wholeNumber(values.least));
const seconds = wholeNumber(values.seconds);
/** A seed takes a quarter of a second; one that takes so long hangs. */
const HANG_MS = 120_000;
/** Workers are replaced after so many seeds: libsql gives memory back late. */
const SEEDS_A_WORKER = 400;

const began = performance.now();
let begun = 0;
let ended = 0;
let broken = 0;

await Promise.all(Array.from({ length: one ? 1 : wholeNumber(values.workers) }, work));
report('\n');
if (broken > 0) process.exitCode = 1;

/** One worker's place: processes follow each other in it until the seeds are through. */
async function work(): Promise<void> {
  while (hasMore()) await runProcess();
}

function hasMore(): boolean {
  if (broken >= (one ? 1 : wholeNumber(values.broken)) || begun >= most) return false;
  return begun < least || elapsed() < seconds;
}

function runProcess(): Promise<void> {
  const child = fork(fileURLToPath(new URL('./seed-worker.ts', import.meta.url)));
  let seed: number | undefined;
  let left = SEEDS_A_WORKER;
  let hang: NodeJS.Timeout | undefined;
  return new Promise((resolve) => {
    child.on('message', (done: SeedDone) => {
      clearTimeout(hang);
      if (done.seed !== undefined) finished(done.seed, done.broken, done.story);
      seed = undefined;
      left -= 1;
      if (left < 0 || !hasMore()) return child.disconnect();
      seed = one ? from : from + begun;
      begun += 1;
      hang = setTimeout(() => child.kill('SIGKILL'), HANG_MS);
      child.send(seed);
    });
    child.on('exit', (code, signal) => {
      clearTimeout(hang);
      if (seed !== undefined) finished(seed, ending(child, code, signal), []);
      else if (code !== 0) finished(from + begun, `its process can not start: ${code ?? signal}`, []);
      resolve();
    });
  });
}

function ending(child: ChildProcess, code: number | null, signal: string | null): string {
  return child.killed ? `it hangs: no end after ${HANG_MS / 1000} s` : `its process ended: ${signal ?? code}`;
}

function finished(seed: number, what: string | undefined, story: readonly string[]): void {
  ended += 1;
  if (what !== undefined) {
    broken += 1;
    console.error(`\nSeed ${seed}: ${what}\nReplay: npm run test:faults -- --seed ${seed}`);
  } else if (one && ended === 1) console.log(story.join('\n  '));
  if (process.stderr.isTTY) process.stderr.write(`\r${progress()}`);
  else if (ended % 250 === 0) report('\n');
}

function report(end: string): void {
  process.stderr.write(`${process.stderr.isTTY ? '\r' : ''}${progress()}${end}`);
}

function progress(): string {
  const rate = (ended / elapsed()).toFixed(1);
  return `${ended} seeds from ${from} in ${Math.round(elapsed())} s (${rate}/s), ${broken} broken a promise `;
}

function elapsed(): number {
  return (performance.now() - began) / 1000;
}

function wholeNumber(text: string): number {
  const number = Number(text);
  if (!Number.isSafeInteger(number) || number < 0) throw new Error(`${text} is no whole number`);
  return number;
}
