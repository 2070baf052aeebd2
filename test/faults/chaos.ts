/** Seeded trouble at every I/O call of an operation: what breaks, where, and whether before or after its effect. */
import type { FileCalls } from '../../src/backup/restore/file-calls.ts';
import type { Store } from '../../src/backup/store/types.ts';
import { StoreError } from '../../src/backup/store/types.ts';
import { type Database, DatabaseUnavailable } from '../../src/db/database.ts';
import type { Random } from '../backup/sqlite/random-values.ts';
import type { TestClock } from '../support/backup-world.ts';
import { Faults } from '../support/faults.ts';

export type Trouble = 'error' | 'lost' | 'kill' | 'clock';
const TROUBLES: readonly Trouble[] = ['error', 'error', 'lost', 'lost', 'kill', 'kill', 'clock'];
const DAY_MS = 86_400_000;

/** The process is dead: nothing it still tries has any effect. */
class Killed extends Error {
  override readonly name = 'Killed';
}

export class Chaos extends Faults {
  isDead = false;
  readonly plan = new Map<number, Trouble>();
  readonly #clock: TestClock;
  /** Every object body is cut short here, with status 200 and no error, when set. */
  readonly cutsBodies: boolean;

  /** `calls`: how many an undisturbed operation makes, more or less. */
  constructor(random: Random, clock: TestClock, calls: number) {
    super(undefined);
    this.#clock = clock;
    const count = 1 + random.int(3);
    for (let i = 0; i < count; i += 1) this.plan.set(random.int(calls), random.pick(TROUBLES));
    this.cutsBodies = random.chance(0.1);
  }

  override async call<T>(what: string, work: () => Promise<T>): Promise<T> {
    if (this.isDead) throw new Killed(what);
    const number = this.calls;
    this.calls += 1;
    const trouble = this.plan.get(number);
    this.log.push(trouble === undefined ? what : `${what} <- ${trouble}`);
    switch (trouble) {
      case 'error':
        throw new StoreError(`trouble in ${what}`, { retryable: true });
      case 'lost':
        await work();
        throw new StoreError(`the answer of ${what} was lost`, { retryable: true });
      case 'kill':
        // Half of the time the effect is there, and nobody lives to see it.
        if (number % 2 === 0) await work();
        this.isDead = true;
        throw new Killed(what);
      case 'clock':
        this.#clock.advance(number % 2 === 0 ? DAY_MS : -DAY_MS);
        return work();
      default:
        return work();
    }
  }
}

export function chaoticFiles(files: FileCalls, chaos: Chaos): FileCalls {
  const wrapped =
    <A extends readonly string[]>(what: string, call: (...args: A) => Promise<void>) =>
    (...args: A): Promise<void> =>
      chaos.call(`${what} ${args.join(' ')}`, () => call(...args));
  return {
    exists: files.exists,
    mkdir: wrapped('mkdir', files.mkdir),
    link: wrapped('link', files.link),
    rename: wrapped('rename', files.rename),
    remove: wrapped('remove', files.remove),
    sync: wrapped('sync', files.sync),
  };
}

export function chaoticDatabase(db: Database, chaos: Chaos): Database {
  const named = (error: unknown): never => {
    if (error instanceof StoreError) throw new DatabaseUnavailable(error.message);
    throw error;
  };
  return {
    read: (queries) => chaos.call('read', () => db.read(queries)).catch(named),
    write: (statements) =>
      chaos
        .call(`write ${statements.at(-1)?.sql.slice(0, 60) ?? ''}`, () => db.write(statements))
        .catch(named),
    get roundTrips() {
      return db.roundTrips;
    },
    close: () => {},
  };
}

/** Bodies that end early without an error: a proxy's truncated answer with status 200. */
export function cuttingStore(store: Store, isOn: boolean): Store {
  if (!isOn) return store;
  return {
    ...store,
    async get(key) {
      const object = await store.get(key);
      if (object === undefined || key.endsWith('.json')) return object;
      const bytes = new Uint8Array(await new Response(object.body).arrayBuffer());
      return { bytes: object.bytes, body: ReadableStream.from([bytes.subarray(0, bytes.byteLength - 7)]) };
    },
  };
}
