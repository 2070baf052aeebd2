/** What is said of backups newer than the one that is taken: never nothing. */

import { SCHEMA_VERSION } from '../../db/migrate.ts';
import { countOf } from '../../text/format.ts';
import { type Bucket, nowOf } from './bucket.ts';
import { UNRECORDED } from './doubts.ts';
import { type BackupEntry, damageOf, isUnsealed, UNSEALED } from './entry.ts';
import type { BackupHealth } from './health.ts';
import { listBackups, type Newest, newestFit } from './list.ts';
import type { Manifest } from './manifest.ts';
import { isAhead } from './true-time.ts';
import { botText, familiesOf, strangerText, waysTo } from './whose-bot.ts';

/** The newest damaged backup that no good one follows, whatever else lies before it. */
export function damagedNewest(bucket: Bucket, { newer, strangers = [] }: Newest): BackupEntry | undefined {
  return newer.find(
    (entry) => entry.state === 'damaged' && !strangers.includes(entry) && !isAhead(entry.time, nowOf(bucket)),
  );
}

/** What is wrong with the backup, as health tells it. */
export function damageIn(entry: BackupEntry | undefined): BackupHealth['damaged'] {
  return entry && { name: entry.name, problem: entry.problem ?? '' };
}

/**
 * The newest backup that nobody can read and no good one follows: cut, forged, or of a newer
 * program. Whatever it was, it is not the backup that its name promises.
 */
export function unreadableNewest(bucket: Bucket, { entry, newer }: Newest): BackupHealth['damaged'] {
  const tooNew = entry?.manifest && tooNewText(entry.manifest);
  if (entry !== undefined && tooNew !== undefined) return { name: entry.name, problem: tooNew };
  return damageIn(newer.find(({ state, time }) => state === 'unreadable' && !isAhead(time, nowOf(bucket))));
}

/** Undefined for a backup that this program can bring back. */
export function tooNewText({ schema_version }: Pick<Manifest, 'schema_version'>): string | undefined {
  return schema_version === null || schema_version <= SCHEMA_VERSION
    ? undefined
    : `it was made by a newer version of the program (schema ${schema_version}, this one knows ${SCHEMA_VERSION}): update the program`;
}

/** Whether one of its files at least is there, and not proved damaged. */
export function isRestorable({ usable, verdict }: Pick<BackupEntry, 'usable' | 'verdict'>): boolean {
  return usable.some((file) => verdict?.files.includes(file) !== true);
}

/**
 * Whether `latest` can mean it, for every command. Not the safety backup of a restore: after one
 * that was broken off, `restore latest` must mean the same as before it, not the bad data it set
 * out to replace, and `diff live latest` what was restored. But one that lost a file: the other has
 * every row of it, and the digests prove it.
 */
export function isLatest({ state, manifest, usable, verdict }: BackupEntry): boolean {
  if (manifest === undefined || manifest.trigger === 'restore') return false;
  return state === 'verified' || (damageOf(manifest) === undefined && isRestorable({ usable, verdict }));
}

/**
 * What `latest` means. Where there are only safety backups it means none: which of them is wanted,
 * a person must say.
 */
export async function latestBackup(bucket: Bucket): Promise<Newest> {
  const found = await byChain(bucket, await newestFit(bucket, isLatest));
  if (bucket.bot !== undefined || found.entry?.manifest?.bot === undefined) return found;
  // No token says whose is meant: where there are several bots' a person must.
  const { entries } = await listBackups(bucket);
  const strangers = entries.filter(({ manifest }) => manifest?.bot !== undefined);
  return familiesOf(strangers).length === 1 ? found : { entry: undefined, newer: entries, strangers };
}

/**
 * One that is dated in the future may be the last one made all the same: its place in the history
 * of changes tells it, or there is no other.
 */
async function byChain(bucket: Bucket, found: Newest): Promise<Newest> {
  const { entry: right, newer, strangers = [] } = found;
  const ahead = newer.filter((entry) => isAhead(entry.time, nowOf(bucket)));
  const all = [...newer, ...(right === undefined ? [] : [right])];
  const follows = (a: BackupEntry, b: BackupEntry | undefined): boolean =>
    b === undefined || (goesOnFrom(a, b, all) && !goesOnFrom(b, a, all));
  const taken = ahead
    .filter(
      (entry) =>
        isLatest(entry) &&
        entry.manifest?.changes !== undefined &&
        !isUnsealed(bucket, entry) &&
        !strangers.includes(entry),
    )
    .reduce((last, entry) => (follows(entry, last) ? entry : last), right);
  if (taken === undefined || (taken !== right && (await bucket.doubt?.(taken)) !== undefined)) return found;
  const others = newer.filter(
    (entry) => entry !== taken && !(ahead.includes(entry) && goesOnFrom(taken, entry, all)),
  );
  return { ...found, entry: taken, newer: others };
}

