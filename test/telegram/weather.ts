/**
 * What Telegram does to the bot's calls during the hour: spells of one trouble each, some seconds
 * to some minutes long.
 */
import type { Chance } from '../../sim/telegram/call-faults.ts';
import { seeded } from '../../sim/telegram/random.ts';
import type { VirtualTime } from './virtual-time.ts';

export interface Random {
  next(): number;
}

export const chance = (random: Random, share: number): boolean => random.next() < share;
export const between = (random: Random, least: number, most: number): number =>
  least + Math.floor(random.next() * (most - least + 1));

export function pick<T>(random: Random, items: readonly T[]): T {
  const item = items[Math.floor(random.next() * items.length)];
  if (item === undefined) throw new RangeError('nothing to pick from');
  return item;
}

const GATEWAY = { kind: 'error', status: 502, description: 'Bad Gateway' } as const;
const INTERNAL = { kind: 'error', status: 500, description: 'Internal Server Error' } as const;

type Spell = 'calm' | 'flaky' | 'outage' | 'floods' | 'slow' | 'lost';
const SPELLS: readonly Spell[] = ['calm', 'calm', 'flaky', 'outage', 'floods', 'slow', 'lost'];
/** Seconds, at least and at most. */
const LENGTH: Readonly<Record<Spell, readonly [number, number]>> = {
  calm: [30, 240],
  flaky: [30, 180],
  outage: [10, 180],
  floods: [20, 120],
  slow: [10, 60],
  lost: [20, 90],
};

/**
 * A call that took effect, or may have, without the bot's knowing: whatever it sent may be sent
 * again.
 */
export interface Unknown {
  readonly at: Date;
  readonly method: string;
  readonly params: Record<string, unknown>;
}

export class Weather {
  readonly #seed: number;
  readonly #random: Random;
  /** Each chat has dice of its own, so that a seed tells the same story again. */
  readonly #dice = new Map<string, Random>();
  readonly #time: VirtualTime;
  readonly #tell: (what: string) => void;
  #spell: Spell = 'calm';
  #isOver = false;
  /** Of the last spell that was not calm. */
  troubledAt = 0;
  readonly unknown: Unknown[] = [];
  hits = 0;

  constructor(seed: number, time: VirtualTime, tell: (what: string) => void) {
    this.#seed = seed;
    this.#random = seeded(seed);
    this.#time = time;
    this.#tell = tell;
  }

  /** Changes until it is over. */
  async blow(): Promise<void> {
    while (!this.#isOver) {
      this.#spell = pick(this.#random, SPELLS);
      const [least, most] = LENGTH[this.#spell];
      const seconds = between(this.#random, least, most);
      this.#tell(`Telegram: ${this.#spell} for ${seconds} s`);
      for (let i = 0; i < seconds && !this.#isOver; i += 1) {
        if (this.#spell !== 'calm') this.troubledAt = this.#time.now().getTime();
        await this.#time.sleep(1_000);
      }
    }
  }

  /** From now on all is well. */
  clear(): void {
    this.#isOver = true;
    this.#spell = 'calm';
  }

  get isCalm(): boolean {
    return this.#spell === 'calm';
  }

  get isOutage(): boolean {
    return this.#spell === 'outage';
  }

  readonly decide: Chance = (method, params) => {
    const fault = this.#choose(method, this.#diceOf(String(params['chat_id'] ?? method)));
    if (fault === undefined) return undefined;
    this.hits += 1;
    if (fault.kind === 'lost' || fault.kind === 'late')
      this.unknown.push({ at: this.#time.now(), method, params });
    return fault;
  };

  #diceOf(what: string): Random {
    const known = this.#dice.get(what);
    if (known !== undefined) return known;
    const made = seeded(
      this.#seed * 31 + [...what].reduce((sum, char) => (sum * 33 + char.charCodeAt(0)) | 0, 7),
    );
    this.#dice.set(what, made);
    return made;
  }

  #choose(method: string, random: Random): ReturnType<Chance> {
    switch (this.#spell) {
      case 'calm':
        return undefined;
      case 'outage':
        return chance(random, 0.5) ? GATEWAY : INTERNAL;
      case 'flaky':
        if (chance(random, 0.15)) return chance(random, 0.5) ? GATEWAY : { kind: 'drop' };
        return chance(random, 0.05) ? { kind: 'timeout' } : undefined;
      case 'floods':
        if (method === 'getUpdates' || !chance(random, 0.3)) return undefined;
        return { kind: 'flood', retryAfter: between(random, 1, chance(random, 0.2) ? 400 : 40) };
      case 'slow':
        return chance(random, 0.3) ? { kind: 'timeout' } : undefined;
      case 'lost':
        return chance(random, 0.25) ? { kind: chance(random, 0.5) ? 'lost' : 'late' } : undefined;
    }
  }
}
