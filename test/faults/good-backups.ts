/** The bucket's promises: what is listed as good restores exactly, and stays. */
import { mkdtempSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { BackupEntry } from '../../src/backup/catalog/entry.ts';
import { parseKey } from '../../src/backup/catalog/names.ts';
import { LEAST_VERIFIED } from '../../src/backup/catalog/retention.ts';
import { parseChangeKey } from '../../src/backup/changes/change-names.ts';
import { fetchSource } from '../../src/backup/restore/source.ts';
import { type Held, heldBy, type State } from './contents.ts';
import { cuttingStore } from './edges.ts';
import { PREFIX, type Scene } from './fault-scene.ts';
import { listed } from './listed.ts';

export interface Good extends Held {
  /** It, restored: what a replay begins with. */
  readonly path: string;
  readonly time: Date;
  /** The stored bytes that were looked at. */
  readonly bodies: readonly (Uint8Array | undefined)[];
}

/** Backups looked at so far that stay good only for as long as their bytes stay. */
export class GoodBackups {
  readonly #scene: Scene;
  readonly #good: Map<string, Good>;

  /** `known`: looked at already, in the same bucket. */
  constructor(scene: Scene, known: ReadonlyMap<string, Good> = new Map()) {
    this.#scene = scene;
    this.#good = new Map(known);
    for (const { state } of known.values()) scene.states.add(state);
  }

  get good(): ReadonlyMap<string, Good> {
    return this.#good;
  }

  stateOf(name: string): State {
    const good = this.#good.get(name);
    if (good === undefined) throw new Error(`backup ${name} was never looked at`);
    return good.state;
  }

  async verified(): Promise<BackupEntry[]> {
    const entries = await listed(this.#scene.store, { prefix: PREFIX });
    return entries.filter(({ state }) => state === 'verified');
  }

  async mustBeListed(name: string): Promise<void> {
    if (!(await this.verified()).some((entry) => entry.name === name))
      throw new Error(`backup ${name} was said to be done and is not listed as verified`);
  }

  async mustNotBeListed(name: string): Promise<void> {
    if ((await this.verified()).some((entry) => entry.name === name))
      throw new Error(`backup ${name} was said to have failed and is listed as verified`);
  }

  /**
   * Everything listed as good restores exactly; nothing good has gone but what retention may take.
   */
  async check(): Promise<void> {
    const entries = await this.verified();
    this.#requireKept(entries);
    for (const entry of entries) {
      const bodies = entry.objects.map(({ key }) => this.#scene.store.objects.get(key)?.body);
      const before = this.#good.get(entry.name);
      if (before?.bodies.every((body, i) => body === bodies[i])) continue;
      const { state, point, path } = await this.#restored(entry, false);
      if (this.#scene.random.chance(0.15) && (await this.#restored(entry, true)).state !== state)
        throw new Error(`the two files of backup ${entry.name} differ`);
      if (!this.#scene.states.has(state))
        throw new Error(`backup ${entry.name} holds what the database never held`);
      this.#good.set(entry.name, { state, point, path, time: entry.time, bodies });
    }
  }

  /** A manifest stands for objects that are there: it comes last and goes first. */
  async requireNoneDamaged(): Promise<void> {
    const entries = await listed(this.#scene.store, { prefix: PREFIX });
    const damaged = entries.find(({ state }) => state === 'damaged');
    if (damaged !== undefined) throw new Error(`${damaged.name} is listed as damaged: ${damaged.problem}`);
  }

  /** Nothing in the bucket but good backups; or nothing of one name. */
  checkDebris(only = ''): void {
    const { store } = this.#scene;
    const left = [
      ...store.objects.keys(),
      ...[...store.uploads].map(({ key }) => `unfinished ${key}`),
    ].filter(
      (key) =>
        key.includes(only) &&
        parseChangeKey(PREFIX, key) === undefined &&
        !this.#good.has(parseKey(PREFIX, key)?.name ?? ''),
    );
    if (left.length > 0) throw new Error(`debris is left: ${left.join(', ')}`);
  }

  #requireKept(entries: readonly BackupEntry[]): void {
    const there = new Set<string>(entries.map(({ name }) => name));
    const newest = Math.max(...entries.map(({ time }) => time.getTime()));
    for (const [name, { time }] of this.#good) {
      if (there.has(name)) continue;
      // What is older than the policy's days may go, by clocks that may have jumped by two; the
      // last ones stay whatever their age.
      const days = (newest - time.getTime()) / 86_400_000;
      if (days < this.#scene.retentionDays - 2 || there.size < LEAST_VERIFIED)
        throw new Error(`the good backup ${name} is gone`);
      this.#good.delete(name);
    }
  }

  async #restored(entry: BackupEntry, fromDocument: boolean): Promise<Held & { readonly path: string }> {
    const { store, keys, contentsSql } = this.#scene;
    const directory = mkdtempSync(join(this.#scene.directory, 'check-'));
    try {
      const bucket = { store: fromDocument ? cuttingStore(store, '.db') : store, prefix: PREFIX };
      const source = await fetchSource(
        { kind: 'backup', entry },
        { bucket, keys, directory, isForgetful: true },
      );
      if (source.notes.length !== (fromDocument ? 1 : 0))
        throw new Error(`backup ${entry.name} is not whole: ${source.notes.join('; ')}`);
      const db = new DatabaseSync(source.path, { readOnly: true, timeout: 10_000 });
      const held = heldBy(db, contentsSql);
      db.close();
      const path = join(this.#scene.directory, `good-${entry.name}.db`);
      renameSync(source.path, path);
      return { ...held, path };
    } finally {
      rmSync(directory, { recursive: true, force: true, maxRetries: 10 });
    }
  }
}
