/**
 * Where the change log of the living database stands, held against what a bucket has: whether
 * anything is known to have changed after the last change that is stored.
 */
import type { Database } from '../../db/database.ts';
import { greatest } from '../../lib/extremes.ts';
import { countOf } from '../../text/format.ts';
import { type Position, shortId } from '../catalog/change-position.ts';
import type { ChangeState } from '../catalog/change-state.ts';
import type { SnapshotSource } from '../model/model.ts';
import { isChangeTrigger } from '../schema/change-triggers.ts';
import { whyBase } from './base-reason.ts';
import type { Base, StoredChange } from './listed.ts';
import { type Peek, peekAt } from './peek.ts';
import { nameOf } from './previous.ts';
import { schemaHash } from './schema-hash.ts';
import { ChangeIndex, REASONS } from './spans.ts';

/** To be read before the bucket is listed: what is stored in between only adds to the bucket. */
export interface Living extends Pick<Peek, 'state' | 'last'> {
  /** The schema is another one than the log was made for, and nobody has looked since. */
  readonly isSchemaMoved: boolean;
}

/**
 * Undefined where no log is kept. Where somebody altered the row, its state belongs to no history.
 * @throws what keeps the database from being read
 */
export async function readLiving(
  db: Pick<Database, 'read'>,
  source: Pick<SnapshotSource, 'schema'>,
): Promise<Living | undefined> {
  const found = await peekAt(db);
  if (found === undefined) return (await isLogKept(source)) ? SPOILT : undefined;
  const { state: stored, last, cookie } = found;
  const state = { ...stored, ...notAhead(stored, found.now) };
  // VACUUM moves the cookie, and not the schema.
  const isSchemaMoved =
    cookie !== state.schemaCookie && schemaHash(await source.schema()) !== state.schemaSha256;
  return { state, last, isSchemaMoved };
}

/** A clock that ran ahead may have dated them: they are past. */
function notAhead(
  { since, waitingSince }: ChangeState,
  now: string,
): Pick<ChangeState, 'since' | 'waitingSince'> {
  // ISO times of one form sort as texts.
  return {
    since: since < now ? since : now,
    waitingSince: waitingSince === null || waitingSince < now ? waitingSince : now,
  };
}

/** Nobody can tell where the log stands until a ship or a start has begun it anew. */
const SPOILT: Living = {
  state: {
    timeline: '',
    parent: null,
    reason: 'spoilt',
    since: new Date(0).toISOString(),
    shippedSeq: 0,
    previous: null,
    attempts: [],
    waitingSince: null,
    schemaCookie: null,
    schemaSha256: null,
    needsBase: 'spoilt',
    told: null,
  },
  last: 0,
  isSchemaMoved: false,
};

/** Nobody can tell where the log of the living database stands. */
export function isSpoiltLog(living: Living | undefined): boolean {
  return living === SPOILT;
}

/** Triggers write to it. */
async function isLogKept(source: Pick<SnapshotSource, 'schema'>): Promise<boolean> {
  const { objects } = await source.schema();
  return objects.some((object) => object.type === 'trigger' && isChangeTrigger(object));
}

/**
 * The same for the host that ships the log: what it has not yet seen waiting was written in the
 * last seconds.
 */
export async function livingOfHost(
  db: Pick<Database, 'read'>,
  source: Pick<SnapshotSource, 'schema'>,
): Promise<Living | undefined> {
  const living = await readLiving(db, source).catch(() => undefined);
  return living?.state.waitingSince === null && !isSpoiltLog(living)
    ? { ...living, last: living.state.shippedSeq }
    : living;
}

/**
 * What the database stored and the bucket does not have, in words: `end` is the last change of its
 * timeline that the bucket brings back. `isCopy`: of the second copy, which comes later.
 */
export function lostToBucket(
  { state }: Pick<Living, 'state'>,
  end: Position,
  isCopy = false,
): string | undefined {
  const { timeline, shippedSeq, previous } = state;
  if (timeline !== end.timeline || shippedSeq <= end.seq) return undefined;
  if (isCopy)
    return `the second copy has changes up to ${end.seq}, and the database has stored them up to ${shippedSeq}: the rest is not copied yet (npm run backup -- copy)`;
  return `the database has stored its changes up to ${shippedSeq}, and the bucket leads up to ${end.seq} only (${nameOf(previous)} comes last): files are gone or were altered`;
}

