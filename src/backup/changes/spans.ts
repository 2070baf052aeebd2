/**
 * How far back one can go to any minute, and where not: by names and manifests, no file is opened.
 * Pure.
 */
import { greatest, least } from '../../lib/extremes.ts';
import type { Position, TimelineReason } from '../catalog/change-position.ts';
import type { ChangeState } from '../catalog/change-state.ts';
import type { Manifest } from '../catalog/manifest.ts';
import type { Base, StoredChange } from './listed.ts';
import { storedBefore } from './previous.ts';

export interface Span {
  readonly timeline: string;
  readonly from: Date;
  /** Of the last change that is stored, or of the last backup. */
  readonly to: Date;
}

export interface Gap {
  readonly from: Date;
  readonly to: Date;
  /** For people: why no moment in between can be brought back. */
  readonly reason: string;
}

export interface History {
  /** Oldest first. */
  readonly spans: readonly Span[];
  readonly gaps: readonly Gap[];
}

/** Files of one bucket by timeline and first change. */
export class ChangeIndex {
  readonly #files: ReadonlyMap<string, readonly StoredChange[]>;
  readonly #byFirst: ReadonlyMap<string, readonly StoredChange[]>;
  readonly #bases: readonly Base[];
  /** By file, where those from it on end: many backups lead to one end. */
  readonly #ends = new Map<StoredChange, ChainEnd>();

  /** @param bases those that are known: what came right behind another one is told by that */
  constructor(files: readonly StoredChange[], bases: readonly Base[] = []) {
    this.#bases = bases;
    this.#files = Map.groupBy(files, ({ timeline }) => timeline);
    this.#byFirst = Map.groupBy(files, ({ timeline, first }) => `${timeline} ${first}`);
  }

  of(timeline: string): readonly StoredChange[] {
    return this.#files.get(timeline) ?? [];
  }

  /**
   * Of several with this first change the last one that another goes on from: the others are
   * attempts that did not end, or no change files at all.
   */
  from(timeline: string, first: number): StoredChange | undefined {
    const found = this.#byFirst.get(`${timeline} ${first}`) ?? [];
    const goesOn = ({ last }: StoredChange): boolean => this.#byFirst.has(`${timeline} ${last + 1}`);
    return (found.length > 1 ? found.findLast(goesOn) : undefined) ?? found.at(-1);
  }

  /** When the last change behind a backup was stored; undefined: none was. */
  storedUpTo(base: Base): Date | undefined {
    const last = this.endBehind(base)?.last;
    return last !== undefined && last.last > (base.changes?.seq ?? 0) ? last.time : undefined;
  }

  /** The files behind a backup, one after the other, as far as their numbers join. */
  behind(base: Base): StoredChange[] {
    const found: StoredChange[] = [];
    for (let next = this.#firstBehind(base); next !== undefined; next = this.#next(next)) found.push(next);
    return found;
  }

  /** Where {@link behind} ends, for all backups together in the time of one walk. */
  endBehind(base: Base): ChainEnd | undefined {
    return this.#endFrom(this.#firstBehind(base));
  }

  /**
   * What waited when the backup was made comes in the file behind the last one before it, or
   * nowhere: an attempt that nobody read back may have such a name, too, and leads less far.
   */
  #firstBehind(base: Base): StoredChange | undefined {
    if (base.changes === undefined) return undefined;
    const { timeline, seq } = base.changes;
    const last = storedBefore(base, this.#bases);
    const waited = last === undefined || last >= seq ? undefined : this.from(timeline, last + 1);
    const fresh = this.from(timeline, seq + 1);
    const end = (file: StoredChange | undefined): number => this.#endFrom(file)?.last.last ?? 0;
    const found = end(waited) < end(fresh) ? fresh : waited;
    // Where that is known, no other file leads on.
    if (found !== undefined || last !== undefined) return found;
    return this.of(timeline).findLast((file) => file.first <= seq && file.last > seq);
  }

  #next({ timeline, last }: StoredChange): StoredChange | undefined {
    return this.from(timeline, last + 1);
  }

  #endFrom(start: StoredChange | undefined): ChainEnd | undefined {
    const way: StoredChange[] = [];
    let next = start;
    for (; next !== undefined && !this.#ends.has(next); next = this.#next(next)) way.push(next);
    let end = next && this.#ends.get(next);
    for (const file of way.toReversed()) {
      const time = file.time.getTime();
      end = { last: end?.last ?? file, to: Math.max(end?.to ?? time, time) };
      this.#ends.set(file, end);
    }
    return end;
  }
}

interface ChainEnd {
  readonly last: StoredChange;
  /** The latest time of any of them, ms since 1970. */
  readonly to: number;
}

type Log = Pick<ChangeState, 'timeline' | 'shippedSeq' | 'needsBase'>;

/**
 * @param log of the living database: what waits in it is lost to nobody, and comes in a file;
 *   absent: nobody can ask it
 */
export function historyOf(bases: readonly Base[], files: readonly StoredChange[], log?: Log): History {
  const index = new ChangeIndex(files, bases);
  const byTimeline = Map.groupBy(
    bases.filter(({ changes }) => changes !== undefined),
    ({ changes }) => changes?.timeline ?? '',
  );
  const found = [...byTimeline].map(([timeline, own]) => spansOf(index, timeline, own, log));
  const spans = found.flatMap((one) => one.spans).toSorted((a, b) => a.from.getTime() - b.from.getTime());
  const { gaps, end } = gapsBetween(spans, bases);
  const lost = found.flatMap((one) => one.lost ?? []);
  if (end !== undefined) gaps.push(...lost.filter((gap) => gap.to > end));
  return { spans: spans.map(({ timeline, from, to }) => ({ timeline, from, to })), gaps };
}

