/** Random numbers from a seed, and random values around the corners of the record format. */
import type { SQLInputValue } from 'node:sqlite';

export interface Random {
  /** An integer, 0 <= n < below. */
  int(below: number): number;
  chance(probability: number): boolean;
  pick<T>(items: readonly T[]): T;
}

/** Mulberry32. */
export function createRandom(seed: number): Random {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  return {
    int: (below) => Math.floor(next() * below),
    chance: (probability) => next() < probability,
    pick: (items) => items[Math.floor(next() * items.length)] as (typeof items)[number],
  };
}

/** How long text and blobs may be. */
export type Scale = 'small' | 'medium' | 'large' | 'huge';

const INTEGERS = [
  0n,
  1n,
  -1n,
  2n,
  127n,
  128n,
  -128n,
  -129n,
  32767n,
  32768n,
  -32768n,
  -32769n,
  8388607n,
  8388608n,
  -8388608n,
  -8388609n,
  2147483647n,
  2147483648n,
  -2147483648n,
  -2147483649n,
  140737488355327n,
  140737488355328n,
  -140737488355328n,
  -140737488355329n,
  9007199254740991n,
  9007199254740993n,
  -9007199254740993n,
  72057594037927935n,
  72057594037927936n,
  9223372036854775807n,
  -9223372036854775808n,
];
const REALS = [
  0,
  -0,
  1,
  -1,
  0.5,
  -2.25,
  127,
  128,
  32768,
  8388608,
  2147483648,
  -2147483649,
  140737488355327,
  140737488355328,
  -140737488355328,
  -140737488355329,
  9007199254740992,
  2 ** 63,
  -(2 ** 63),
  1e300,
  -1e-300,
  5e-324,
  Number.POSITIVE_INFINITY,
  Number.NEGATIVE_INFINITY,
  Number.NaN,
  0.1,
  1e15,
];
const TEXTS = [
  '',
  'a',
  'A',
  'a ',
  'ä',
  'ж',
  '😀',
  'nul\0inside',
  '\0',
  '\uFEFFbom',
  '123',
  '12.0',
  '1e3',
  '-0',
  'quote \' "',
  'ﬀ',
  'z'.repeat(57),
  'z'.repeat(58),
  'ы'.repeat(40),
];
const BYTES = [[], [0], [255], [0xc3], [0x61, 0xff, 0x62], [0xed, 0xa0, 0x80], [0xf0, 0x9f, 0x98], [0x61]];

function randomInteger(random: Random): bigint {
  return random.chance(0.5) ? random.pick(INTEGERS) : BigInt(random.int(1_000_000) - 1000);
}

/** For an INTEGER PRIMARY KEY: NULL lets SQLite choose. */
export function randomKey(random: Random): bigint | null {
  return random.chance(0.7) ? null : randomRowid(random);
}

/**
 * Short of the greatest: after that one SQLite chooses by dice of its own, and no seed would
 * replay.
 */
export function randomRowid(random: Random): bigint {
  const rowid = randomInteger(random);
  return rowid > 2n ** 60n ? 2n ** 60n : rowid;
}

export function randomValue(random: Random, scale: Scale): SQLInputValue {
  switch (random.int(8)) {
    case 0:
      return null;
    case 1:
    case 2:
      return randomInteger(random);
    case 3:
      return random.chance(0.7) ? random.pick(REALS) : random.int(1000) / 8;
    case 4:
      return Uint8Array.from(random.pick(BYTES));
    case 5:
      return random.pick(TEXTS);
    default:
      return randomLong(random, scale);
  }
}

function randomLong(random: Random, scale: Scale): SQLInputValue {
  const length = randomLength(random, scale);
  if (random.chance(0.3)) return new Uint8Array(Buffer.alloc(length, PATTERN));
  const unit = random.pick(['abcABC ', 'xyz0123', 'ўқ aғҳb', '😀ab', 'a😀😀', 'Naruto ', 'нaруто ']);
  return unit
    .repeat(Math.ceil(length / 7))
    .slice(0, length)
    .toWellFormed();
}

const PATTERN = Buffer.from(Array.from({ length: 251 }, (_, at) => (at * 31) & 0xff));

/**
 * Lengths around the places where a payload spills to overflow pages, and where their number
 * changes.
 */
function randomLength(random: Random, scale: Scale): number {
  const around = (length: number) => Math.max(0, length + random.int(24) - 12);
  if (scale === 'small') return random.int(30);
  if (scale === 'medium') return random.chance(0.8) ? random.int(80) : around(random.pick([127, 489, 1002]));
  if (scale === 'large')
    return around(random.pick([1002, 4061, 4092 + 489, 4092 + 1002, 8153, 2 * 4092 + 489]));
  return around(random.pick([16 * 1024, 32 * 1024, 48 * 1024, 150_000]));
}
