/**
 * What is stored behind the newest backup, and the moment by which a restore takes it. One place
 * says it: for `list`, `full`, `restore latest` and a start.
 */
import type { LastStored } from '../../db/lack-words.ts';
import type { Bucket } from '../catalog/bucket.ts';
import { shortId } from '../catalog/change-position.ts';
import type { BackupEntry } from '../catalog/entry.ts';
import { latestBackup } from '../catalog/newest.ts';
import { listChanges, orderedOf } from '../changes/list-changes.ts';
import type { Living } from '../changes/living.ts';
import { ChangeIndex } from '../changes/spans.ts';
import { hasNoKey, type OpeningKeys } from '../envelope/types.ts';
import { SeveralHistories } from './branches.ts';
import { PointOutOfReach } from './out-of-reach.ts';
import { findPoint } from './point-in-time.ts';

export interface StoredBehind {
  /** Of the last change that can be brought back. */
  readonly to: Date;
  /**
   * For `--at`: the moment itself, which means the same tomorrow; `0m` where a clock that ran ahead
   * has dated it.
   */
  readonly at: string;
  /** The history that is meant, where several go on, as an option behind a space; or nothing. */
  readonly timeline: string;
}

export interface Look {
  readonly now: Date;
  readonly keys: OpeningKeys | undefined;
  /** Undefined: nobody can ask the database. */
  readonly living: Living | undefined;
}

function exact(time: Date, timeline?: string): StoredBehind {
  return {
    to: time,
    at: time.toISOString(),
    timeline: timeline === undefined ? '' : ` --timeline ${timeline}`,
  };
}

/** Undefined where nothing follows the backup that could be brought back. */
export async function storedBehind(
  bucket: Bucket,
  entry: BackupEntry,
  { now, keys, living }: Look,
): Promise<StoredBehind | undefined> {
  const {
    bases: [base],
    files,
  } = orderedOf(bucket, [entry], (await listChanges(bucket)).files, now);
  const to = base && new ChangeIndex(files).storedUpTo(base);
  if (base === undefined || to === undefined) return undefined;
  if (to >= now) return { to, at: '0m', timeline: '' };
  const find = async (timeline?: string): Promise<StoredBehind | undefined> => {
    const { time } = await findPoint(bucket, { at: to, now, keys, living, timeline, show: String });
    return time > base.time ? exact(time, timeline) : undefined;
  };
  // What nobody here can open is told by its name.
  if (entry.encrypted && hasNoKey(keys)) return exact(to);
  try {
    return await find().catch((error: unknown) => {
      if (!(error instanceof SeveralHistories)) throw error;
      return find(shortId(base.changes?.timeline ?? ''));
    });
  } catch (error) {
    if (!(error instanceof PointOutOfReach)) return exact(to);
    if (error.why.kind === 'gap' && error.why.isClosed === true) return exact(to);
    const last = error.why.kind === 'gap' ? error.why.last : undefined;
    return last !== undefined && last > base.time ? exact(last) : undefined;
  }
}

/**
 * The last moment that a bucket brings back behind its newest backup, of two the later one; a
 * bucket that does not answer counts for nothing.
 */
export async function lastStored(
  buckets: readonly (Bucket | undefined)[],
  look: Look,
): Promise<LastStored | undefined> {
  let last: (StoredBehind & { readonly bucket: Bucket }) | undefined;
  for (const bucket of buckets) {
    if (bucket === undefined) continue;
    const found = await behindLatest(bucket, look).catch(() => undefined);
    if (found !== undefined && (last === undefined || found.to > last.to)) last = { ...found, bucket };
  }
  return (
    last && {
      at: last.at,
      shown: last.to.toISOString(),
      from: `${last.timeline}${last.bucket.isCopy === true ? ' --from copy' : ''}`,
    }
  );
}

/** The same of the newest backup. */
export async function behindLatest(bucket: Bucket, look: Look): Promise<StoredBehind | undefined> {
  const { entry } = await latestBackup(bucket);
  return entry && storedBehind(bucket, entry, look);
}
