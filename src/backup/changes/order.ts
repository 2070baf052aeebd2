/**
 * What is stored, in the order in which it was made. The chain tells it: a timeline and a number,
 * and where one timeline goes on from another. Clocks only say when, and one may have been wrong:
 * then times are settled by the order, never the order by times. Pure.
 */
import { greatest, least } from '../../lib/extremes.ts';
import type { Base, StoredChange } from './listed.ts';
import { settled } from './settle-times.ts';

export interface Ordered {
  /** Oldest first. */
  readonly bases: readonly Base[];
  /** By timeline, in the order of their changes, as they came. */
  readonly files: readonly StoredChange[];
}

interface Item {
  readonly seq: number;
  /** Of one number: a file, then the full backup that holds it. */
  readonly rank: 0 | 1;
  readonly of: Base | StoredChange;
  time: number;
}

interface Line {
  readonly timeline: string;
  readonly items: Item[];
  readonly parent: { readonly timeline: string; readonly seq: number } | undefined;
  /** When it began and what it holds last, as the clock of then said. */
  readonly since: number;
  readonly last: number;
  start: number;
}

/**
 * No time is later than `now`: what a clock that ran ahead has dated is there already.
 * @param isWhole nothing older is stored (settle-times.ts)
 */
export function inOrder({ bases, files }: Ordered, now: Date, isWhole = true): Ordered {
  const lines = linesOf(bases, files, now.getTime());
  const children = Map.groupBy(lines.values(), ({ parent }) => parent?.timeline ?? '');
  const order = new Map<string, number>();
  const settle = (line: Line): void => {
    if (order.has(line.timeline)) return;
    order.set(line.timeline, 0);
    const below = children.get(line.timeline) ?? [];
    for (const child of below) settle(child);
    settleLine(line, below, isWhole);
  };
  for (const line of lines.values()) settle(line);
  order.clear();
  const visit = (line: Line, floor: number): void => {
    if (order.has(line.timeline)) return;
    order.set(line.timeline, order.size);
    for (const item of line.items) item.time = Math.max(item.time, floor);
    const below = (children.get(line.timeline) ?? []).toSorted(
      (a, b) => a.start - b.start || a.since - b.since,
    );
    for (const child of below) visit(child, timeAt(line, child.parent?.seq ?? 0));
  };
  for (const line of lines.values()) if (!lines.has(line.parent?.timeline ?? '')) visit(line, 0);
  for (const line of lines.values()) visit(line, 0);
  const times = new Map([...lines.values()].flatMap(({ items }) => items.map(({ of, time }) => [of, time])));
  const timed = <T extends Base | StoredChange>(one: T): T => {
    const time = times.get(one) ?? Math.min(one.time.getTime(), now.getTime());
    return time === one.time.getTime() ? one : { ...one, time: new Date(time) };
  };
  const place = ({ changes }: Base): number => order.get(changes?.timeline ?? '') ?? -1;
  return {
    bases: bases
      .map(timed)
      .toSorted(
        (a, b) =>
          a.time.getTime() - b.time.getTime() ||
          place(a) - place(b) ||
          (a.changes?.seq ?? 0) - (b.changes?.seq ?? 0),
      ),
    files: files.map(timed),
  };
}

function linesOf(
  bases: readonly Base[],
  files: readonly StoredChange[],
  now: number,
): ReadonlyMap<string, Line> {
  const lines = new Map<string, Line>();
  const byTimeline = Map.groupBy(bases, ({ changes }) => changes?.timeline);
  const filesBy = Map.groupBy(files, ({ timeline }) => timeline);
  for (const timeline of new Set([...byTimeline.keys(), ...filesBy.keys()])) {
    if (timeline === undefined) continue;
    const own = byTimeline.get(timeline) ?? [];
    const item = (of: Base | StoredChange, seq: number, rank: 0 | 1): Item => ({
      of,
      seq,
      rank,
      time: Math.min(of.time.getTime(), now),
    });
    const items = [
      ...(filesBy.get(timeline) ?? []).map((file) => item(file, file.last, 0)),
      ...own.map((base) => item(base, base.changes?.seq ?? 0, 1)),
    ];
    const changes = own[0]?.changes;
    const since = changes === undefined ? now : Date.parse(changes.since);
    const last = greatest([0, ...items.map(({ of }) => of.time.getTime())]);
    const parent = changes?.parent ?? undefined;
    lines.set(timeline, { timeline, items, since, last, parent, start: Math.min(since, now) });
  }
  return lines;
}

/**
 * What goes on from a place comes after it, and says nothing of what the line lived behind that
 * place. Where it began after all of the line, by the same clock, it comes after all of it; else
 * the two may have gone on side by side.
 */
function settleLine(line: Line, below: readonly Line[], isWhole: boolean): void {
  const own = line.items.toSorted((a, b) => a.seq - b.seq || a.rank - b.rank || a.time - b.time);
  const later = below.filter(({ since }) => since >= line.last).map(({ start }) => start);
  settleItems(
    own,
    later.toSorted((a, b) => a - b),
    isWhole,
  );
  for (const { parent, start } of below)
    settleItems(
      own.filter(({ seq }) => seq <= (parent?.seq ?? 0)),
      [start],
      isWhole,
    );
  line.start = least([line.start, ...line.items.map(({ time }) => time)]);
}

/** @param later when came, for certain, what comes behind the items */
function settleItems(items: readonly Item[], later: readonly number[], isWhole: boolean): void {
  const times = settled([...items.map(({ time }) => time), ...later], isWhole);
  for (const [i, item] of items.entries()) item.time = times[i] ?? item.time;
}

/** When the line was at this number. */
function timeAt({ items }: Line, seq: number): number {
  return greatest([0, ...items.filter((item) => item.seq <= seq).map(({ time }) => time)]);
}
