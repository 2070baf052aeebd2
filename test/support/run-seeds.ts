/**
 * Seeds of a simulation on all cores: processes take them one after another; a broken one is told
 * at once, with how to see it again.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { SeedDone } from './answer-seeds.ts';

/** Half of all collections are for a heap that begins small: a tenth of a seed's time. */
const HEAP = ['--initial-heap-size=1024', '--min-semi-space-size=16'];

export interface SeedRun {
  /** How it is called again: `npm run test:faults`. */
  readonly command: string;
  /** A program that calls `answerSeeds`. */
  readonly worker: URL;
  readonly workerArgs?: readonly string[];
  /**
   * The only seed, with its story; up to `most` times, for what runs side by side may meet
   * otherwise the next time.
   */
  readonly isOne: boolean;
  readonly from: number;
  readonly most: number;
  readonly least: number;
  /** After so many no more are begun, when `least` are; undefined: however long it takes. */
  readonly seconds: number | undefined;
  /** Broken ones to stop at: more of them tell nothing new. */
  readonly broken: number;
  readonly workers: number;
  /** A seed that takes longer hangs. */
  readonly hangMs: number;
  /** Workers are replaced after so many seeds: libsql gives memory back late. */
  readonly seedsAWorker: number;
}

/** Whether every promise held. */
export async function runSeeds(run: SeedRun): Promise<boolean> {
  const seeds = new Seeds(run);
  const stop = (): void => seeds.stop();
  for (const signal of STOPS) process.on(signal, stop);
  await Promise.all(Array.from({ length: run.isOne ? 1 : run.workers }, () => seeds.work()));
  for (const signal of STOPS) process.off(signal, stop);
  console.error(seeds.found());
  return seeds.hasHeld;
}

const STOPS = ['SIGINT', 'SIGTERM'] as const;

class Seeds {
  readonly #run: SeedRun;
  readonly #began = performance.now();
  #begun = 0;
  #ended = 0;
  #told = 0;
  #isStopped = false;
  /** At work now. */
  readonly #open = new Set<number>();
  readonly #broken: number[] = [];
  readonly #children = new Set<ChildProcess>();

  constructor(run: SeedRun) {
    this.#run = run;
  }

