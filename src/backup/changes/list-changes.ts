/** Which change files a bucket holds, and which backups they follow: by names, none is opened. */
import { type Bucket, nowOf } from '../catalog/bucket.ts';
import { type BackupEntry, damageOf, isUnsealed } from '../catalog/entry.ts';
import { isRestorable } from '../catalog/newest.ts';
import { believedTime, isAhead } from '../catalog/true-time.ts';
import { ofOtherBots } from '../catalog/whose-bot.ts';
import { PAGE_KEYS, type StoredObject } from '../store/types.ts';
import { changesPrefix, parseChangeKey } from './change-names.ts';
import type { Base, StoredChange } from './listed.ts';
import { inOrder, type Ordered } from './order.ts';

export interface StoredChanges {
  /** By timeline, in the order of their changes. */
  readonly files: readonly StoredChange[];
  /** Keys without the prefix of what lies among them and is none. */
  readonly foreign: readonly string[];
}

export async function listChanges(bucket: Bucket): Promise<StoredChanges> {
  const { store, prefix } = bucket;
  return sorted(bucket, await store.list(changesPrefix(prefix)));
}

/** Those of a timeline whose keys come after `after`: one request. */
export async function listChangesFrom(
  bucket: Bucket,
  timeline: string,
  after: string,
): Promise<{ readonly files: readonly StoredChange[]; readonly isLast: boolean }> {
  const { store, prefix } = bucket;
  const objects = await store.list(changesPrefix(prefix, timeline), { after });
  return { files: sorted(bucket, objects).files, isLast: objects.length < PAGE_KEYS };
}

function sorted(bucket: Bucket, objects: readonly StoredObject[]): StoredChanges {
  const { prefix } = bucket;
  const files: StoredChange[] = [];
  const foreign: string[] = [];
  for (const object of objects) {
    const file = storedChange(bucket, object);
    if (file === undefined) foreign.push(object.key.slice(prefix.length));
    else files.push(file);
  }
  // Keys sort in the order of their changes; two of one first number by their end, then by time.
  return { files: files.toSorted((a, b) => (a.file < b.file ? -1 : 1)), foreign };
}

/** Undefined for a foreign object. */
export function storedChange(
  bucket: Bucket,
  { key, bytes, modified }: StoredObject,
): StoredChange | undefined {
  const parsed = parseChangeKey(bucket.prefix, key);
  if (parsed === undefined) return undefined;
  // Of a clock that ran ahead: nobody can ask for a moment that is still to come.
  const time = believedTime(parsed.time, modified, nowOf(bucket));
  return { ...parsed, time, file: key.slice(bucket.prefix.length), bytes, modified };
}

/**
 * Oldest first. Safety backups too: they hold what there was at their time. Not those of another
 * bot: its history is none of ours.
 */
export function basesOf(bucket: Bucket, entries: readonly BackupEntry[]): readonly Base[] {
  return orderedOf(bucket, entries, []).bases;
}

/**
 * The same with change files, as {@link inOrder} orders them.
 * @param now when it was asked for: what a clock that ran ahead has dated was there by then
 */
export function orderedOf(
  bucket: Bucket,
  entries: readonly BackupEntry[],
  files: readonly StoredChange[],
  now: Date = nowOf(bucket),
  isWhole = true,
): Ordered {
  const strangers = ofOtherBots(bucket.bot, entries);
  const bases = entries.flatMap((entry): Base[] => {
    const { manifest, state } = entry;
    if (strangers.has(entry)) return [];
    if (manifest === undefined || isUnsealed(bucket, entry)) return [];
    if (state !== 'verified' && (damageOf(manifest) !== undefined || !isRestorable(entry))) return [];
    const time = believedTime(new Date(manifest.finished_at), entry.time, now);
    // Where nothing tells its place but a clock that ran ahead, nobody knows it.
    if (manifest.changes === undefined && isAhead(time, now)) return [];
    return [{ entry, time, changes: manifest.changes }];
  });
  return inOrder({ bases, files }, now, isWhole);
}

/**
 * Without the files of other bots' histories, as far as their backups tell which those are. Where
 * two databases went on from one place in one timeline, a person has to say which is meant.
 */
export function ownFiles(
  bucket: Bucket,
  entries: readonly BackupEntry[],
  files: readonly StoredChange[],
): StoredChange[] {
  const strangers = ofOtherBots(bucket.bot, entries);
  const timelinesOf = (isStrange: boolean): Set<string | undefined> =>
    new Set(
      entries
        .filter((entry) => strangers.has(entry) === isStrange)
        .map(({ manifest }) => manifest?.changes?.timeline),
    );
  const [own, strange] = [timelinesOf(false), timelinesOf(true)];
  return files.filter(({ timeline }) => own.has(timeline) || !strange.has(timeline));
}