/** Whether `later` goes on from what `earlier` holds; false where nothing tells it. */
function goesOnFrom(later: BackupEntry, earlier: BackupEntry, all: readonly BackupEntry[]): boolean {
  const [end, from] = [later.manifest?.changes, earlier.manifest?.changes];
  if (end === undefined || from === undefined) return false;
  if (end.timeline === from.timeline) return end.seq >= from.seq;
  const parents = new Map(
    all.flatMap(({ manifest }) =>
      manifest?.changes === undefined
        ? []
        : [[manifest.changes.timeline, manifest.changes.parent?.timeline] as const],
    ),
  );
  const seen = new Set<string>();
  let timeline: string | undefined = end.timeline;
  while (timeline !== undefined && !seen.has(timeline)) {
    seen.add(timeline);
    timeline = parents.get(timeline);
    if (timeline === from.timeline) return true;
  }
  return false;
}

/** Why there is none, for people. */
export function noLatest(bucket: Bucket, { newer, strangers = [], unrecorded = [] }: Newest): string {
  const where = bucket.store.description;
  if (strangers.length > 0) {
    const families = familiesOf(strangers);
    const bots = families.flatMap(([newest]) => {
      const bot = newest?.manifest?.bot;
      return newest === undefined || bot === undefined ? [] : [`${botText(bot)}: ${newest.name}`];
    });
    const why = bucket.bot === undefined ? 'BOT_TOKEN is not set' : 'none is of the bot of BOT_TOKEN';
    return `${where} has backups of ${countOf(bots.length, 'other bot')}, and ${why}; say which is meant by its name. The newest of each: ${bots.join(', ')}. With the changes behind it: ${waysTo(families)}`;
  }
  if (newer.length === 0) return `there is no backup in ${where}`;
  const ahead = newer.find((entry) => isLatest(entry) && isAhead(entry.time, nowOf(bucket)));
  if (ahead !== undefined)
    return `${where} has only backups that a wrong clock dated in the future: \`restore ${ahead.name}\` takes the newest`;
  if (newer.some((entry) => entry.state === 'verified' && isUnsealed(bucket, entry)))
    return `${where} has no verified backup that is encrypted, although a key is set`;
  if (unrecorded.length > 0) return `${where} has no verified backup that a run of this database made`;
  return newer.some(({ state }) => state === 'verified')
    ? `${where} has no verified backup but the safety backups of restores`
    : `${where} has backups, none of them verified`;
}

/** So many are named of which the same is said: anybody can put thousands into a bucket. */
const MOST_ALIKE = 3;

/** One sentence for each passed over: what is wrong with it, and what can still be done with it. */
export function passedOver(
  bucket: Bucket,
  { entry: taken, newer, strangers = [], unrecorded = [] }: Newest,
): string[] {
  // Newer than nothing, where none is taken.
  const newerAnd = taken === undefined ? '' : 'is newer and ';
  const is = newerAnd === '' ? 'is' : 'is newer and';
  const named = taken?.manifest !== undefined && isAhead(new Date(taken.manifest.started_at), nowOf(bucket));
  // The times of its files are those of a copy, where somebody copied them.
  const unsure = !named
    ? []
    : isAhead(taken.time, nowOf(bucket))
      ? [
          `${taken.name} is dated in the future by a wrong clock: what its manifest says of changes tells that it is the last one made`,
        ]
      : [
          `${taken.name} is dated in the future by a wrong clock and counts as made when its files were written: were they copied here, another may be newer (\`list\`), and \`restore NAME\` takes that`,
        ];
  const lineOf = (entry: BackupEntry): string => {
    const { name, state, problem, manifest, time, usable, verdict } = entry;
    if (strangers.includes(entry) && manifest?.bot !== undefined)
      return `${name} ${is} ${strangerText(manifest.bot, bucket.bot)}: \`restore ${name}\` takes it`;
    if (unrecorded.includes(entry))
      return `${name} ${newerAnd}does not count: ${UNRECORDED}; \`restore ${name}\` takes it`;
    if (isAhead(time, nowOf(bucket)))
      return `${name} is dated in the future by a wrong clock and may be newer: \`restore ${name}\` takes it`;
    if (isUnsealed(bucket, entry) && isLatest(entry))
      return `${name} ${is} ${UNSEALED}; \`restore ${name}\` takes it`;
    if (state === 'unfinished') return `${name} ${newerAnd}has no manifest: its run is under way, or failed`;
    if (manifest === undefined) return `${name} ${newerAnd}cannot be used: ${problem}`;
    if (state === 'verified' && manifest.trigger === 'restore')
      return `${name} is ${taken === undefined ? '' : 'newer, '}the safety backup of a restore: \`restore ${name}\` takes it`;
    if (state === 'verified') return `${name} ${newerAnd}names no bot: \`restore ${name}\` takes it`;
    if (!isRestorable({ usable, verdict })) return `${name} ${is} damaged: ${problem}`;
    return `${name} ${is} damaged (${problem}): \`restore ${name}\` brings back what can be proved of it`;
  };
  const alike = Map.groupBy(newer, (entry) => lineOf(entry).replaceAll(entry.name, ''));
  return [
    ...unsure,
    ...[...alike.values()].flatMap((entries) => [
      ...entries.slice(0, MOST_ALIKE).map(lineOf),
      ...(entries.length > MOST_ALIKE
        ? [`so it is with ${entries.length - MOST_ALIKE} more, down to ${entries.at(-1)?.name}`]
        : []),
    ]),
  ];
}
