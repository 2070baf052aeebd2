/** Why a moment cannot be brought back, for people and for what goes on from there. */
import { countOf } from '../../text/format.ts';
import type { Bucket } from '../catalog/bucket.ts';
import { type BackupEntry, isUnsealed } from '../catalog/entry.ts';
import type { BackupName } from '../catalog/names.ts';
import { isRestorable } from '../catalog/newest.ts';
import { orderedOf } from '../changes/list-changes.ts';
import type { Base, StoredChange } from '../changes/listed.ts';
import type { Living } from '../changes/living.ts';
import { historyOf } from '../changes/spans.ts';

/** Why a moment cannot be brought back. */
export type OutOfReach =
  /** It is still to come. */
  | { readonly kind: 'ahead' }
  /** There is no full backup from before it; `earliest`: what the first one reaches, if any. */
  | { readonly kind: 'early'; readonly earliest: Date | undefined; readonly reason: string }
  /**
   * `last`: the last moment before it that can be. `plain`: with this backup, which counts for
   * nothing since it is not encrypted, the moment could be.
   */
  | {
      readonly kind: 'gap';
      readonly last: Date;
      readonly reason: string;
      readonly plain?: BackupName | undefined;
    };

/** The moment asked for cannot be brought back; says which can. */
export class PointOutOfReach extends Error {
  override readonly name = 'PointOutOfReach';
  readonly why: OutOfReach;
  constructor(message: string, why: OutOfReach, options?: ErrorOptions) {
    super(message, options);
    this.why = why;
  }
}

export function noneBefore(
  bucket: Bucket,
  {
    entries,
    bases,
    files,
  }: {
    readonly entries: readonly BackupEntry[];
    readonly bases: readonly Base[];
    readonly files: readonly StoredChange[];
  },
  {
    at,
    show,
    living,
  }: {
    readonly at: Date;
    readonly show: (time: Date) => string;
    /** Undefined: nobody can ask the database. */
    readonly living?: Pick<Living, 'state'> | undefined;
  },
): PointOutOfReach {
  const [first] = bases;
  const span = historyOf(bases, files).spans[0];
  const earliest =
    first && new Date(Math.min(first.time.getTime(), span?.from.getTime() ?? Number.POSITIVE_INFINITY));
  const reached = earliest === undefined ? '' : `: the earliest moment is ${show(earliest)}`;
  const plain = entries.filter(
    (entry) => isUnsealed(bucket, entry) && isRestorable(entry) && entry.time <= at,
  );
  const [newest] = plain;
  const isOne = plain.length === 1;
  const reason =
    newest !== undefined
      ? `${countOf(plain.length, 'full backup')} from before ${show(at)} (${newest.name}) ${isOne ? 'is' : 'are'} not encrypted, although your settings encrypt, so nobody can tell who made ${isOne ? 'it' : 'them'}`
      : earliest === undefined
        ? `there is no full backup to begin with in ${bucket.store.description}`
        : `there is no full backup from before ${show(at)}`;
  const advice =
    newest !== undefined
      ? `; if it was your bot, before encryption was turned on: unset BACKUP_AGE_RECIPIENTS and BACKUP_PASSPHRASE for this command alone, or \`restore ${newest.name}\``
      : earliest === undefined && living !== undefined
        ? ': make one with `npm run backup -- full`'
        : '';
  return new PointOutOfReach(`${reason}${advice}${reached}`, { kind: 'early', earliest, reason });
}

/** A full backup that holds what came after `time`, and counts for nothing: it is not encrypted. */
export function plainAfter(
  bucket: Bucket,
  entries: readonly BackupEntry[],
  { time, at }: { readonly time: Date; readonly at: Date },
): BackupName | undefined {
  const plain = entries.filter((entry) => isUnsealed(bucket, entry));
  const { bases } = orderedOf({ ...bucket, isSealed: false }, plain, []);
  return bases.findLast((base) => base.time > time && base.time <= at)?.entry.name;
}

/** Why what goes on from there is passed over, for people. */
export function plainText(what: string): string {
  return `${what}, which holds what came next, is not encrypted, although your settings encrypt: whoever can write to the bucket can make such a one, so it counts for nothing`;
}
