/**
 * That the newest backup is gone, which the bucket itself cannot tell: the database remembers that
 * its run was done. Retention never removes the newest one, so somebody or something else has. It
 * counts until a newer backup is verified.
 */
import { explain } from '../../lib/clock.ts';
import { type Bucket, nowOf } from './bucket.ts';
import type { BackupHealth } from './health.ts';
import type { Ledger, RunStart } from './ledger.ts';
import { findBackup, type Newest } from './list.ts';
import type { BackupName } from './names.ts';

/**
 * The newest run on record that made a backup. Asked for BEFORE the bucket is listed: a run that
 * ends in between would look lost. Undefined also where the database does not tell; `unread` says
 * why then.
 */
export async function recordedRun(
  bucket: Bucket,
  open: () => Promise<Pick<Ledger, 'newestDone'>>,
): Promise<{ readonly run: RunStart | undefined; readonly unread: string | undefined }> {
  try {
    return { run: await (await open()).newestDone(nowOf(bucket)), unread: undefined };
  } catch (error) {
    return { run: undefined, unread: explain(error) };
  }
}

/**
 * What is wrong with the backup of the run; undefined when it is there or a newer one is good. One
 * that this user may not read is not lost, and nobody can say that it is good.
 */
export async function lostBackup(
  bucket: Bucket,
  run: RunStart | undefined,
  { entry: newest, newer }: Newest,
): Promise<BackupHealth['damaged']> {
  if (run === undefined) return undefined;
  const { name } = run;
  // The record keeps whole seconds, and two runs may begin within one.
  const second = (time: Date): number => Math.floor(time.getTime() / 1000);
  if (newest !== undefined && second(newest.time) > second(run.startedAt)) return undefined;
  const found = newer.find((entry) => entry.name === name) ?? (await findBackup(bucket, name));
  if (found === undefined) return { name, problem: 'all its files are gone from the bucket', isLost: true };
  if (found.state === 'unfinished')
    return { name, problem: 'its manifest is gone from the bucket', isLost: true };
  if (found.state === 'unreadable')
    return { name, problem: found.problem ?? '', ...(found.isDenied !== true && { isLost: true }) };
  return undefined;
}

/**
 * That a backup with an older name was made after `taken`: the clock was behind then (a flat
 * battery), and names, files and manifests all have its time. Only the database's record knows; one
 * sentence for people, undefined where there is none such, or nothing is known.
 */
export async function madeLater(
  bucket: Bucket,
  open: () => Promise<Pick<Ledger, 'madeAfter'>>,
  taken: BackupName,
): Promise<string | undefined> {
  const run = await (async () => (await open()).madeAfter(taken))().catch(() => undefined);
  const found = run && (await findBackup(bucket, run.name));
  if (found?.state !== 'verified') return undefined;
  return `${found.name} was made after ${taken}, by a clock that was behind, and may hold newer data: \`restore ${found.name}\` takes it`;
}

/** For people, of a drill that restored an older one. */
export function lostText(lost: Pick<NonNullable<BackupHealth['damaged']>, 'name' | 'problem'>): string {
  return `the newest backup, ${lost.name}, is lost: ${lost.problem}; this older one could be restored`;
}
