/**
 * A program that can be killed at any of its edges: what it did until then is done, and nothing it
 * goes on to do reaches anybody.
 */

import type { RowSource } from '../../src/backup/model/model.ts';
import type { Store } from '../../src/backup/store/types.ts';
import type { Database } from '../../src/db/database.ts';
import { faultySource, faultyStore } from '../support/faulty-edges.ts';
import type { VirtualTime } from './virtual-time.ts';

/** A dead program waits for ever. */
const never = <T>(): Promise<T> => new Promise<T>(() => {});

export class Process {
  readonly #time: VirtualTime;
  readonly #onDeath: () => void;
  readonly #death = Promise.withResolvers<void>();
  #edges = 0;
  #last: { readonly edge: number; readonly isBefore: boolean } | undefined;
  isDead = false;

  constructor(time: VirtualTime, onDeath: () => void) {
    this.#time = time;
    this.#onDeath = onDeath;
  }

  /** Resolves when it is killed. */
  get death(): Promise<void> {
    return this.#death.promise;
  }

  /** It dies at its `edges`-th edge from now, before the call there or after it. */
  dieAt(edges: number, isBefore: boolean): void {
    this.#last = { edge: this.#edges + edges, isBefore };
  }

  kill(): void {
    if (this.isDead) return;
    this.isDead = true;
    this.#death.resolve();
    this.#onDeath();
  }

  /** A call that leaves the program. */
  async call<T>(_what: string, work: () => Promise<T>): Promise<T> {
    if (this.isDead) return never();
    this.#edges += 1;
    const isLast = this.#edges === this.#last?.edge;
    if (isLast && this.#last?.isBefore === true) {
      this.kill();
      return never();
    }
    try {
      return await work();
    } finally {
      if (isLast) this.kill();
      // biome-ignore lint/correctness/noUnsafeFinally: neither the answer nor the error reaches a dead program.
      if (this.isDead) return never();
    }
  }

  /** Work that takes real time, in which no other time passes; it ends with the program. */
  working<T>(work: () => Promise<T>): Promise<T> {
    const running = work();
    void this.#time.working(() => Promise.race([running.then(undefined, () => undefined), this.death]));
    return running;
  }

  readonly sleep = (ms: number): Promise<void> => this.call('sleep', () => this.#time.sleep(ms));

  database(db: Database): Database {
    const real = <T>(work: () => Promise<T>): Promise<T> => this.call('database', () => this.working(work));
    return {
      read: (queries) => real(() => db.read(queries)),
      write: (statements) => real(() => db.write(statements)),
      get roundTrips() {
        return db.roundTrips;
      },
      close: () => {},
    };
  }

  store(store: Store): Store {
    return faultyStore(store, this);
  }

  source(source: RowSource): RowSource {
    return faultySource(source, this);
  }
}
