/**
 * What a database held at each place of its change log, and the promises about it: what left the
 * log is in the bucket, every change is in the log, and a full backup with the files behind it
 * makes what the database held, to the last value, or is not called whole.
 */
import type { Bucket } from '../../src/backup/catalog/bucket.ts';
import { followChain } from '../../src/backup/changes/chain.ts';
import { basesOf, listChanges } from '../../src/backup/changes/list-changes.ts';
import type { Base, StoredChange } from '../../src/backup/changes/listed.ts';
import { openChange } from '../../src/backup/changes/open-change.ts';
import { sql } from '../../src/db/database.ts';
import type { State } from './contents.ts';
import { type Look, PREFIX, type Scene } from './fault-scene.ts';
import type { GoodBackups } from './good-backups.ts';
import { listed } from './listed.ts';
import { chainTo, replayed } from './replayed-chain.ts';
import { shipAll } from './ship-operation.ts';

/** A moment that can be brought back, and how. */
export interface ShippedPoint {
  readonly base: Base;
  readonly files: readonly StoredChange[];
  readonly stop: StoredChange;
  readonly point: State;
}

const LATER = new Date('2100-01-01');

/** By timeline and number of the last entry: what the databases held that had this history. */
export type Known = ReadonlyMap<string, ReadonlySet<State>>;

export class ShippedHistory {
  readonly #scene: Scene;
  #known: Map<string, ReadonlySet<State>>;
  readonly #timelines = new Set<string>();
  /** Files that left the log behind them, by name. */
  readonly acknowledged = new Set<string>();
  readonly #checked = new Map<string, Uint8Array>();
  readonly points: ShippedPoint[] = [];
  #last: Look | undefined;

  /** `known`: what is true of the same bucket already. */
  constructor(scene: Scene, known: Known = new Map()) {
    this.#scene = scene;
    this.#known = new Map(known);
  }

  get known(): Known {
    return this.#known;
  }

  /** Of another database that goes on from here with the same bucket. */
  beside(scene: Scene): ShippedHistory {
    const other = new ShippedHistory(scene);
    other.#known = this.#known;
    return other;
  }

