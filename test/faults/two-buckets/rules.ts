/**
 * What may be deleted, and when, from what was made alone: not by what the engine thinks, but by
 * what docs/spec/backup.md and changes.md promise.
 */
import { manifestKey, pinKey, verdictKey } from '../../../src/backup/catalog/names.ts';
import { LEAST_VERIFIED } from '../../../src/backup/catalog/retention.ts';
import { DAY_MS } from '../../../src/text/times.ts';
import type { Place } from './place.ts';
import type { SeedTime } from './time.ts';
import type { MadeBackup, MadeChange, Truth } from './truth.ts';

const WEEK_MS = 7 * DAY_MS;
/** Work takes time: what a run began with, and when its manifest came. */
const LAG_MS = 20 * 60_000;
const SAFETY_DAYS = 14;
const LEAST_ROWS = 20;

export interface RulesOf {
  readonly truth: Truth;
  readonly time: SeedTime;
  /** Undefined: the calendar decides, and only what is younger than a day stays for its age. */
  readonly days: number | undefined;
  readonly changeDays: number;
  readonly first: Place;
}

export class Rules {
  readonly #of: RulesOf;

  constructor(of: RulesOf) {
    this.#of = of;
  }

  /** What times may be wrong by. */
  get slack(): number {
    return LAG_MS + 2 * this.#of.time.mostSkew;
  }

  /** As a listing knows them: good, as far as lengths and verdicts tell. */
  believed(place: Place): MadeBackup[] {
    const { truth } = this.#of;
    return [...truth.backups.values()].filter(
      (backup) =>
        truth.isRight(backup.manifest, place.body(backup.manifest)) &&
        place.body(verdictKey('', backup.name)) === undefined &&
        [...backup.objects].every(([file, body]) => place.body(file)?.byteLength === body.byteLength),
    );
  }

  /** Why a backup may not go; undefined: it may. */
  ofBackup(place: Place, backup: MadeBackup): string | undefined {
    const { time, days = 1 } = this.#of;
    if (place.body(pinKey('', backup.name)) !== undefined) return 'it is pinned';
    const age = time.true - backup.time;
    const kept = backup.isSafety ? Math.max(days, SAFETY_DAYS) : days;
    if (age < kept * DAY_MS - this.slack) return `it is ${(age / DAY_MS).toFixed(1)} days old`;
    const good = this.believed(place);
    const others = good.filter(({ name }) => name !== backup.name);
    // One that is known to be damaged counts for none of the last ones.
    if (good.length > others.length && others.length < LEAST_VERIFIED)
      return `only ${others.length} others are left`;
    const newest = newestOf(others);
    if (newest === undefined || newest.time <= backup.time - this.slack) return 'no newer one is there';
    const isFuller = ({ rows }: MadeBackup): boolean => rows >= LEAST_ROWS && newest.rows * 2 < rows;
    if (good.includes(backup) && isFuller(backup) && time.mostSkew === 0 && !others.some(isFuller))
      return 'it is the last one that is so full';
    return place.role === 'copy' ? this.#ofCopy(backup.name) : undefined;
  }

  /** Why a change file may not go; undefined: it may. */
  ofChange(place: Place, change: MadeChange): string | undefined {
    const { truth, time, changeDays } = this.#of;
    const since = time.true - changeDays * DAY_MS;
    const there = [...truth.backups.values()].filter(({ objects }) =>
      objects.keys().some((file) => place.body(file) !== undefined),
    );
    const oldest = Math.min(...there.map((backup) => backup.time));
    const isLeading = change.time >= oldest - DAY_MS + this.slack;
    if (change.time > since + this.slack && isLeading) return 'it is younger than it is kept';
    const newest = newestOf(this.believed(place));
    if (newest === undefined) return 'no whole backup is there';
    if (change.time > newest.time + this.slack) return 'it came after the newest backup';
    const isOwn = ({ changes }: MadeBackup): boolean => changes.timeline === change.timeline;
    if (isOwn(newest) && change.last > truth.heldBy(newest)) return 'the newest backup needs it';
    if (time.mostSkew === 0 && this.#leads(there, place, change)) return 'a moment that is kept needs it';
    return place.role === 'copy' ? this.#ofCopy(change.file) : undefined;
  }

  /** Whether a replay to a moment that is kept goes over it. */
  #leads(there: readonly MadeBackup[], place: Place, change: MadeChange): boolean {
    const { truth, time, changeDays } = this.#of;
    const since = time.true - changeDays * DAY_MS;
    const bases = there
      .filter(({ objects, manifest }) => {
        // One of its two files is enough, as far as anybody knows.
        const held = [...objects].filter(
          ([file, { byteLength }]) => place.body(file)?.byteLength === byteLength,
        );
        return truth.isRight(manifest, place.body(manifest)) && held.length > 1;
      })
      .toSorted((a, b) => a.time - b.time);
    const before = bases.findLast((backup) => backup.time <= since);
    if (before !== undefined)
      return before.changes.timeline === change.timeline && change.last > truth.heldBy(before);
    const [own] = bases.filter(({ changes }) => changes.timeline === change.timeline);
    return own !== undefined && change.last > truth.heldBy(own);
  }

  #ofCopy(id: string): string | undefined {
    const { first, truth } = this.#of;
    if (first.isOther) return 'the first bucket is not there';
    const isWhole = [...truth.backups.values()].some(({ objects }) =>
      objects.keys().every((file) => first.body(file) !== undefined),
    );
    if (!isWhole) return 'the first bucket has no whole backup';
    if (first.hasReturned(id)) return undefined;
    const absent = first.absentFor(id);
    return absent < WEEK_MS - this.slack
      ? `the first bucket had it ${(absent / DAY_MS).toFixed(1)} days ago`
      : undefined;
  }
}

function newestOf(backups: readonly MadeBackup[]): MadeBackup | undefined {
  return backups.toSorted((a, b) => b.time - a.time)[0];
}

export function hasManifest(place: Place, name: string): boolean {
  return place.body(manifestKey('', name)) !== undefined;
}
