/** What `list` tells of the bucket that it does not read: the second copy, or the first one. */

import type { Bucket } from '../backup/catalog/bucket.ts';
import { type BackupEntry, loadEntry, type ObjectGroup } from '../backup/catalog/entry.ts';
import { fullerThan, shrunkText, type Watched } from '../backup/catalog/fuller.ts';
import { readGroups } from '../backup/catalog/list.ts';
import type { BackupName } from '../backup/catalog/names.ts';
import { isLatest } from '../backup/catalog/newest.ts';
import { ofOtherBots } from '../backup/catalog/whose-bot.ts';
import {
  countCopied,
  hasManifest,
  isComplete,
  isSound,
  type Listings,
  missingIn,
  placesOf,
  staysText,
} from '../backup/copy/places.ts';
import { explain } from '../lib/clock.ts';
import { greatest } from '../lib/extremes.ts';
import { inParallel } from '../lib/in-parallel.ts';
import { DAY_MS } from '../text/times.ts';
import { sameDisk } from './same-disk.ts';
import type { Session } from './session.ts';
import { type Wrong, wrongOf } from './unlike.ts';

export interface Elsewhere {
  /** Of a row of the table: an entry of the bucket that is read, or one of {@link only}. */
  placeOf(entry: BackupEntry): string;
  /** Those that the other bucket alone has. */
  readonly only: readonly BackupEntry[];
  readonly isWhole: boolean;
  readonly line: string;
  /** Why the second copy is no safety: for `list --check`. Undefined: it is one, or may yet be. */
  readonly bad: string | undefined;
  readonly answer: Readonly<Record<string, unknown>>;
}

/** Below PLACE. */
const NOT_ALIKE: Readonly<Record<Wrong, string>> = {
  second: 'damaged in the second',
  altered: 'altered in the second',
  first: 'damaged or altered in the first',
  unknown: 'not alike',
};

/** So long the bot has time to copy a backup; a word to cron before that would be noise. */
const LATE_MS = DAY_MS;

/** Backups of a bucket whose manifests are not among these. */
export async function aloneIn(bucket: Bucket, entries: readonly BackupEntry[]): Promise<BackupEntry[]> {
  return loadAlone(bucket, await readGroups(bucket), entries);
}

function loadAlone(
  bucket: Bucket,
  groups: readonly ObjectGroup[],
  entries: readonly BackupEntry[],
): Promise<BackupEntry[]> {
  const known = new Set(entries.filter(hasManifest).map(({ name }) => name));
  const alone = groups.filter((group) => hasManifest(group) && !known.has(group.name));
  return inParallel(alone, (group) => loadEntry(bucket, group));
}

/** Undefined: there is no second copy. Never rejects for what the other bucket does. */
export async function lookElsewhere(
  session: Session,
  entries: readonly BackupEntry[],
  now: Date,
): Promise<Elsewhere | undefined> {
  const copy = await session.copy();
  if (copy === undefined) return undefined;
  const { first, readsCopy } = session;
  const other = readsCopy ? first : copy;
  const bucket = copy.store.description;
  const which = readsCopy ? 'The first bucket' : 'The second copy';
  let groups: readonly ObjectGroup[];
  let only: readonly BackupEntry[];
  try {
    groups = await readGroups(other);
    only = await loadAlone(other, groups, entries);
  } catch (error) {
    const unread = explain(error);
    const line = `${which} could not be read: ${unread}`;
    return {
      placeOf: () => '?',
      only: [],
      isWhole: false,
      line,
      bad: readsCopy ? undefined : line,
      answer: { bucket, unread },
    };
  }
  const listings: Listings = {
    first: { bucket: first, groups: readsCopy ? groups : entries },
    copy: { bucket: copy, groups: readsCopy ? entries : groups },
  };
  const places = placesOf(listings);
  const alone = (readsCopy ? entries : only).filter(
    ({ name, state }) =>
      places.get(name) === 'second only' && (state === 'damaged' || state === 'unreadable'),
  );
  // As in the first bucket: a whole one that is newer holds what matters.
  const newestThere = listings.copy.groups.find(isSound)?.name;
  const isAloneWorst = alone.some(({ name }) => newestThere === undefined || name > newestThere);
  const apart = sameDisk(session.config);
  const { plain, bad } = countCopied(listings);
  const unread = readsCopy
    ? []
    : entries.filter(({ state }) => state === 'unreadable').map(({ name }) => name);
  const compared = await compare(session, listings, unread);
  const { unlike, missing, wrong, lacks } = compared;
  const line = secondLine(listings, compared, { alone, apart });
  const late = missing.filter(
    ({ objects }) =>
      now.getTime() - greatest([0, ...objects.map(({ modified }) => modified.getTime())]) > LATE_MS,
  );
  const [altered, inFirst, open] = [unlike('altered'), unlike('first'), unlike('unknown')];
  return {
    placeOf: (entry) => {
      const place = places.get(entry.name);
      const isOfOther = only.includes(entry);
      // What is left of one here is no backup, whatever the other bucket has under its name.
      if (!isOfOther && !hasManifest(entry)) return readsCopy ? 'second only' : 'first only';
      const bad = wrong.get(entry.name);
      return bad === undefined ? (place ?? '?') : `both, ${NOT_ALIKE[bad]}`;
    },
    only,
    isWhole: missing.length === 0 && alone.length + plain.length + bad.length === 0 && apart === undefined,
    line,
    bad: readsCopy || (wrong.size === 0 && late.length === 0 && !isAloneWorst) ? undefined : line,
    answer: {
      bucket,
      lacks,
      damaged: unlike('second'),
      ...(altered.length > 0 && { altered }),
      ...(inFirst.length > 0 && { wrong_in_first: inFirst }),
      ...(open.length > 0 && { not_alike: open }),
      ...(plain.length > 0 && { not_encrypted: plain }),
      ...(apart !== undefined && { same_disk: apart }),
    },
  };
}

