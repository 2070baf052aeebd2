/**
 * The second bucket of a seed, which breaks down apart from the first, and its promises: what is
 * there is what was in the first, nothing goes from both within a week, and when nothing breaks any
 * more it lacks nothing.
 */
import { Buffer } from 'node:buffer';
import type { Bucket } from '../../src/backup/catalog/bucket.ts';
import type { BackupEntry } from '../../src/backup/catalog/entry.ts';
import { manifestKey } from '../../src/backup/catalog/names.ts';
import { LEAST_VERIFIED } from '../../src/backup/catalog/retention.ts';
import { parseChangeKey } from '../../src/backup/changes/change-names.ts';
import { catchUp } from '../../src/backup/copy/catch-up.ts';
import type { StoredFiles } from '../../src/backup/copy/copy-changes.ts';
import { type CopyMemory, NO_MEMORY, readMemory } from '../../src/backup/copy/memory.ts';
import { NO_LIMIT, type Slice } from '../../src/backup/copy/proven.ts';
import { forgetCopied, storedFiles } from '../../src/db/stored-files.ts';
import { createMemoryStore, type MemoryStore } from '../support/memory-store.ts';
import type { Chaos } from './chaos.ts';
import { CALM_SLICE_BYTES, chaoticStore } from './edges.ts';
import { PREFIX, type Scene } from './fault-scene.ts';
import type { GoodBackups } from './good-backups.ts';
import { listed } from './listed.ts';

const DAY_MS = 86_400_000;
const WEEK_MS = 7 * DAY_MS;
/** Every clock that jumped has caught up. */
const LATER = new Date('2100-01-01');

export class SecondBucket {
  readonly store: MemoryStore;
  readonly #scene: Scene;
  #memory: CopyMemory = NO_MEMORY;
  /** Every object that the first bucket was seen to have of a good backup, by its key there. */
  readonly #seen = new Map<string, Uint8Array>();
  /** When each name was first seen to be gone from the first bucket. */
  readonly #gone = new Map<string, number>();
  #there = new Set<string>();
  /** Days that clocks jumped. */
  #jumps = 0;
  /** What was taken in wrongly by a slice that died before it could look: the next one looks. */
  #unread = new Set<string>();

  constructor(scene: Scene) {
    this.#scene = scene;
    this.store = createMemoryStore(scene.clock.now, CALM_SLICE_BYTES);
    this.#see();
  }

  get bucket(): Bucket {
    return { store: this.store, prefix: '', clock: { now: () => LATER } };
  }

