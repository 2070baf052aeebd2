/**
 * Which full backup and which change files bring the database of a moment back, and how near to it
 * they come. What lies beyond the last good position is refused. Node only.
 */
import { type Bucket, nowOf } from '../catalog/bucket.ts';
import { doubtText } from '../catalog/doubts.ts';
import type { BackupEntry } from '../catalog/entry.ts';
import { listBackups } from '../catalog/list.ts';
import type { BackupName } from '../catalog/names.ts';
import { isClosed, whyClosed } from '../catalog/unfit-keys.ts';
import { familiesOf, type ManifestBot, strangerOf, waysTo } from '../catalog/whose-bot.ts';
import type { ChainOptions } from '../changes/chain.ts';
import { parseChangeKey } from '../changes/change-names.ts';
import { listChanges, orderedOf, ownFiles } from '../changes/list-changes.ts';
import type { Base, StoredChange } from '../changes/listed.ts';
import { isUnsureAt, type Living } from '../changes/living.ts';
import type { Ordered } from '../changes/order.ts';
import { ChangeIndex, type History, historyOf } from '../changes/spans.ts';
import { straysOf, strayText } from '../changes/strays.ts';
import { chooseBranch, lineage } from './branches.ts';
import {
  alsoText,
  closedMoment,
  noneBefore,
  PointOutOfReach,
  plainAfter,
  plainText,
} from './out-of-reach.ts';
import { lastGood, stopOf } from './stop-file.ts';
import { isLatest, orphanOf, whyShort } from './why-short.ts';

export interface Point {
  /** What was asked for. */
  readonly at: Date;
  /** What is reached: the moment as of which the rows are. */
  readonly time: Date;
  readonly timeline: string | undefined;
  /** The last change that is in it; of a backup without a change log undefined. */
  readonly seq: number | undefined;
  /** Newest first: where one is damaged, an older one leads to the same place. */
  readonly ways: readonly Way[];
  /** Why no later moment is reached, where changes after it are known of. */
  readonly short: string | undefined;
  /** Nobody can tell whether anything had changed after it by the moment asked for. */
  readonly isUnsure?: boolean;
  /** A nearer moment will do where this one cannot be reached after all. */
  readonly isBestEffort: boolean;
  /** For people: what was odd about the files. */
  readonly notes?: readonly string[];
  /** Timelines that its own comes from. */
  readonly comesFrom?: ReadonlySet<string>;
  /** Whose database it is, where it is not that of the bot whose token is set. */
  readonly taken?: ManifestBot | undefined;
  /** A later backup that counts for nothing, since it is not encrypted. */
  readonly plain?: BackupName | undefined;
}

export interface Way {
  readonly base: Base;
  /** The files between, and others of their numbers. */
  readonly files: readonly StoredChange[];
  /** The last of them; undefined: the backup itself is what is wanted. */
  readonly stop: StoredChange | undefined;
}

export interface PointOptions extends ChainOptions {
  readonly at: Date;
  readonly isBestEffort?: boolean;
  /** Of several histories the one that is meant, by the beginning of its name. */
  readonly timeline?: string | undefined;
  /** How a moment is told. */
  readonly show: (time: Date) => string;
  /** When it was asked for; absent: now. */
  readonly now?: Date;
  /** Read before; undefined: nobody can ask the database. */
  readonly living?: Living | undefined;
}

/** @throws PointOutOfReach */
export async function findPoint(from: Bucket, options: PointOptions): Promise<Point> {
  const { at, show } = options;
  if (at > nowOf(from)) throw new PointOutOfReach(`${show(at)} is still to come`, { kind: 'ahead' });
  const { entries } = await listBackups(from);
  return findAmong(from, options, { entries, leftOut: [] });
}

/** `leftOut`: what no moment may rest on, for people. */
async function findAmong(
  from: Bucket,
  options: PointOptions,
  { entries, leftOut }: { readonly entries: readonly BackupEntry[]; readonly leftOut: readonly string[] },
): Promise<Point> {
  const { at, show, isBestEffort = false } = options;
  const bucket = { ...from, bot: botMeant(from, entries, options) };
  const stored = ownFiles(bucket, entries, (await listChanges(bucket)).files);
  const { bases, files, before, notes } = await orderedBefore(bucket, entries, stored, options);
  const [base] = before;
  if (base === undefined) {
    const isFirstClosed = bases[0] !== undefined && (await isClosed(bucket, bases[0].entry, options.keys));
    throw noneBefore(bucket, { entries, bases, files, leftOut, isFirstClosed }, options);
  }
  // What is another backup than its name says is as of another moment.
  const doubt = await from.doubt?.(base.entry);
  if (doubt?.kind === 'mislabelled')
    return findAmong(from, options, {
      entries: entries.filter((entry) => entry !== base.entry),
      leftOut: [...leftOut, doubtText(base.entry, doubt)],
    });
  const index = new ChangeIndex(files);
  const found = await stopOf(bucket, index.behind(base), base, options);
  const history = historyOf(bases, files);
  const { living, now = nowOf(bucket) } = options;
  const known = { bases, files, index, history, base, at, now, living, isCopy: bucket.isCopy };
  const { stop, fault } = isBestEffort ? await lastGood(bucket, base, { ...found, files }, options) : found;
  const time = stop === undefined ? base.time : stop.file.time;
  const orphan = await orphanOf(bucket, { base, files, time, at }, options);
  const why = fault?.why ?? whyShort({ ...known, stop, orphan });
  const plain = plainAfter(bucket, entries, { time, at });
  const isPassedOver = why !== undefined && plain !== undefined && (await isWholeWithPlain(bucket, options));
  const short = isPassedOver ? plainText(`backup ${plain}`) : why;
  if (short !== undefined && !isBestEffort) {
    const shut = isPassedOver ? undefined : await whyClosed(bucket, base.entry, options.keys);
    if (!isPassedOver && (fault?.isClosed === true || shut !== undefined))
      throw await closedMoment(bucket, { before, index, shut, fault, short }, options);
    const next = await firstAfter(bucket, { bases, history }, options);
    const after = next === undefined ? '' : `, the first after it ${show(next)}`;
    throw new PointOutOfReach(
      `${show(at)} cannot be brought back: ${short}. The last moment before it that can is ${show(time)}${after}: ask for that, or add --best-effort${alsoText(leftOut)}`,
      { kind: 'gap', last: time, reason: short, ...(isPassedOver && { plain }) },
    );
  }
  const last = stop?.header.last ?? base.changes?.seq;
  const isUnsure =
    at > time &&
    isLatest({ ...known, stop, orphan }) &&
    (living === undefined || isUnsureAt(living, { seq: last ?? 0 }, at));
  return {
    at,
    time,
    timeline: base.changes?.timeline,
    seq: last,
    ways: replaysOf(before, base, index, stop?.file, last),
    short,
    isUnsure,
    isBestEffort,
    plain: short === undefined ? plain : undefined,
    taken: strangerOf(from.bot, entries, base.entry),
    comesFrom: new Set([...lineage(base.changes?.timeline ?? '', bases, living).keys()].slice(1)),
    notes: [...leftOut, ...notes, ...datedLater(index.behind(base), stop?.file, at)],
  };
}

