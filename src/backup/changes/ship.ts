/**
 * One change file: read the next range, store it under a name that is never taken twice, look what
 * stands there, read it back, and only then forget the entries. Killed anywhere, nothing is lost:
 * the entries wait in the log until a file with them was read back.
 */
import { hasChanged, one, sql } from '../../db/database.ts';
import { releaseJob } from '../../db/job-leases.ts';
import { SCHEMA_VERSION } from '../../db/migrate.ts';
import type { DatabaseSchema } from '../model/model.ts';
import { encodeChangeFile, MAX_CHANGE_FILE_BYTES } from './change-file.ts';
import { firstPrefix, parseChangeKey } from './change-names.ts';
import { isKeyChanged } from './changed-key.ts';
import { ensureTriggers } from './ensure-triggers.ts';
import { needBase, settleLost, WAITS } from './needs-base.ts';
import { isLost, type Peek, peek, peekAt, pending } from './peek.ts';
import { LEASE, type Range, readRange } from './read-range.ts';
import type { ShipContext, ShipOutcome } from './shipping.ts';
import { goesOn, openOwn, readChange, sha256Of, storedUnder, storeFile } from './stored-change.ts';
import { beginTimelineSql } from './timeline.ts';
import { trim, trimmed } from './trim.ts';

/** Entries of a usual file. */
const MOST_ENTRIES = 10_000;
/** Unpacked; a single row may be larger. */
const USUAL_BYTES = 8 * 1024 * 1024;

/** @param found what a question that rode along with another found; absent: it is asked now */
export async function ship(context: ShipContext, found?: Peek): Promise<ShipOutcome> {
  const { db } = context;
  const seen = found ?? (await peekAt(db));
  if (seen === undefined || seen.cookie !== seen.state.schemaCookie) {
    try {
      await ensureTriggers(db, context.source);
    } catch (error) {
      // There may be new tables, whose changes no file will ever hold.
      const { reason } = await needBase(context, 'schema');
      await db.write([WAITS]);
      return { kind: 'needs-base', reason, error };
    }
    const [again] = await db.read([peek]);
    return again === undefined ? { kind: 'idle' } : shipSeen(context, again);
  }
  return shipSeen(context, seen);
}

async function shipSeen(context: ShipContext, seen: Peek): Promise<ShipOutcome> {
  const { db, holder } = context;
  const { needsBase } = seen.state;
  if (needsBase === null && isLost(seen)) return settleLost(context, seen);
  if (needsBase === null && pending(seen) === 0) return { kind: 'idle' };
  if (needsBase === null && (await isKeyChanged(context, seen.state.timeline)))
    return needBase(context, 'sealed');
  if (needsBase !== null) {
    const { waitingSince } = seen.state;
    if (waitingSince === null || waitingSince > seen.now) await db.write([WAITS]);
    return { kind: 'needs-base', reason: needsBase };
  }
  let isReleased = false;
  try {
    const unfinished = seen.state.attempts.length > 0 ? await finish(context, seen) : undefined;
    if (unfinished !== undefined) return unfinished;
    const range = await readFitting(context, seen);
    if (range.kind === 'large' || range.kind === 'key') return await needBase(context, range.kind);
    if (range.kind === 'lost') return await settleLost(context, seen);
    if (range.kind !== 'range') {
      isReleased = range.kind === 'busy';
      // The next look finds it free.
      if (isReleased) await freeDead(context);
      return { kind: 'busy' };
    }
    const { key, sha256, bytes, rival } = await storeFile(context, range);
    if (rival !== undefined) {
      const outcome = await fork(context, seen, rival);
      // Its rows wait in the log; beside the other's file it would look like the same history.
      // While this one was held up, another shipper of this database may have gone on from it: then
      // it stays.
      if (outcome.kind === 'fork') await context.store.delete([key]).catch(() => {});
      return outcome;
    }
    const file = key.slice(context.prefix.length);
    isReleased = true;
    const shipped = { last: range.last, attempts: range.attempts, file, sha256 };
    if (range.isEnd && context.atEnd !== undefined) context.atEnd.push(...trimmed(context, seen, shipped));
    else if (!(await trim(context, seen, shipped))) return { kind: 'busy' };
    const first = seen.state.shippedSeq + 1;
    return { kind: 'shipped', file, first, last: range.last, bytes, isEnd: range.isEnd };
  } finally {
    // If this fails too, the lease ends by itself.
    if (!isReleased) await db.write([releaseJob(LEASE, holder)]).catch(() => {});
  }
}

/**
 * An attempt before this one did not end: its file may be stored, and nobody has looked. A file of
 * that name was made from this database's own rows; whole, it is taken as it is.
 */
