/** Whether change files go on behind a backup: `restore --at` takes them, its name does not. */
import type { Bucket } from '../backup/catalog/bucket.ts';
import type { BackupEntry } from '../backup/catalog/entry.ts';
import { listChanges, orderedOf } from '../backup/changes/list-changes.ts';
import { ChangeIndex } from '../backup/changes/spans.ts';
import { findPoint } from '../backup/restore/point-in-time.ts';
import { showMoment } from '../text/moment.ts';
import type { Invocation } from './command.ts';

export interface Further {
  /** Of the last change that is stored behind the backup. */
  readonly to: Date;
  /** For `--at`: `0m`, where now still belongs to the backup's own history. */
  readonly at: string;
}

/** Undefined where nothing follows the backup, and where the bucket does not tell. */
export function storedBehind(
  { session, now }: Pick<Invocation, 'session' | 'now'>,
  bucket: Bucket,
  entry: BackupEntry,
): Promise<Further | undefined> {
  return look(bucket, entry, { at: now(), keys: session.keys }).catch(() => undefined);
}

async function look(
  bucket: Bucket,
  entry: BackupEntry,
  { at, keys }: { readonly at: Date; readonly keys: Invocation['session']['keys'] },
): Promise<Further | undefined> {
  const {
    bases: [base],
    files,
  } = orderedOf(bucket, [entry], (await listChanges(bucket)).files);
  if (base === undefined) return undefined;
  const to = new ChangeIndex(files).storedUpTo(base);
  if (to === undefined) return undefined;
  const point = await findPoint(bucket, { at, keys, show: String }).catch(() => undefined);
  const isNow = point?.ways[0]?.base.entry.name === entry.name && point.time >= to;
  return { to, at: isNow ? '0m' : to.toISOString() };
}

/** `changes are stored up to 12:56:44 (…): `restore --at 0m` takes them too`. */
export function furtherText({ session }: Invocation, { to, at }: Further, flags = ''): string {
  const copy = session.readsCopy ? ' --from copy' : '';
  return `changes are stored up to ${showMoment(to, session.config.timeZone)}: \`restore --at ${at}${flags}${copy}\` takes them, too`;
}