  /** With trouble. */
  reached(chaos: Chaos | undefined): Bucket {
    const store = chaos === undefined ? this.store : chaoticStore(this.store, chaos, 'second');
    return { store, prefix: '', clock: this.#scene.clock };
  }

  /** Backups that were looked at in the first bucket. */
  async verified({ good }: GoodBackups): Promise<BackupEntry[]> {
    const entries = await listed(this.store, this.bucket);
    return entries.filter(
      ({ name, state }) => state === 'verified' && good.has(name) && !this.#unread.has(manifestKey('', name)),
    );
  }

  /** Nothing in it is known to have been taken in wrongly. */
  get isWhole(): boolean {
    return this.#unread.size === 0;
  }

  /** A slice; what it remembers is lost with its process. */
  async copy(chaos?: Chaos): Promise<void> {
    const { store, clock, retentionDays, changeDays, random } = this.#scene;
    // What is copied now, another process may let go of in the first at once.
    await this.#seeBackups();
    const first: Bucket = {
      store: chaos === undefined ? store : chaoticStore(store, chaos),
      prefix: PREFIX,
      clock,
    };
    const copy = this.reached(chaos);
    const { ledger } = await this.#scene.context();
    const { db } = await this.#scene.host.reach(chaos);
    const stored: StoredFiles = async (from, to) => (await db.read([storedFiles(from, to)]))[0];
    const triggers = (names: readonly string[]) => ledger.triggers(names);
    const { log } = await this.#scene.look();
    const shipped = log && { timeline: log.timeline, seq: log.shippedSeq };
    const isOnlyChanges = chaos !== undefined && random.chance(0.3);
    const context = {
      first,
      copy,
      clock,
      policy: { days: retentionDays },
      changeDays,
      triggers,
      shipped,
      isOnlyChanges,
      ...(this.#scene.remembersFiles && { stored }),
    };
    const slice = chaos !== undefined && random.chance(0.3) ? room(8 + random.int(30)) : NO_LIMIT;
    const memory = await catchUp(context, this.#memory, slice);
    const { upTo, refused } = memory.changes;
    const isKept = await db.write(forgetCopied(upTo, Object.keys(refused))).then(
      () => true,
      () => false,
    );
    if (chaos?.isDead === true || !isKept) return;
    // As the database gives it back.
    this.#memory = readMemory(JSON.stringify(memory));
    if (memory.problem !== null) this.#scene.story.push(`  copy: ${memory.problem.slice(0, 160)}`);
  }

  hit(hits: readonly string[]): void {
    // Killed, or the reading back got no answer.
    if (hits.some((hit) => /<- kill$|^second: .*<- (error|lost|timeout|late|outage)$/.test(hit)))
      for (const hit of hits) {
        const [, key] = /^second: close (\S+) is taken in wrongly$/.exec(hit) ?? [];
        if (key !== undefined) this.#unread.add(key);
      }
    this.#jumps += hits.filter((hit) => hit.endsWith('<- clock')).length;
  }

  /** Call it when the good backups of the first bucket were looked at. */
  async check(): Promise<void> {
    const { clock, store } = this.#scene;
    const first = await this.#seeBackups();
    this.#see();
    const now = clock.now().getTime();
    const here = new Set<string>(first.map(({ name }) => name));
    const there = new Set<string>();
    const second = await listed(this.store, { prefix: '' });
    for (const entry of second) {
      if (entry.state === 'unfinished' || this.#unread.has(manifestKey('', entry.name))) continue;
      if (entry.state !== 'verified') throw new Error(`${entry.name} is ${entry.state} in the second bucket`);
      there.add(entry.name);
      for (const { key } of entry.objects) this.#mustBeAsFirst(key);
    }
    const backups = there.size;
    for (const file of [...this.store.objects.keys()].filter(
      (key) => parseChangeKey('', key) !== undefined,
    )) {
      // Nothing is written over: it is told, and stays.
      if (!this.#unread.has(file)) this.#mustBeAsFirst(file);
      there.add(file);
    }
    for (const key of store.objects.keys())
      if (parseChangeKey(PREFIX, key) !== undefined) here.add(key.slice(PREFIX.length));
    for (const name of this.#there) {
      if (there.has(name)) continue;
      const since = this.#gone.get(name);
      if (here.has(name) || since === undefined || now - since < WEEK_MS - (this.#jumps + 1) * DAY_MS)
        throw new Error(`${name} is gone from the second bucket too early`);
      if (backups < LEAST_VERIFIED) throw new Error(`only ${backups} are left in the second bucket`);
    }
    for (const name of [...this.#there, ...there])
      if (here.has(name)) this.#gone.delete(name);
      else if (!this.#gone.has(name)) this.#gone.set(name, now);
    this.#there = there;
  }

  async #seeBackups(): Promise<readonly BackupEntry[]> {
    const { store } = this.#scene;
    const entries = await listed(store, { prefix: PREFIX });
    for (const { objects, state } of entries)
      if (state === 'verified')
        for (const { key, role } of objects)
          if (role !== 'pin') this.#seen.set(key, store.objects.get(key)?.body ?? new Uint8Array(0));
    return entries;
  }

  /** Retention may take them at any time. */
  #see(): void {
    for (const [key, { body }] of this.#scene.store.objects)
      if (parseChangeKey(PREFIX, key) !== undefined) this.#seen.set(key, body);
  }

  #mustBeAsFirst(key: string): void {
    const body = this.store.objects.get(key)?.body;
    const seen = this.#seen.get(`${PREFIX}${key}`);
    if (body === undefined || seen === undefined || Buffer.compare(body, seen) !== 0)
      throw new Error(`${key} of the second bucket is not what the first one had`);
  }

  /** Nothing breaks any more: two days later at the latest it has all that the first one has. */
  async mustCatchUp(shipped: ReadonlySet<string>): Promise<void> {
    for (let i = 0; i < 4; i += 1) {
      await this.copy();
      this.#scene.clock.advance(DAY_MS);
    }
    // A manifest was copied again. Of a change file the memory tells, where nobody remembers which
    // of two is right, as long as the first bucket has it: then the copy's leaves by its age.
    // Retention may have taken the first one's before anybody compared the two.
    for (const key of this.#unread) {
      const isAlone = parseChangeKey('', key) !== undefined && !this.#scene.store.objects.has(PREFIX + key);
      if (this.#memory.changes.refused[key] === undefined && !isAlone) this.#unread.delete(key);
      const age = this.#scene.clock.now().getTime() - (this.#gone.get(key) ?? Number.POSITIVE_INFINITY);
      // By its age in the copy, and a week later; a slice looks once a day.
      const days = this.#scene.changeDays + this.#jumps + 4;
      const isOver = age > WEEK_MS + days * DAY_MS;
      if (isAlone && isOver && this.store.objects.has(key))
        throw new Error(`${key} stays in the second bucket`);
    }
    await this.check();
    const { store } = this.#scene;
    const first = await listed(store, { prefix: PREFIX });
    const lacks = first.filter(({ state, name }) => state === 'verified' && !this.#there.has(name));
    const files = [...shipped].filter((file) => store.objects.has(PREFIX + file) && !this.#there.has(file));
    if (files.length > 0) throw new Error(`the second bucket lacks ${files.join(', ')}`);
    if (lacks.length > 0 || this.#memory.left > 0)
      throw new Error(
        `the second bucket lacks ${lacks.map(({ name }) => name).join(', ')}: ${JSON.stringify(this.#memory)}`,
      );
  }
}

function room(most: number): Slice {
  let left = most;
  return {
    most: Number.POSITIVE_INFINITY,
    take(count) {
      if (left < count) return false;
      left -= count;
      return true;
    },
    check: () => {},
  };
}