async function finish(context: ShipContext, seen: Peek): Promise<ShipOutcome | undefined> {
  const { store, prefix, encryption } = context;
  const { timeline, shippedSeq, attempts } = seen.state;
  const first = shippedSeq + 1;
  const { own, rival } = await storedUnder(context, seen.state, attempts);
  if (rival !== undefined) return fork(context, seen, rival);
  // A listing may lag behind what is stored.
  const newest = `${firstPrefix(prefix, timeline, first)}${attempts[0]}.ndjson.gz${encryption === undefined ? '' : '.age'}`;
  const key = own.at(-1) ?? newest;
  const bytes = await readChange(store, key);
  const proved = bytes && (await openOwn(context, key, bytes));
  const last = proved && goesOn(seen.state, proved.header) ? proved.header.last : undefined;
  if (bytes === undefined || last !== parseChangeKey(prefix, key)?.last || last === undefined) {
    // It stays where it is, and the rows are stored once more under another name.
    return own.length < MOST_UNREAD ? undefined : needBase(context, 'unread');
  }
  const file = key.slice(prefix.length);
  const isTrimmed = await trim(context, seen, { last, attempts, file, sha256: sha256Of(bytes) });
  if (!isTrimmed) return { kind: 'busy' };
  return { kind: 'shipped', file, first, last, bytes: bytes.byteLength, isEnd: last === seen.last };
}

/**
 * So many files of one range that nobody has looked at, or that do not open: the bucket damages
 * them, or each attempt was cut short where no key is at hand. A full backup ends it, or tells why
 * not.
 */
const MOST_UNREAD = 6;

/** A process that was killed holds its lease for up to a minute. */
async function freeDead({ db, isDead }: ShipContext): Promise<void> {
  if (isDead === undefined) return;
  const [holder] = await db.read([HOLDER]);
  if (holder !== undefined && isDead(holder)) await db.write([releaseJob(LEASE, holder)]);
}

const HOLDER = one(sql(`SELECT holder FROM job_leases WHERE name = '${LEASE}'`), (row) => row.text('holder'));

/** Halves the range until the file has a usual size; one large row goes alone. */
async function readFitting(
  context: ShipContext,
  seen: Peek,
): Promise<
  (Range & { readonly body: Uint8Array }) | { readonly kind: 'busy' | 'moved' | 'large' | 'key' | 'lost' }
> {
  const { db, holder, now } = context;
  const schema = await schemaFor(context, seen);
  if (schema === undefined) return { kind: 'moved' };
  let entries = context.entries ?? MOST_ENTRIES;
  for (;;) {
    const range = await readRange(db, { peek: seen, schema, entries, holder, now: now() }).catch(
      (error: unknown) => {
        if (entries === 1 || !isTooLarge(error)) throw error;
        return undefined;
      },
    );
    if (range !== undefined && range.kind !== 'range') return range;
    const body = range && encode(context, range);
    const size = body?.byteLength ?? Number.POSITIVE_INFINITY;
    const count = range === undefined ? entries : range.last - seen.state.shippedSeq;
    if (range !== undefined && body !== undefined && (size <= USUAL_BYTES || count === 1)) {
      if (size <= MAX_CHANGE_FILE_BYTES) return { ...range, body };
      return { kind: 'large' };
    }
    entries = Math.max(1, Math.floor(count / 2));
  }
}

/** The server refuses an answer of more than 10 MB, and the client one of more than 64. */
function isTooLarge(error: unknown): boolean {
  return /too large|answer of more than/i.test(error instanceof Error ? error.message : '');
}

async function schemaFor(
  { source, memory }: ShipContext,
  { cookie }: Peek,
): Promise<DatabaseSchema | undefined> {
  if (memory.schema?.cookie !== cookie) {
    const schema = await source.schema();
    memory.schema = { cookie: schema.schemaVersion, schema };
  }
  return memory.schema.cookie === cookie ? memory.schema.schema : undefined;
}

function encode({ appVersion }: ShipContext, range: Range): Uint8Array {
  const { timeline, shippedSeq, previous, schemaSha256 } = range.before.state;
  return encodeChangeFile({
    header: {
      timeline,
      first: shippedSeq + 1,
      last: range.last,
      time: range.time.toISOString(),
      app_version: appVersion,
      schema_version: SCHEMA_VERSION,
      schema_sha256: schemaSha256 ?? '',
      previous,
      restore_point: range.isEnd,
      backups: range.backups,
    },
    tables: range.tables,
    sequence: range.sequence,
  });
}

/** Of this very database: another shipper's, whose name it wrote down before it stored it. */
const IS_OURS = "instr(COALESCE(attempt, ''), ?) > 0";

/** Busy: the file is another shipper's of this database, or the range is shipped by now. */
async function fork({ db, prefix }: ShipContext, { state }: Peek, file: string): Promise<ShipOutcome> {
  const { timeline, shippedSeq } = state;
  const name = file.slice(firstPrefix(prefix, timeline, shippedSeq + 1).length).split('.', 1)[0] ?? '';
  const [begun] = await db.write([
    sql(
      `${beginTimelineSql('fork')} AND timeline = ? AND shipped_seq = ? AND NOT ${IS_OURS} RETURNING id`,
      timeline,
      shippedSeq,
      name,
    ),
  ]);
  return hasChanged(begun) ? { kind: 'fork', file } : { kind: 'busy' };
}