/** `why`: why a gap comes before it. */
type Begun = Span & { readonly why: string };

/** Those of one timeline, and what its files hold behind the last of them. */
function spansOf(
  index: ChangeIndex,
  timeline: string,
  own: readonly Base[],
  log: Log | undefined,
): { readonly spans: readonly Begun[]; readonly lost: Gap | undefined } {
  const spans: Begun[] = [];
  let open: (Begun & { readonly seq: number; readonly schema: string | null }) | undefined;
  for (const [at, base] of own.entries()) {
    const { changes } = base;
    if (changes === undefined) continue;
    const schema = changes.schema_sha256;
    // Behind a backup of another schema its files lead on, and not those of this one.
    const until = own.slice(at).find((later) => later.changes?.schema_sha256 !== schema)?.changes?.seq;
    const end = endUpTo(index, base, until);
    const to = new Date(Math.max(base.time.getTime(), end?.to ?? 0));
    const seq = Math.max(changes.seq, end?.last.last ?? 0);
    const waits = log?.timeline === timeline && log.needsBase === null && log.shippedSeq <= (open?.seq ?? 0);
    if (open !== undefined && open.schema === schema && (open.seq >= changes.seq || waits)) {
      open = { ...open, to: latest([open.to, to]), seq: Math.max(open.seq, seq) };
      continue;
    }
    const why =
      open === undefined
        ? REASONS[changes.reason]
        : open.schema !== schema
          ? `${REASONS.schema}, and backup ${base.entry.name} is the first that has it`
          : `changes ${open.seq + 1} to ${changes.seq} are in backup ${base.entry.name} only`;
    if (open !== undefined) spans.push(open);
    open = { timeline, from: base.time, to, seq, why, schema };
  }
  if (open === undefined) return { spans, lost: undefined };
  const { seq, to } = open;
  const further = index.of(timeline).filter(({ first }) => first > seq);
  const last = further.at(-1);
  const reason = (): string =>
    `changes ${seq + 1} to ${least(further.map(({ first }) => first)) - 1} are in no file: what follows them needs a new full backup`;
  return { spans: [...spans, open], lost: last && { from: to, to: last.time, reason: reason() } };
}

/** `end`: the latest moment of all. */
function gapsBetween(
  spans: readonly Begun[],
  bases: readonly Base[],
): { readonly gaps: Gap[]; readonly end: Date | undefined } {
  const gaps: Gap[] = [];
  let to: Date | undefined;
  for (const span of spans) {
    if (to !== undefined && span.from > to) {
      const since = to;
      const isUnrecorded = bases.some(
        ({ changes, time }) => changes === undefined && time > since && time < span.from,
      );
      gaps.push({ from: to, to: span.from, reason: isUnrecorded ? UNRECORDED : span.why });
    }
    to = to === undefined ? span.to : latest([to, span.to]);
  }
  return { gaps, end: to };
}

export const UNRECORDED = 'no change log was kept';

function endUpTo(index: ChangeIndex, base: Base, until: number | undefined): ChainEnd | undefined {
  const end = index.endBehind(base);
  if (end === undefined || until === undefined || end.last.last <= until) return end;
  const files = index.behind(base).filter(({ last }) => last <= until);
  const last = files.at(-1);
  return last && { last, to: greatest(files.map(({ time }) => time.getTime())) };
}

/** Why one history ended and another began. */
export const REASONS: Readonly<Record<TimelineReason, string>> = {
  new: 'a change log began anew',
  restore: 'a restore replaced the rows',
  import: 'an import replaced the rows',
  replaced: 'another database took the place of the old one',
  fork: 'another copy of the database went on from the same point (a second bot, or an old file put back)',
  schema: 'the schema changed',
  spoilt: 'the row that says where the change log stood was lost or altered: a change log began anew',
};

function latest(times: readonly Date[]): Date {
  return new Date(greatest(times.map((time) => time.getTime())));
}

/** A timeline began before all that it holds, whatever the clock of then said. */
function earliest(since: readonly Date[], times: readonly Date[]): Date | undefined {
  const all = [...since, ...times].map((time) => time.getTime());
  return all.length === 0 ? undefined : new Date(least(all));
}

export interface Timeline {
  readonly id: string;
  /** As the manifests of its backups say; undefined without one. */
  readonly parent: Position | null | undefined;
  readonly reason: TimelineReason | undefined;
  readonly since: Date | undefined;
  /** Of its newest backup. */
  readonly manifest: Manifest | undefined;
  readonly backups: number;
  readonly files: number;
  readonly bytes: number;
  /** Of its last file or backup. */
  readonly to: Date | undefined;
}

/** Oldest first. */
export function timelinesOf(bases: readonly Base[], files: readonly StoredChange[]): Timeline[] {
  const index = new ChangeIndex(files, bases);
  const ids = new Set([
    ...bases.flatMap(({ changes }) => changes?.timeline ?? []),
    ...files.map(({ timeline }) => timeline),
  ]);
  const found = [...ids].map((id): Timeline => {
    const own = index.of(id);
    const backups = bases.filter(({ changes }) => changes?.timeline === id);
    const newest = backups.at(-1);
    const changes = newest?.changes;
    const times = [...own, ...backups].map(({ time }) => time);
    return {
      id,
      parent: changes?.parent,
      reason: changes?.reason,
      since: earliest(changes === undefined ? [] : [new Date(changes.since)], times),
      manifest: newest?.entry.manifest,
      backups: backups.length,
      files: own.length,
      bytes: own.reduce((sum, { bytes }) => sum + bytes, 0),
      to: times.length === 0 ? undefined : latest(times),
    };
  });
  return found.toSorted((a, b) => (a.since?.getTime() ?? 0) - (b.since?.getTime() ?? 0));
}
