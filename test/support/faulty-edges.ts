/**
 * Wraps the engine's edges so that the n-th call fails: once or from then on, before its effect or
 * after it (the answer is lost).
 */

import type { Ledger } from '../../src/backup/catalog/ledger.ts';
import type { RowSource, SnapshotFile } from '../../src/backup/model/model.ts';
import { type Store, StoreError } from '../../src/backup/store/types.ts';

export interface Fault {
  /** Number of the call that fails, from 0. */
  readonly at: number;
  readonly lasting: boolean;
  readonly effect: 'before' | 'after';
}

/**
 * Other ways in which a call can go wrong than by an error, where the place of the call has such.
 */
export interface Twists<T> {
  /** The answer breaks off although its status is good. `at` in [0, 1): where. */
  readonly cut?: (answer: T, at: number) => Promise<T>;
  /** What is sent arrives as something else, and is taken. `at` in [0, 1): where. */
  readonly alter?: (at: number) => Promise<T>;
  /** The answer is a polite no. */
  readonly refuse?: () => T;
  /** What was given up may still be on its way, and take effect later. */
  readonly mayBeLate?: boolean;
}

/** Through whom calls go that may be disturbed. */
export interface Caller {
  call<T>(what: string, work: () => Promise<T>, twists?: Twists<T>): Promise<T>;
}

export class Faults implements Caller {
  calls = 0;
  /** What was called, in order; tells where a failing test stands. */
  readonly log: string[] = [];
  readonly #fault: Fault | undefined;
  constructor(fault: Fault | undefined) {
    this.#fault = fault;
  }

  async call<T>(what: string, work: () => Promise<T>): Promise<T> {
    const number = this.calls;
    this.calls += 1;
    this.log.push(what);
    const fault = this.#fault;
    const hit = fault !== undefined && (fault.lasting ? number >= fault.at : number === fault.at);
    if (hit && fault.effect === 'before') throw fail(what);
    const result = await work();
    if (hit) throw fail(what);
    return result;
  }
}

function fail(what: string): StoreError {
  return new StoreError(`injected fault in ${what}`, { retryable: true });
}

/** `rot`: damages what the store holds, so that a write can be taken in wrongly. */
export function faultyStore(store: Store, faults: Caller, rot?: (key: string, at: number) => void): Store {
  const altered = <T>(key: string, work: () => Promise<T>): Twists<T> => {
    if (rot === undefined) return {};
    return {
      async alter(at) {
        const result = await work();
        rot(key, at);
        return result;
      },
    };
  };
  return {
    kind: store.kind,
    description: store.description,
    async create(key, options) {
      const writer = await faults.call(`create ${key}`, () => store.create(key, options));
      return {
        write: (chunk) => faults.call(`write ${key}`, () => writer.write(chunk)),
        close: (head) => {
          const close = () => writer.close(head);
          return faults.call(`close ${key}`, close, altered(key, close));
        },
        // "Never throws": where the store is gone, it has no effect either.
        abort: async (reason) => {
          await Promise.allSettled([faults.call(`abort ${key}`, () => writer.abort(reason))]);
        },
      };
    },
    put: (key, body, options) =>
      faults.call(`put ${key}`, () => store.put(key, body, options), {
        // A manifest is held back by its run's lease instead.
        mayBeLate: key.includes('changes/'),
      }),
    async get(key) {
      const object = await faults.call(`get ${key}`, () => store.get(key), { cut: cutObject });
      if (object === undefined) return undefined;
      const chunks = async function* (): AsyncGenerator<Uint8Array> {
        for await (const chunk of object.body) yield await faults.call(`read ${key}`, async () => chunk);
      };
      return { bytes: object.bytes, body: ReadableStream.from(chunks()) };
    },
    head: (key) => faults.call(`head ${key}`, () => store.head(key)),
    list: (prefix, page) => faults.call(`list ${prefix}`, () => store.list(prefix, page)),
    delete: (keys) => faults.call(`delete ${keys.join(' ')}`, () => store.delete(keys)),
    sweep: (prefix, olderThan) => faults.call(`sweep ${prefix}`, () => store.sweep(prefix, olderThan)),
    signedUrl: (key, options) => faults.call(`sign ${key}`, () => store.signedUrl(key, options)),
  };
}

type Found = Awaited<ReturnType<Store['get']>>;

/** A body that ends early without an error: what a proxy makes of a connection that broke. */
async function cutObject(object: Found, at: number): Promise<Found> {
  if (object === undefined) return undefined;
  const bytes = new Uint8Array(await new Response(object.body).arrayBuffer());
  const part = bytes.subarray(0, Math.floor(bytes.byteLength * at));
  return { bytes: object.bytes, body: ReadableStream.from([part]) };
}

export function faultyLedger(ledger: Ledger, faults: Caller): Ledger {
  return {
    schemaVersion: () => faults.call('schemaVersion', () => ledger.schemaVersion()),
    acquire: (holder, ttlMs) => faults.call('acquire', () => ledger.acquire(holder, ttlMs)),
    renew: (...lease) => faults.call('renew', () => ledger.renew(...lease)),
    release: (fence) => faults.call('release', () => ledger.release(fence)),
    published: (name) => faults.call('published', () => ledger.published(name)),
    triggers: (names) => faults.call('triggers', () => ledger.triggers(names)),
    begin: (run) => faults.call('begin', () => ledger.begin(run)),
    outdated: (names, fence) => faults.call('outdated', () => ledger.outdated(names, fence)),
    end: (name, end) => faults.call('end', () => ledger.end(name, end)),
    newestDone: (now) => faults.call('newestDone', () => ledger.newestDone(now)),
    madeAfter: (name) => faults.call('madeAfter', () => ledger.madeAfter(name)),
    loseChanges: (lost) => faults.call('loseChanges', () => ledger.loseChanges(lost)),
    coverChanges: (covered) => faults.call('coverChanges', () => ledger.coverChanges(covered)),
    lastBegun: () => faults.call('lastBegun', () => ledger.lastBegun()),
  };
}

/** Fails at a batch of rows. */
function faultyFile(file: SnapshotFile, faults: Caller): SnapshotFile {
  return {
    head: file.head,
    async *rest() {
      for await (const chunk of file.rest()) yield await faults.call('pages', async () => chunk);
    },
  };
}

export function faultySource(source: RowSource, faults: Caller): RowSource {
  return {
    read: (use) =>
      faults.call('read', () =>
        source.read((snapshot) =>
          use({
            schema: snapshot.schema,
            ...(snapshot.file && { file: faultyFile(snapshot.file, faults) }),
            async *scans(targets) {
              for await (const { target, rows } of snapshot.scans(targets)) {
                const batches = async function* () {
                  for await (const batch of rows) yield await faults.call('batch', async () => batch);
                };
                yield { target, rows: batches() };
              }
            },
          }),
        ),
      ),
  };
}