/** The base first, then the older ones whose files lead to the same stop. */
function replaysOf(
  before: readonly Base[],
  base: Base,
  index: ChangeIndex,
  stop: StoredChange | undefined,
  last = 0,
): Way[] {
  const leads = ({ changes }: Base): boolean =>
    stop !== undefined && changes?.timeline === stop.timeline && changes.seq <= stop.last;
  return before
    .filter((way) => way === base || leads(way))
    .map((way) => ({
      base: way,
      stop,
      files: index.of(way.changes?.timeline ?? '').filter((file) => file.last <= last),
    }));
}

/** For people, where the stop comes behind a file of a later time. */
function datedLater(files: readonly StoredChange[], stop: StoredChange | undefined, at: Date): string[] {
  const ahead = files.find((file) => stop !== undefined && file.last <= stop.last && datedAt(file) > at);
  return ahead === undefined
    ? []
    : [
        `the database’s clock went back then: this holds the changes of ${ahead.file} too, which came before and is dated later`,
      ];
}

/** The first moment behind the one asked for that what is set opens. */
async function firstAfter(
  bucket: Bucket,
  { bases, history }: { readonly bases: readonly Base[]; readonly history: History },
  { at, keys }: PointOptions,
): Promise<Date | undefined> {
  const next = history.spans.find(({ from }) => from > at)?.from;
  const base = bases.find(({ time }) => time.getTime() === next?.getTime());
  return base !== undefined && (await isClosed(bucket, base.entry, keys)) ? undefined : next;
}

/** Then nothing is gone. */
function isWholeWithPlain(bucket: Bucket, options: PointOptions): Promise<boolean> {
  return findPoint({ ...bucket, isSealed: false }, { ...options, isBestEffort: false }).then(
    () => true,
    () => false,
  );
}

/** As its name says. */
function datedAt({ file, time }: StoredChange): Date {
  return parseChangeKey('', file)?.time ?? time;
}

interface Before extends Ordered {
  /** Full backups from before the moment, newest first. */
  readonly before: readonly Base[];
  /** For people: what was left out. */
  readonly notes: readonly string[];
}

/** Of the history that is meant; without the strays, and what those claim orders nothing. */
async function orderedBefore(
  bucket: Bucket,
  entries: readonly BackupEntry[],
  stored: readonly StoredChange[],
  options: PointOptions,
): Promise<Before> {
  const { at } = options;
  const choose = (from: readonly StoredChange[]): Before => {
    const ordered = orderedOf(bucket, entries, from, options.now);
    const chosen = chooseBranch(ordered.bases, ordered.files, options);
    return { ...chosen, before: chosen.bases.filter(({ time }) => time <= at).toReversed() };
  };
  const all = choose(stored);
  const [base] = all.before;
  if (base === undefined) return all;
  const { keys, signal, living } = options;
  const strays = await straysOf(bucket, base, all.files, { keys, signal, living });
  if (strays.length === 0) return all;
  const gone = new Set(strays.map(({ file }) => file));
  const rest = choose(stored.filter(({ file }) => !gone.has(file)));
  return { ...rest, notes: [...rest.notes, ...strays.map(strayText)] };
}

/**
 * Whose database is wanted. Of several the database itself tells it, or its token, or a person.
 * Undefined: of all.
 */
function botMeant(
  { bot, store }: Bucket,
  entries: readonly BackupEntry[],
  { timeline, living }: PointOptions,
): number | undefined {
  const idOf = (id: string): number | undefined =>
    entries.find(({ manifest }) => manifest?.changes?.timeline.startsWith(id))?.manifest?.bot?.id;
  // Who names a history has said whose it is.
  if (timeline !== undefined) return idOf(timeline.toLowerCase());
  if (bot !== undefined && entries.some(({ manifest }) => manifest?.bot?.id === bot)) return bot;
  const families = familiesOf(entries);
  if (families.length < 2) return bot;
  const own = living === undefined || living.state.timeline === '' ? undefined : idOf(living.state.timeline);
  if (own !== undefined) return own;
  const why = bot === undefined ? 'BOT_TOKEN is not set' : 'none is of the bot whose BOT_TOKEN is set';
  throw new Error(
    `backups of ${families.length} databases lie in ${store.description}, and ${why}. Say which is meant: ${waysTo(families)}`,
  );
}
