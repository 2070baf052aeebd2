/**
 * What a tick holds while it works. A lease is short: a tick that died, or whose claim the database
 * carried out after the tick gave up, keeps nobody waiting for long. Work that lasts renews it.
 */
import type { Statement } from '../db/database.ts';
import { releaseJob, renewJobs } from '../db/job-leases.ts';
import { describeError } from '../lib/log.ts';
import { systemTimer, type Timer } from '../lib/silence.ts';
import type { Job, JobContext } from './job.ts';

/** Longer than two renewals that fail. */
export const LEASE_MINUTES = 3;
/** A usual tick has ended by then. */
const RENEW_MS = 60_000;
const LEASE_MS = LEASE_MINUTES * 60_000;

export class HeldJobs {
  readonly #context: JobContext;
  readonly #holder: string;
  readonly #jobs: readonly Job[];
  readonly #timer: Timer;
  /** A job with a pace of its own keeps its lease, unless it did not get its turn. */
  readonly #kept = new Set<Job>();
  #working: Job | undefined;
  #until: number;
  /** The others were released: they are the next tick's. */
  #isLast = false;
  #isOver = false;
  #stopTimer = (): void => {};
  #renewing: Promise<void> = Promise.resolve();

  /** @param jobs whose claims this tick won */
  constructor(context: JobContext, holder: string, jobs: readonly Job[], timer: Timer = systemTimer) {
    this.#context = context;
    this.#holder = holder;
    this.#jobs = jobs;
    this.#timer = timer;
    this.#until = context.now().getTime() + LEASE_MS;
    this.#wait();
  }

  /** False: the tick begins nothing more. */
  begin(job: Job): boolean {
    const { now, deadline, requests } = this.#context;
    if (this.#isLast || now() >= deadline || requests.left === 0) return false;
    if (job.everyMinutes !== undefined) this.#kept.add(job);
    this.#working = job;
    return true;
  }

  /** @returns what the tick's last request writes */
  async end(): Promise<Statement[]> {
    this.#isOver = true;
    this.#stopTimer();
    await this.#renewing;
    return this.#releases(this.#jobs);
  }

  #releases(jobs: readonly Job[]): Statement[] {
    return jobs.filter((job) => !this.#kept.has(job)).map(({ name }) => releaseJob(name, this.#holder));
  }

  #wait(): void {
    this.#stopTimer = this.#timer(RENEW_MS, () => {
      this.#renewing = this.#renew().then((isHeld) => {
        if (!isHeld) this.#context.requests.end();
        else if (!this.#isOver) this.#wait();
      });
      return this.#renewing;
    });
  }

  /** False: what works now must end, for another tick may be at the same job. */
  async #renew(): Promise<boolean> {
    const { db, now, deadline, requests, log } = this.#context;
    const job = this.#working;
    const at = now();
    this.#isLast ||= at >= deadline;
    const isMine = (one: Job): boolean => !this.#isLast || one === job;
    const names = this.#jobs
      .filter((one) => isMine(one) && one.everyMinutes === undefined)
      .map(({ name }) => name);
    // Also when none is left: it is what the others are safe by.
    requests.take(1);
    try {
      const [held] = await db.write([
        renewJobs(names, this.#holder, new Date(at.getTime() + LEASE_MS)),
        ...this.#releases(this.#jobs.filter((one) => !isMine(one))),
      ]);
      this.#until = at.getTime() + LEASE_MS;
      const isHeld = held?.rows.length === names.length;
      if (!isHeld) log.warn('job given up', { job: job?.name, reason: 'another tick has it' });
      return isHeld;
    } catch (error) {
      log.warn('lease not renewed', { job: job?.name, error: describeError(error) });
      return this.#until - now().getTime() > RENEW_MS;
    }
  }
}
