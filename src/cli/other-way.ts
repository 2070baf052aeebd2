/** What the bucket that is not read could bring back where the one that is read falls short. */
import type { Bucket } from '../backup/catalog/bucket.ts';
import { findBackup } from '../backup/catalog/list.ts';
import type { BackupName } from '../backup/catalog/names.ts';
import { listChanges } from '../backup/changes/list-changes.ts';
import type { StoredChange } from '../backup/changes/listed.ts';
import { findPoint, PointOutOfReach } from '../backup/restore/point-in-time.ts';
import { countOf } from '../text/format.ts';
import { showMoment } from '../text/moment.ts';
import type { Invocation } from './command.ts';
import { type MomentWish, parseMoment } from './moment.ts';
import type { Session } from './session.ts';

interface Other {
  readonly bucket: Bucket;
  readonly what: string;
  /** For a command: ` --from copy`, or nothing. */
  readonly from: string;
}

/** Undefined: there is no other one, or it does not answer. */
async function otherBucket({ config, readsCopy, first, copy }: Session): Promise<Other | undefined> {
  if (config.copy === undefined) return undefined;
  if (readsCopy) return { bucket: first, what: 'the first bucket', from: '' };
  const bucket = await copy().catch(() => undefined);
  return bucket && { bucket, what: 'the second copy', from: ' --from copy' };
}

/** A sentence with the command; undefined: the other bucket has no good one of this name. */
export async function otherBackup(
  session: Session,
  name: BackupName,
  flags: string,
): Promise<string | undefined> {
  const other = await otherBucket(session);
  const found = other && (await findBackup(other.bucket, name).catch(() => undefined));
  return other === undefined || found?.state !== 'verified'
    ? undefined
    : `${other.what} has ${name}, not known to be damaged: npm run backup -- restore ${name}${flags}${other.from}`;
}

/**
 * The same of a moment that failed: what the other bucket reaches by whole files alone, where that
 * is later than what this one does.
 */
export async function otherMoment(
  { session, now }: Pick<Invocation, 'session' | 'now'>,
  error: unknown,
  { text, wish, flags }: { readonly text: string; readonly wish: MomentWish; readonly flags: string },
): Promise<string | undefined> {
  const other = await otherBucket(session);
  if (other === undefined) return undefined;
  const { timeZone: zone } = session.config;
  const point = await findPoint(other.bucket, {
    at: parseMoment(text, now(), zone),
    isBestEffort: true,
    timeline: wish.timeline,
    keys: session.keys,
    show: String,
  }).catch(() => undefined);
  const last = error instanceof PointOutOfReach && error.why.kind === 'gap' ? error.why.last : undefined;
  if (point === undefined || (last !== undefined && point.time <= last)) return undefined;
  const at = point.short === undefined && text === '0m' ? text : point.time.toISOString();
  const timeline = wish.timeline === undefined ? '' : ` --timeline ${wish.timeline}`;
  return `${other.what} has it whole up to ${showMoment(point.time, zone)}: npm run backup -- restore --at ${at}${timeline}${flags}${other.from}`;
}

/** Change files that both buckets have in different lengths; undefined: none is known. */
export async function differingChanges(
  session: Session,
  files: readonly StoredChange[],
): Promise<string | undefined> {
  const other = await otherBucket(session);
  const there = other && (await listChanges(other.bucket).catch(() => undefined));
  if (there === undefined) return undefined;
  const lengths = new Map(there.files.map(({ file, bytes }) => [file, bytes]));
  const differing = files.filter(({ file, bytes }) => (lengths.get(file) ?? bytes) !== bytes);
  const [first] = differing;
  return (
    first &&
    `${countOf(differing.length, 'change file')} (${first.file}${differing.length > 1 ? ', …' : ''}) of the two buckets differ in length, so one of the two is damaged: npm run backup -- copy puts the whole one back, or says what is wrong`
  );
}