/** The same, as far as names and manifests tell where the bucket leads to. */
export function lostFrom(
  living: Pick<Living, 'state'>,
  bases: readonly Base[],
  files: readonly StoredChange[],
): string | undefined {
  const end = endIn(living, bases, files);
  return end && lostToBucket(living, end);
}

/** Where a bucket leads to in the database's timeline; undefined: nothing is stored. */
export function endIn(
  living: Pick<Living, 'state'>,
  bases: readonly Base[],
  files: readonly StoredChange[],
): Position | undefined {
  const { timeline, needsBase } = living.state;
  const index = new ChangeIndex(files, bases);
  const own = bases.filter(({ changes }) => changes?.timeline === timeline);
  // A history that waits for its first full backup has stored nothing.
  if (own.length === 0 && needsBase !== null) return undefined;
  const ends = own.flatMap((base) => [base.changes?.seq ?? 0, index.endBehind(base)?.last.last ?? 0]);
  return { timeline, seq: greatest([0, ...ends]) };
}

/** A host looks at least so often what waits. */
const LOOK_MS = 60_000;
/** A moment so near is now: what the database is then, it says itself. */
const NOW_MS = 500;

/**
 * Why the rows at the moment `at`, which lies behind everything that is stored, are not known to be
 * those of `end`; undefined: nothing is known to have changed.
 */
export function changedSince(
  living: Living,
  end: Position,
  { at, now, isCopy }: { readonly at: Date; readonly now: Date; readonly isCopy?: true | undefined },
): string | undefined {
  const { state, last } = living;
  if (isSpoiltLog(living))
    return `the row that says where the change log stood was lost or altered: the bot begins a new log within seconds; where none runs, npm run backup -- changes ship, and then npm run backup -- full`;
  if (state.timeline !== end.timeline) {
    if (Date.parse(state.since) > at.getTime()) return undefined;
    // Till its first full backup the history waits for that alone.
    return state.needsBase === state.reason
      ? `${REASONS[state.reason]}, and no full backup has been made of that yet (npm run backup -- full keeps what is there now, and brings back nothing)`
      : `${REASONS[state.reason]}, and the database is in that history since, ${shortId(state.timeline)}: what came after is not of this one`;
  }
  const lost = lostToBucket(living, end, isCopy);
  if (lost !== undefined) return lost;
  const { needsBase } = state;
  const count = last - end.seq;
  const isNow = now.getTime() - at.getTime() < NOW_MS;
  const isWaiting = count > 0 && (isNow || at.getTime() >= firstWaiting(living));
  if (
    needsBase === 'off' ||
    (isUnseen(living) && (isWaiting || isNow || at.getTime() >= firstWaiting(living)))
  )
    return `a full backup has to come before further changes (${whyBase(needsBase ?? 'schema')}): \`npm run backup -- full\` keeps what is there now, and brings back nothing`;
  return isWaiting
    ? `${countOf(count, 'change')} of the database ${count === 1 ? 'is' : 'are'} in no file yet: npm run backup -- changes ship`
    : undefined;
}

/** When an entry was first seen waiting, ms since 1970. */
function firstWaiting({ state: { waitingSince } }: Living): number {
  return waitingSince === null ? Number.POSITIVE_INFINITY : Date.parse(waitingSince);
}

/** Whether something changed after `end` that may have come before the moment. */
export function isUnsureAt(living: Living, { seq }: Pick<Position, 'seq'>, at: Date): boolean {
  const { waitingSince } = living.state;
  const isLater = waitingSince !== null && at.getTime() < firstWaiting(living) - LOOK_MS;
  return isUnseen(living) || (living.last > seq && !isLater);
}

/** Something changed that the log does not tell, and nobody knows when: the schema, for example. */
function isUnseen({ state, isSchemaMoved }: Living): boolean {
  return state.needsBase !== null || isSchemaMoved;
}
