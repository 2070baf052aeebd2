/** Work of the tick (each minute): resumable, in slices, safe to start twice or to kill. */

import type { ShipContext } from '../backup/changes/shipping.ts';
import type { Hearing } from '../bot/hearing.ts';
import type { Replay } from '../bot/replay.ts';
import type { Services } from '../bot/services.ts';
import type { Query, Statement } from '../db/database.ts';
import type { Row } from '../db/row.ts';
import type { Pace } from '../lib/pace.ts';

/** What the tick needs to ship changes. */
export interface ChangeKeeper {
  readonly isOn: boolean;
  /** False: the host stops, and a full backup would only be given up. */
  readonly mayBackUp?: boolean;
  readonly shipping: ShipContext;
  /** Puts back what the second copy has; absent: there is none, or no time for it (a Worker). */
  readonly putBack?: ((context: JobContext) => Promise<void>) | undefined;
}

export interface JobContext
  extends Pick<
    Services,
    | 'db'
    | 'api'
    | 'me'
    | 'ownerIds'
    | 'defaultLocale'
    | 'timeZone'
    | 'now'
    | 'log'
    | 'backups'
    | 'recordsChanges'
    | 'importUpload'
    | 'moments'
    | 'background'
  > {
  /** Waits; tests hand in a clock that jumps. */
  readonly sleep: (milliseconds: number) => Promise<void>;
  /** Of messages to many, over all ticks. */
  readonly pace: Pace;
  /** Handles an update that was set aside. */
  readonly replay: Replay;
  /** Absent where updates come by neither webhook nor polling (tests). */
  readonly hearing?: Hearing | undefined;
  /** Absent where nothing is recorded (tests). */
  readonly changes?: ChangeKeeper | undefined;
  /** Begin nothing new after this moment; the next tick does the rest. */
  readonly deadline: Date;
  /** Requests (database and Bot API) left to this tick: the Worker's subrequest limit. */
  readonly requests: RequestBudget;
  /** What the tick's last request writes as well; absent: no tick is at work. */
  readonly atEnd?: Statement[] | undefined;
}

export interface Job {
  readonly name: string;
  /** The shortest time between two runs; absent: runs at every tick. */
  readonly everyMinutes?: number;
  /** A question whose answer the job gets: it rides along with the tick's own request. */
  readonly asks?: Statement;
  run(context: JobContext, answer?: readonly Row[]): Promise<void>;
}

/** Counts requests down; a job asks before each. */
export class RequestBudget {
  #left: number;
  /** Of this one and its parts. */
  #work = { isEnded: false };
  readonly #stopping: AbortSignal | undefined;
  /**
   * @param stopping the host stops: from then on no request is left, so that running work ends soon
   */
  constructor(limit: number, stopping?: AbortSignal) {
    this.#left = limit;
    this.#stopping = stopping;
  }

  get left(): number {
    return this.#work.isEnded || this.#stopping?.aborted === true ? 0 : this.#left;
  }

  /** A budget of its own out of this one; it ends with this one when the host stops. */
  part(limit: number): RequestBudget {
    const part = new RequestBudget(limit, this.#stopping);
    part.#work = this.#work;
    return part;
  }

  /** From now on no request is left, nor of any part. */
  end(): void {
    this.#work.isEnded = true;
  }

  /** Takes `count` requests, or none when fewer are left. */
  take(count: number): boolean {
    if (this.left < count) return false;
    this.#left -= count;
    return true;
  }

  /** What was taken and not used. */
  giveBack(count: number): void {
    this.#left += count;
  }
}

/** Reads the work that a job finds, for one request; nothing when the tick has none left. */
export async function findWork<T>(context: JobContext, work: Query<T[]>): Promise<readonly T[]> {
  if (!context.requests.take(1)) return [];
  const [found] = await context.db.read([work]);
  return found;
}
