/**
 * Looks on: every deletion when it is made, and everything else between two steps. What it finds
 * is kept, for the engine would take an error of its store for trouble of the bucket.
 */
import { Buffer } from 'node:buffer';
import { parseKey } from '../../../src/backup/catalog/names.ts';
import { parseChangeKey } from '../../../src/backup/changes/change-names.ts';
import { gunzippedAtOnce } from '../../../src/backup/envelope/gunzip.ts';
import { idOf, type Place, type Role, type Watcher } from './place.ts';
import { hasManifest, Rules, type RulesOf } from './rules.ts';
import type { Truth } from './truth.ts';

export class Watch implements Watcher {
  readonly broken: string[] = [];
  readonly truth: Truth;
  /** Files that no bucket has whole, by no fault of the engine's. */
  readonly lost = new Set<string>();
  /** Nobody can look into a change file: what is wrong and not remembered any more is copied. */
  isBlind = false;
  /** Of somebody else, among the change files of the first bucket. */
  readonly junk = new Set<string>();
  /** What the step at hand has met: `Chaos.hits`. */
  hits: readonly string[] = [];
  /** What ships now: what it puts is made. */
  onMade: ((file: string, body: Uint8Array) => void) | undefined;
  #rules: Rules | undefined;
  #places: Readonly<Record<Role, Place>> | undefined;
  /** Gone by the rules, by bucket. */
  readonly #released: Readonly<Record<Role, Set<string>>> = { first: new Set(), copy: new Set() };

  constructor(truth: Truth) {
    this.truth = truth;
  }

  begin(places: Readonly<Record<Role, Place>>, of: RulesOf): void {
    this.#places = places;
    this.#rules = new Rules(of);
  }

  get rules(): Rules {
    if (this.#rules === undefined) throw new Error('nothing is watched yet');
    return this.#rules;
  }

  other(place: Place): Place {
    if (this.#places === undefined) throw new Error('nothing is watched yet');
    return place.role === 'first' ? this.#places.copy : this.#places.first;
  }

  onPut(place: Place, key: string, body: Uint8Array): void {
    const file = key.slice(place.prefix.length);
    if (parseChangeKey('', file) !== undefined) this.onMade?.(file, body);
  }

  onOverwrite(place: Place, key: string): void {
    const file = key.slice(place.prefix.length);
    if (this.truth.bytes.has(file) || this.truth.foreign.has(file))
      this.broken.push(`${place.role}: ${file} was written over`);
  }

  onDelete(place: Place, keys: readonly string[]): void {
    const files = keys
      .map((key) => key.slice(place.prefix.length))
      .filter((file) => place.body(file) !== undefined);
    for (const file of files) {
      const why = this.#whyKept(place, file, files);
      if (why === undefined) this.#released[place.role].add(file);
      else if (why !== '') this.broken.push(`${place.role}: ${file} was deleted, and ${why}`);
    }
  }

  /** Undefined: the rules let it go; empty: it was damaged there, or never counted. */
  #whyKept(place: Place, file: string, together: readonly string[]): string | undefined {
    const { truth } = this;
    if (truth.foreign.has(file)) return 'it is not the bot’s';
    const backup = truth.backups.get(parseKey('', file)?.name ?? '');
    const change = truth.changes.get(file);
    const isProved = truth.proved.has(idOf(file)) && truth.bytes.has(file);
    // A pin is people's; a verdict, and what no run came to the end of, is of no worth.
    if (!isProved || (backup === undefined && change === undefined)) return '';
    const there = this.other(place);
    const isWhole = !there.isOther && truth.isRight(file, there.body(file));
    if (!truth.isRight(file, place.body(file)) && isWhole) return '';
    // Two readings of it were cut on their way, or two processes mended it side by side.
    if (
      isWhole &&
      this.hits.some((hit) => /<- stall$/.test(hit) || (hit.includes(file) && /is cut| <- /.test(hit)))
    )
      return '';
    if (change !== undefined) {
      const before = place.files().find((one) => {
        const other = truth.changes.get(one);
        const isBefore = other?.timeline === change.timeline && one < file && !together.includes(one);
        return isBefore && truth.proved.has(one) && truth.isRight(one, place.body(one));
      });
      if (before !== undefined) return `${before}, which comes before it, was not`;
      return this.rules.ofChange(place, change);
    }
    if (backup === undefined) return undefined;
    // No record says that its run made a backup, and nor does the bucket any more.
    if (!truth.done.has(backup.name) && !hasManifest(place, backup.name)) return undefined;
    const isGoing = [...backup.objects.keys()].some((one) => this.#released[place.role].has(one));
    return isGoing && !hasManifest(place, backup.name) ? undefined : this.rules.ofBackup(place, backup);
  }

  /** Call it right behind what the engine did not do. */
  accountLosses(): void {
    for (const file of this.#missing()) this.lost.add(file);
  }

  *#missing(): Generator<string> {
    if (this.#places === undefined) return;
    const { first, copy } = this.#places;
    for (const file of this.truth.provedFiles()) {
      const isThere = [first, copy].some((place) => this.truth.isRight(file, place.held(file)));
      if (isThere) {
        this.lost.delete(file);
        this.#released.first.delete(file);
        this.#released.copy.delete(file);
      } else if (!this.#isReleased(file)) yield file;
    }
  }

  #isReleased(file: string): boolean {
    return this.#released.first.has(file) || this.#released.copy.has(file);
  }

  /** A bit of gzip's own head alters nothing that is inside; the next file tells it. */
  #isInside(file: string, body: Uint8Array): boolean {
    const right = this.truth.changes.has(file) ? this.truth.bytes.get(file) : undefined;
    const [made, found] = [right && gunzippedAtOnce(right), gunzippedAtOnce(body)];
    return made !== undefined && found !== undefined && Buffer.compare(made, found) === 0;
  }

  /** Between two steps. @throws what was broken */
  check(): void {
    if (this.#places === undefined) return;
    for (const place of Object.values(this.#places)) {
      if (place.isMountedTouched) this.broken.push(`${place.role}: another disk was written to`);
      if (place.isOther) continue;
      for (const file of place.files()) {
        const body = place.body(file);
        if (body === undefined || place.bad.has(body) || !this.truth.bytes.has(file)) continue;
        // What never came to its end counts for nothing.
        if (!this.truth.proved.has(idOf(file)) || (this.isBlind && this.truth.changes.has(file))) continue;
        if (!this.truth.isRight(file, body) && !this.#isInside(file, body))
          this.broken.push(`${place.role}: ${file} is not what was made, and nobody else did it`);
      }
    }
    for (const file of this.junk)
      if (this.#places.copy.body(file) !== undefined) this.broken.push(`${file} of somebody else was copied`);
    for (const file of this.#missing())
      if (!this.lost.has(file)) this.broken.push(`${file} is whole in neither bucket`);
    if (this.broken.length > 0) throw new Error(this.broken.slice(0, 4).join('\n'));
  }
}
