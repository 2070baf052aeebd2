/**
 * Seeded trouble at every I/O call of an operation. Whether a call is hit, and how, hangs on the
 * seed, on what is called, and on how often that was called before: not on the order in which calls
 * that run side by side happen to come, so that a seed can be run again.
 */

import { createRandom } from '../backup/sqlite/random-values.ts';
import type { TestClock } from '../support/backup-world.ts';
import type { Caller, Twists } from '../support/faulty-edges.ts';

const TROUBLES = [
  /** An error, and nothing has happened. */
  'error',
  /** An error although it has happened. */
  'lost',
  /** Silence until the caller gives up: it has happened, or not. */
  'timeout',
  /**
   * Silence, and it happens a few calls later, when nobody counts on it any more. Where that cannot
   * be: silence.
   */
  'late',
  /** From here on nothing on this side answers any more. */
  'outage',
  /** The process dies: it has happened, or not, and nothing after it does. */
  'kill',
  'kill',
  /** The clock jumps a day, forth or back. */
  'clock',
  /** The process stalls for so long that somebody else takes over. */
  'stall',
  /** The next body breaks off, with status 200. */
  'cut',
  /** The next thing written is taken in wrongly. */
  'alter',
] as const;
export type Trouble = (typeof TROUBLES)[number];

/** What breaks down together. */
export type Side = 'bucket' | 'second' | 'database' | 'files' | 'admins';

const DAY_MS = 86_400_000;
/** How long silence is borne. */
const PATIENCE_MS = 15_000;
/** How much more likely than others a call is hit: some come in dozens. */
const WEIGHTS: readonly (readonly [RegExp, number])[] = [
  [/^(read b\/|batch)/, 0.1],
  [/INTO restoring_/, 2],
];
/** Calls, and how likely each is hit. */
export type Focus = readonly [calls: RegExp, chance: number];

/** The process is dead: nothing it still tries has any effect. */
class Killed extends Error {
  override readonly name = 'Killed';
}

/** An error as the side throws it. */
export type Failure = (what: string, isTimeout: boolean) => unknown;

export interface ChaosOptions {
  /** Names the operation: same name, same troubles. */
  readonly name: string;
  readonly clock: TestClock;
  /** How the host's clock jumps; by default all of the time does. */
  readonly jump?: (ms: number) => void;
  /** Troubles to expect, of how many calls. */
  readonly troubles: number;
  readonly calls: number;
  /** Trouble at these calls only. */
  readonly focus?: Focus | undefined;
  /** What somebody else does when this process stalls; at most once. */
  readonly meanwhile?: (() => Promise<void>) | undefined;
  /** What happens beside, between any two calls. */
  readonly beside?: (() => Promise<void>) | undefined;
}

/** Of a call, that something happens before it. */
const BESIDE = 0.15;

export class Chaos {
  isDead = false;
  calls = 0;
  /** What was hit, in order. */
  readonly hits: string[] = [];
  readonly #options: ChaosOptions;
  readonly #counts = new Map<string, number>();
  readonly #down = new Set<Side>();
  readonly #waiting = new Set<'cut' | 'alter'>();
  /** What is still on its way, and how many calls it is behind. */
  readonly #late: { readonly work: () => Promise<unknown>; after: number }[] = [];
  #stalled: Promise<void> | undefined;

  constructor(options: ChaosOptions) {
    this.#options = options;
  }

  has(trouble: Trouble): boolean {
    return this.hits.some((hit) => hit.endsWith(`<- ${trouble}`));
  }

  side(side: Side, failure: Failure): Caller {
    return { call: (what, work, twists = {}) => this.#call({ side, failure, what, work, twists }) };
  }

  /**
   * What was on its way arrives. Of two calls side by side one may have ended the operation while
   * the other stalls.
   */
  async end(): Promise<void> {
    await this.#arrive();
    await this.#stalled;
  }

  async #arrive(): Promise<void> {
    for (const { work } of this.#late.splice(0)) await Promise.allSettled([work()]);
  }

  async #call<T>(call: Call<T>): Promise<T> {
    const { side, failure, what, work, twists } = call;
    if (this.isDead) throw new Killed(what);
    this.calls += 1;
    for (const late of this.#late) late.after -= 1;
    if (this.#late.some(({ after }) => after <= 0)) await this.#arrive();
    const label = `${side}: ${what}`;
    const nth = this.#counts.get(label) ?? 0;
    this.#counts.set(label, nth + 1);
    if (this.#down.has(side)) throw failure(what, false);
    const random = createRandom(hash(`${this.#options.name} ${label} ${nth}`));
    const { beside } = this.#options;
    if (beside !== undefined && random.chance(BESIDE)) await beside();
    const drawn = random.chance(this.#chance(what));
    const trouble = drawn ? random.pick(TROUBLES) : undefined;
    if (trouble !== undefined) this.hits.push(`${label} (${nth}) <- ${trouble}`);
    const isAfter = random.chance(0.5);
    switch (trouble) {
      case 'error':
        if (twists.refuse !== undefined && isAfter) return twists.refuse();
        throw failure(what, false);
      case 'lost':
        await work();
        throw failure(what, false);
      case 'timeout':
        if (isAfter) await work();
        this.#options.clock.advance(PATIENCE_MS);
        throw failure(what, true);
      case 'late':
        if (twists.mayBeLate === true) this.#late.push({ work, after: 1 + random.int(4) });
        this.#options.clock.advance(PATIENCE_MS);
        throw failure(what, true);
      case 'outage':
        this.#down.add(side);
        throw failure(what, false);
      case 'kill':
        if (isAfter) await work();
        this.isDead = true;
        throw new Killed(what);
      case 'clock':
        this.#jump(isAfter ? DAY_MS : -DAY_MS);
        break;
      case 'stall':
        await this.#stall();
        break;
      case 'cut':
      case 'alter':
        this.#waiting.add(trouble);
        break;
      default:
    }
    return this.#twisted(call, random.int(1_000_000) / 1_000_000);
  }

  #chance(what: string): number {
    const { focus, troubles, calls } = this.#options;
    if (focus !== undefined) return focus[0].test(what) ? focus[1] : 0;
    const weight = WEIGHTS.find(([pattern]) => pattern.test(what))?.[1] ?? 1;
    return (weight * troubles) / calls;
  }

  #jump(ms: number): void {
    const { clock, jump = (by) => clock.advance(by) } = this.#options;
    jump(ms);
  }

  async #stall(): Promise<void> {
    if (this.#stalled !== undefined) return;
    this.#stalled = this.#options.meanwhile?.() ?? Promise.resolve();
    await this.#stalled;
  }

  /** Bodies are cut and writes altered at the next call that has such. */
  async #twisted<T>({ side, what, work, twists }: Call<T>, at: number): Promise<T> {
    if (twists.alter !== undefined && this.#waiting.delete('alter')) {
      this.hits.push(`${side}: ${what} is taken in wrongly`);
      return twists.alter(at);
    }
    if (twists.cut !== undefined && this.#waiting.delete('cut')) {
      this.hits.push(`${side}: ${what} is cut`);
      return twists.cut(await work(), at);
    }
    return work();
  }
}

interface Call<T> {
  readonly side: Side;
  readonly failure: Failure;
  readonly what: string;
  readonly work: () => Promise<T>;
  readonly twists: Twists<T>;
}

/** FNV-1a, 32 bits. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let i = 0; i < text.length; i += 1) value = Math.imul(value ^ text.charCodeAt(i), 0x01000193);
  return value >>> 0;
}
