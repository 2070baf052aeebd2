/** What seeds begin with: some days of backups and change files, in both buckets, made calmly. */
import { generateKey, type KeyPair } from '../../../src/backup/envelope/keys.ts';
import { DAY_MS } from '../../../src/text/times.ts';
import { createRandom } from '../../backup/sqlite/random-values.ts';
import type { MemoryStore } from '../../support/memory-store.ts';
import type { Role } from './place.ts';
import { type PreparedPair, preparePairs } from './small-backup.ts';
import { type Contents, openSmallDatabase, type SmallDatabase } from './small-database.ts';
import type { Truth } from './truth.ts';
import { World } from './world.ts';

export interface Template {
  readonly key: KeyPair | undefined;
  readonly pairs: readonly PreparedPair[];
  /** Ms since 1970: when it ends. */
  readonly end: number;
  readonly contents: Contents;
  readonly objects: Readonly<Record<Role, MemoryStore['objects']>>;
  readonly truth: Truth | undefined;
  /** Rows that were written. */
  readonly written: number;
}

export interface Templates {
  readonly small: SmallDatabase;
  get(isSealed: boolean): Template;
}

const BACKUPS = 4;
const START = Date.parse('2026-06-10T02:00:00Z');
const NOTHING: Template['objects'] = { first: new Map(), copy: new Map() };

export async function makeTemplates(): Promise<Templates> {
  const small = await openSmallDatabase();
  const empty = small.contents();
  const make = async (key: KeyPair | undefined): Promise<Template> => {
    const pairs = await preparePairs(key && { kind: 'recipients', recipients: [key.recipient] });
    const blank = { key, pairs, end: START, contents: empty, objects: NOTHING, truth: undefined, written: 0 };
    return fill(small, blank);
  };
  const [plain, sealed] = [await make(undefined), await make(await generateKey())];
  return { small, get: (isSealed) => (isSealed ? sealed : plain) };
}

async function fill(small: SmallDatabase, blank: Template): Promise<Template> {
  const world = new World({
    ...{ name: 'template', random: createRandom(0), small, template: blank },
    ...{ kinds: { first: 's3', copy: 's3' }, days: 90, daily: undefined, changeDays: 14 },
    ...{ isNode: true, hasKey: true, remembers: true, mayJump: false },
  });
  for (let i = 0; i < BACKUPS; i += 1) {
    await world.backUp('schedule');
    for (let hours = 0; hours < 24; hours += 12) {
      await world.ship(1);
      world.pass(DAY_MS / 2);
    }
    await world.copy();
    await world.check();
  }
  const { time, truth, written } = world;
  const objects = { first: new Map(world.places.first.objects), copy: new Map(world.places.copy.objects) };
  return { ...blank, end: time.true, contents: small.contents(), objects, truth, written };
}
