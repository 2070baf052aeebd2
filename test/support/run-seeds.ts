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
  /** After so many no more are begun, when `least` are. */
  readonly seconds: number;
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
  await Promise.all(Array.from({ length: run.isOne ? 1 : run.workers }, () => seeds.work()));
  seeds.report('\n');
  return seeds.broken === 0;
}

class Seeds {
  readonly #run: SeedRun;
  readonly #began = performance.now();
  #begun = 0;
  #ended = 0;
  broken = 0;

  constructor(run: SeedRun) {
    this.#run = run;
  }

  /** One worker's place: processes follow each other in it until the seeds are through. */
  async work(): Promise<void> {
    while (this.#hasMore()) await this.#runProcess();
  }

  #hasMore(): boolean {
    const { isOne, broken, most, least, seconds } = this.#run;
    if (this.broken >= (isOne ? 1 : broken) || this.#begun >= most) return false;
    return this.#begun < least || this.#elapsed() < seconds;
  }

  #runProcess(): Promise<void> {
    const { worker, workerArgs = [], isOne, from, hangMs, seedsAWorker } = this.#run;
    const child = fork(fileURLToPath(worker), workerArgs, { execArgv: [...process.execArgv, ...HEAP] });
    let seed: number | undefined;
    let left = seedsAWorker;
    let hang: NodeJS.Timeout | undefined;
    return new Promise((resolve) => {
      child.on('message', (done: SeedDone) => {
        clearTimeout(hang);
        if (done.seed !== undefined) this.#finished(done.seed, done.broken, done.story);
        seed = undefined;
        left -= 1;
        if (left < 0 || !this.#hasMore()) return child.disconnect();
        seed = isOne ? from : from + this.#begun;
        this.#begun += 1;
        hang = setTimeout(() => child.kill('SIGKILL'), hangMs);
        child.send(seed);
      });
      child.on('exit', (code, signal) => {
        clearTimeout(hang);
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
    if (what !== undefined) {
      this.broken += 1;
      console.error(
        `\nSeed ${seed}: ${what}\nReplay: ${this.#run.command}${this.#run.command.includes(' -- ') ? '' : ' --'} --seed ${seed}`,
      );
    } else if (this.#run.isOne && this.#ended === 1) console.log(story.join('\n  '));
    if (process.stderr.isTTY) process.stderr.write(`\r${this.#progress()}`);
    else if (this.#ended % 250 === 0) this.report('\n');
  }

  report(end: string): void {
    process.stderr.write(`${process.stderr.isTTY ? '\r' : ''}${this.#progress()}${end}`);
  }

  #progress(): string {
    const rate = (this.#ended / this.#elapsed()).toFixed(1);
    return `${this.#ended} seeds from ${this.#run.from} in ${Math.round(this.#elapsed())} s (${rate}/s), ${this.broken} broken a promise `;
  }

  #elapsed(): number {
    return (performance.now() - this.#began) / 1000;
  }
}

/** The options that every runner of seeds has, and what they mean for a run. */
export function seedOptions(defaults: { readonly seeds: number; readonly least: number }) {
  const { values } = parseArgs({
    options: {
      seed: { type: 'string' },
      from: { type: 'string', default: '0' },
      seeds: { type: 'string', default: String(defaults.seeds) },
      least: { type: 'string', default: String(defaults.least) },
      seconds: { type: 'string', default: '180' },
      minutes: { type: 'string', default: '60' },
      broken: { type: 'string', default: '5' },
      workers: { type: 'string', default: String(availableParallelism()) },
    },
  });
  const seeds = wholeNumber(values.seeds);
  return {
    minutes: wholeNumber(values.minutes),
    isOne: values.seed !== undefined,
    from: wholeNumber(values.seed ?? values.from),
    most: seeds,
    least: Math.min(seeds, wholeNumber(values.least)),
    seconds: wholeNumber(values.seconds),
    broken: wholeNumber(values.broken),
    workers: wholeNumber(values.workers),
  };
}

function wholeNumber(text: string): number {
  const number = Number(text);
  if (!Number.isSafeInteger(number) || number < 0) throw new Error(`${text} is no whole number`);
  return number;
}