  /** One worker's place: processes follow each other in it until the seeds are through. */
  async work(): Promise<void> {
    while (this.#hasMore()) await this.#runProcess();
  }

  get hasHeld(): boolean {
    return this.#broken.length === 0;
  }

  /** Seeds at work are left; a run that goes on begins with the first of them. */
  stop(): void {
    this.#isStopped = true;
    // It clears up after itself.
    for (const child of this.#children) if (child.connected) child.disconnect();
  }

  #hasMore(): boolean {
    const { isOne, broken, most, least, seconds = Number.POSITIVE_INFINITY } = this.#run;
    if (this.#isStopped || this.#broken.length >= (isOne ? 1 : broken) || this.#begun >= most) return false;
    return this.#begun < least || this.#elapsed() < seconds;
  }

  #runProcess(): Promise<void> {
    const { worker, workerArgs = [], isOne, from, hangMs, seedsAWorker } = this.#run;
    const child = fork(fileURLToPath(worker), workerArgs, { execArgv: [...process.execArgv, ...HEAP] });
    this.#children.add(child);
    let seed: number | undefined;
    let left = seedsAWorker;
    let hang: NodeJS.Timeout | undefined;
    return new Promise((resolve) => {
      child.on('message', (done: SeedDone) => {
        clearTimeout(hang);
        if (this.#isStopped) return;
        if (done.seed !== undefined) {
          this.#finished(done.seed, done.broken, done.story);
          left -= 1;
        }
        seed = undefined;
        if (left <= 0 || !this.#hasMore()) return child.disconnect();
        seed = isOne ? from : from + this.#begun;
        this.#begun += 1;
        this.#open.add(seed);
        hang = setTimeout(() => child.kill('SIGKILL'), hangMs);
        child.send(seed);
      });
      child.on('exit', (code, signal) => {
        clearTimeout(hang);
        this.#children.delete(child);
        if (this.#isStopped) return resolve();
        if (seed !== undefined) this.#finished(seed, this.#ending(child, code, signal), []);
        else if (code !== 0)
          this.#finished(from + this.#begun, `its process cannot start: ${code ?? signal}`, []);
        resolve();
      });
    });
  }

  #ending(child: ChildProcess, code: number | null, signal: string | null): string {
    const { hangMs } = this.#run;
    return child.killed
      ? `it hangs: no end after ${hangMs / 1000} s`
      : `its process ended: ${signal ?? code}`;
  }

  #finished(seed: number, what: string | undefined, story: readonly string[]): void {
    this.#ended += 1;
    this.#open.delete(seed);
    if (what !== undefined) {
      this.#broken.push(seed);
      console.error(`\nSeed ${seed}: ${what}\nReplay: ${withOptions(this.#run.command)} --seed ${seed}`);
    } else if (this.#run.isOne && this.#ended === 1) console.log(story.join('\n  '));
    if (process.stderr.isTTY) process.stderr.write(`\r${this.#progress()} `);
    else if (this.#elapsed() - this.#told >= TOLD_SECONDS) {
      this.#told = this.#elapsed();
      console.error(this.#progress());
    }
  }

  #progress(): string {
    const { from, most, seconds } = this.#run;
    const rate = this.#ended / this.#elapsed();
    const of = seconds === undefined ? ` of ${most}` : '';
    const left = seconds === undefined ? `, ${timeText((most - this.#ended) / rate)} left` : '';
    return `${this.#ended}${of} seeds from ${from} in ${timeText(this.#elapsed())} (${rate.toFixed(1)}/s${left}), ${this.#broken.length} broken`;
  }

  /** In one line: what was run, what it found, and how the rest is run. */
  found(): string {
    const { from, most, isOne, command } = this.#run;
    const what =
      this.#broken.length === 0
        ? 'every promise held'
        : `${this.#broken.length} broke a promise: ${this.#broken.toSorted((a, b) => a - b).join(', ')}`;
    const next = Math.min(from + this.#begun, ...this.#open);
    const left = from + most - next;
    const on = isOne || left <= 0 ? '' : `; go on: ${withOptions(command)} --from ${next} --count ${left}`;
    return `${process.stderr.isTTY ? '\n' : ''}${this.#ended} seeds from ${from} in ${timeText(this.#elapsed())}: ${what}${on}`;
  }

  #elapsed(): number {
    return (performance.now() - this.#began) / 1000;
  }
}

/** How often it is told how far it is where nobody looks on. */
const TOLD_SECONDS = 60;

function withOptions(command: string): string {
  return command.includes(' -- ') ? command : `${command} --`;
}

function timeText(seconds: number): string {
  if (!Number.isFinite(seconds)) return '?';
  return seconds < 600 ? `${Math.round(seconds)} s` : `${(seconds / 60).toFixed(0)} min`;
}

/** The options that every runner of seeds has, and what they mean for a run. */
export function seedOptions(defaults: { readonly seeds: number; readonly least: number }) {
  const { values } = parseArgs({
    options: {
      seed: { type: 'string' },
      from: { type: 'string', default: '0' },
      count: { type: 'string' },
      least: { type: 'string', default: String(defaults.least) },
      seconds: { type: 'string' },
      minutes: { type: 'string', default: '60' },
      broken: { type: 'string', default: '5' },
      workers: { type: 'string', default: String(availableParallelism()) },
      only: { type: 'string' },
    },
  });
  const seeds = wholeNumber(values.count ?? String(defaults.seeds));
  // A number that is asked for is run to its end.
  const seconds = values.seconds ?? (values.count === undefined ? '180' : undefined);
  return {
    minutes: wholeNumber(values.minutes),
    isOne: values.seed !== undefined,
    from: wholeNumber(values.seed ?? values.from),
    most: seeds,
    least: Math.min(seeds, wholeNumber(values.least)),
    seconds: seconds === undefined ? undefined : wholeNumber(seconds),
    broken: wholeNumber(values.broken),
    workers: wholeNumber(values.workers),
    only: values.only,
  };
}

function wholeNumber(text: string): number {
  const number = Number(text);
  if (!Number.isSafeInteger(number) || number < 0) throw new Error(`${text} is no whole number`);
  return number;
}