  /** As it is once every clock that jumped has caught up. */
  get bucket(): Bucket {
    return { store: this.#scene.store, prefix: PREFIX, clock: { now: () => LATER } };
  }

  /** What the database held when it was looked at last. */
  get now(): Look {
    if (this.#last === undefined) throw new Error('nobody has looked yet');
    return this.#last;
  }

  /** Call it after everything that may have changed the database. `seen`: a look of just now. */
  async witness(seen?: Look): Promise<void> {
    const look = seen ?? (await this.#scene.look());
    const { log: state, last, waiting, point } = look;
    this.#scene.states.add(look.state);
    if (state === undefined) throw new Error('the change log is gone');
    const before = this.#last;
    this.#last = look;
    this.#timelines.add(state.timeline);
    if (state.previous !== null && 'file' in state.previous) this.acknowledged.add(state.previous.file);
    if (last - state.shippedSeq !== waiting)
      throw new Error(`${last - state.shippedSeq} changes should wait, and ${waiting} do`);
    if (
      before?.log?.timeline === state.timeline &&
      (before.last > last || (before.last === last && before.point !== point))
    )
      throw new Error('rows changed, and the change log does not tell');
    this.learn(`${state.timeline} ${last}`, point);
  }

  learn(place: string, point: State): void {
    this.#known.set(place, new Set(this.#known.get(place)).add(point));
  }

  /**
   * A restore gives its timeline a name by dice that are not the seed's. Nobody has seen it yet, so
   * it gets another.
   */
  async adopt({ log: state }: Look): Promise<boolean> {
    if (state === undefined || this.#timelines.has(state.timeline)) return false;
    const { store, time, clock } = this.#scene;
    const isSeen = [...store.objects].some(
      ([key, { body }]) => /manifest/.test(key) && Buffer.from(body).includes(state.timeline),
    );
    if (isSeen) return false;
    await (await this.#scene.database()).write([
      sql(
        'UPDATE change_state SET timeline = ?, since = ? WHERE id = 1',
        time.random(32),
        clock.now().toISOString(),
      ),
    ]);
    return true;
  }

  /** Call it when the good backups were looked at. */
  async check(good: GoodBackups): Promise<void> {
    const { bases, files } = await this.found(good);
    for (const { entry, changes } of bases) {
      if (changes === undefined) continue;
      const held = good.good.get(entry.name);
      this.mustBe(held?.point, changes, `backup ${entry.name}`);
    }
    await this.#walkBack(files);
    for (const file of files) {
      const body = this.#scene.store.objects.get(PREFIX + file.file)?.body;
      if (body === undefined || this.#checked.get(file.file) === body) continue;
      await this.#checkFile(file, bases, files, good);
      this.#checked.set(file.file, body);
    }
    await this.#mustCover(bases, files);
  }

  /** What the other database has shipped, its own check tells of. */
  async checkCover(good: GoodBackups): Promise<void> {
    const { bases, files } = await this.found(good);
    await this.#mustCover(bases, files);
  }

  async found(good: GoodBackups): Promise<{ bases: readonly Base[]; files: readonly StoredChange[] }> {
    const entries = await listed(this.#scene.store, this.bucket);
    const bases = basesOf(this.bucket, entries).filter(({ entry }) => good.good.has(entry.name));
    return { bases, files: (await listChanges(this.bucket)).files };
  }

  mustBe(found: State | undefined, at: { timeline: string; seq: number }, what: string): void {
    const wanted = this.#known.get(`${at.timeline} ${at.seq}`);
    if (wanted === undefined) throw new Error(`${what} is of a place that no change log ever had: ${at.seq}`);
    if (found === undefined || !wanted.has(found))
      throw new Error(`${what} does not bring back what the database held after change ${at.seq}`);
  }

  /** Of a file that was acknowledged, the one that it continues was, too. */
  async #walkBack(files: readonly StoredChange[]): Promise<void> {
    const byName = new Map(files.map((file) => [file.file, file]));
    for (const name of this.acknowledged) {
      const file = byName.get(name);
      if (file === undefined || this.#checked.has(name)) continue;
      const { header } = await openChange(this.bucket, file, this.#scene.keys);
      if (header.previous !== null && 'file' in header.previous) this.acknowledged.add(header.previous.file);
    }
  }

  async #checkFile(
    file: StoredChange,
    bases: readonly Base[],
    files: readonly StoredChange[],
    good: GoodBackups,
  ): Promise<void> {
    const before = bases
      .filter(({ changes }) => changes?.timeline === file.timeline && changes.seq < file.last)
      .toSorted((a, b) => (b.changes?.seq ?? 0) - (a.changes?.seq ?? 0));
    const wanted = files.filter(({ timeline, last }) => timeline === file.timeline && last <= file.last);
    const ends: string[] = [];
    let ways = 0;
    for (const base of before) {
      // The first way, and at times another.
      if (ways > 0 && this.#scene.random.chance(0.7)) break;
      const { links, end } = await chainTo(this.bucket, this.#scene.keys, { file, base, files: wanted });
      if (links === undefined) {
        ends.push(`${base.entry.name}: ${end}`);
        continue;
      }
      ways += 1;
      if (links.at(-1)?.isPoint !== true) continue;
      const point = await replayed(this.#scene, good.good.get(base.entry.name)?.path ?? '', links);
      this.mustBe(
        point,
        { timeline: file.timeline, seq: file.last },
        `${file.file} behind ${base.entry.name}`,
      );
      this.points.push({ base, files: wanted, stop: file, point });
    }
    // Two shippers of one database may have stored one range: either file tells it.
    const isTwice = wanted.some(
      ({ first, last, file: other }) => first === file.first && last === file.last && other !== file.file,
    );
    if (before.length === 0 || ways > 0 || isTwice || !this.acknowledged.has(file.file)) return;
    const { previous } = this.now.log ?? {};
    const isLast = previous != null && 'file' in previous && previous.file === file.file;
    if (!isLast || !(await this.#isToldApart()))
      throw new Error(`no chain leads to ${file.file}: ${ends.join('; ')}`);
  }

  /** What left the log is in a full backup, or in the files behind one. */
  async #mustCover(bases: readonly Base[], files: readonly StoredChange[]): Promise<void> {
    const state = this.#last?.log;
    if (state === undefined || state.needsBase !== null) return;
    const own = bases.filter(({ changes }) => changes?.timeline === state.timeline);
    if (own.length === 0) throw new Error('changes are shipped, and no full backup comes before them');
    let reached = 0;
    const ends: string[] = [];
    for (const base of own.toReversed()) {
      reached = Math.max(reached, base.changes?.seq ?? 0);
      if (reached >= state.shippedSeq) return;
      const chain = followChain(this.bucket, base, files, { keys: this.#scene.keys });
      for (;;) {
        const next = await chain.next();
        if (next.done === true) {
          ends.push(`${base.entry.name}: ${next.value}`);
          break;
        }
        reached = Math.max(reached, next.value.header.last);
      }
    }
    if (reached < state.shippedSeq && !(await this.#isToldApart()))
      throw new Error(
        `changes up to ${state.shippedSeq} left the log, and what is stored ends at ${reached}: ${ends.join('; ')}`,
      );
  }

  /**
   * A bot may store a file beside one that it shares with another from the same copy, in the moment
   * in which the other goes on from that: both have listed then. Its next change tells it.
   */
  async #isToldApart(): Promise<boolean> {
    const scene = this.#scene;
    await scene.commit();
    await this.witness();
    const { kind } = await shipAll(scene, await scene.shipping(undefined, { holder: 'next' }));
    await this.witness();
    return kind === 'fork';
  }
}