interface Compared {
  /** Groups of the first bucket that the second one has not, or not alike. */
  readonly missing: ReturnType<typeof missingIn>;
  /** Of those that it has. */
  readonly wrong: Awaited<ReturnType<typeof wrongOf>>;
  unlike(where: Wrong): readonly BackupName[];
  readonly lacks: readonly BackupName[];
  /** It lacks them as well, and nobody can read them. */
  readonly stuck: readonly BackupName[];
}

/** @param unread of the first bucket: nobody can copy them */
async function compare(
  session: Session,
  listings: Listings,
  unread: readonly BackupName[],
): Promise<Compared> {
  const there = new Set(listings.copy.groups.filter(hasManifest).map(({ name }) => name));
  const { stuck = [], missing = [] } = Object.groupBy(missingIn(listings), ({ name }) =>
    unread.includes(name) && !there.has(name) ? 'stuck' : 'missing',
  );
  const names = missing.map(({ name }) => name);
  const unlike = names.filter((name) => there.has(name));
  const wrong = await wrongOf(session, listings, unlike);
  return {
    missing,
    wrong,
    unlike: (where) => unlike.filter((name) => wrong.get(name) === where),
    lacks: names.filter((name) => !there.has(name)),
    stuck: stuck.map(({ name }) => name),
  };
}

function secondLine(
  listings: Listings,
  { wrong, unlike, lacks, stuck }: Compared,
  { alone, apart }: { readonly alone: readonly BackupEntry[]; readonly apart: string | undefined },
): string {
  const { first, copy } = listings;
  const { copied, total, plain, bad } = countCopied(listings);
  const damaged = unlike('second');
  const told: readonly (readonly [readonly BackupName[], (names: string) => string])[] = [
    [damaged, (names) => `${names} damaged there`],
    [unlike('altered'), (names) => `${names} altered there`],
    [unlike('first'), (names) => `${names} damaged or altered in the first bucket`],
    [unlike('unknown'), (names) => `${names} not alike in the two buckets`],
    [lacks, (names) => `lacks ${names}`],
  ];
  const found = told.filter(([names]) => names.length > 0).map(([names, say]) => say(some(names)));
  const whole =
    plain.length + bad.length + stuck.length === 0 ? 'has every backup' : `has ${copied} of ${total}`;
  const all = first.groups.some(isComplete)
    ? `${whole}, none cut short`
    : `has ${copy.groups.filter(hasManifest).length}, and the first bucket has none`;
  const what = found.length > 0 ? found.join(', ') : all;
  const lost =
    alone.length === 0 ? '' : `; ${some(alone.map(({ name }) => name))} of those it alone has damaged`;
  const unread =
    stuck.length === 0
      ? ''
      : `; ${some(stuck)} cannot be read in the first bucket, so not copied: remove what nobody needs`;
  const more = wrong.size > damaged.length ? ' puts the whole one back, or says what is wrong' : '';
  const same = apart === undefined ? '' : `. ${apart}`;
  const isUnmounted = found.length > 0 && copy.groups.length === 0 && apart !== undefined;
  const mend = isUnmounted
    ? `${same}: mount its disk first, or set COPY_DIR to another one`
    : `${found.length === 0 ? '' : `: npm run backup -- copy${more}`}${same}`;
  return `Second copy: ${what}${lost}${staysText(plain, bad)}${unread}, in ${copy.bucket.store.description}${mend}`;
}

function some(names: readonly string[]): string {
  return `${names.length} (${names.slice(0, 3).join(', ')}${names.length > 3 ? ', …' : ''})`;
}

const animeOf = ({ manifest }: BackupEntry): number | undefined =>
  manifest?.tables.find(({ name }) => name === 'anime')?.rows;

/** A backup before the newest one that holds far more. */
export interface FullerBackup {
  readonly entry: BackupEntry;
  /** Only the second copy has it. */
  readonly isElsewhere: boolean;
  /** The table of which the newest one holds less. */
  readonly table: Watched;
  /** What the newest one holds, and this one. */
  readonly why: string;
}

/**
 * Of a newest backup that calls itself safe: an empty database was begun after a loss, or somebody
 * deleted what nobody meant to. A catalogue that is gone altogether counts however small it was.
 */
export function fullerBefore(
  newest: BackupEntry | undefined,
  { entries, only }: { readonly entries: readonly BackupEntry[]; readonly only: readonly BackupEntry[] },
  bot?: number,
): FullerBackup | undefined {
  if (newest === undefined) return undefined;
  const all = [...entries, ...only];
  const strangers = ofOtherBots(bot, all);
  const isGood = (entry: BackupEntry): boolean => !strangers.has(entry) && isLatest(entry);
  const found = fullerThan(newest, all.filter(isGood));
  if (found !== undefined) {
    const { entry } = found;
    const why = `the newest backup, ${newest.name}, ${shrunkText(found.shrunk, entry.name)}`;
    return { entry, isElsewhere: only.includes(entry), table: found.shrunk.table, why };
  }
  if (animeOf(newest) !== 0) return undefined;
  const entry = only.find((one) => isGood(one) && (animeOf(one) ?? 0) > 0);
  const why = `the newest backup, ${newest.name}, has an empty catalogue, and the second copy alone has ${entry?.name}, whose catalogue is not empty`;
  return entry && { entry, isElsewhere: true, table: 'anime', why };
}
