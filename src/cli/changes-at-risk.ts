/** What `list` tells of stored changes that the bucket which is read cannot bring back. */
import { badAmong, readBadChanges } from '../backup/changes/bad-changes.ts';
import { listChanges } from '../backup/changes/list-changes.ts';
import type { Base, StoredChange } from '../backup/changes/listed.ts';
import { type Living, lostFrom } from '../backup/changes/living.ts';
import { isHistory } from '../backup/changes/verify-changes.ts';
import { capital, countOf } from '../text/format.ts';
import { otherBucket } from './second-bucket.ts';
import type { Session } from './session.ts';

export interface ChangesAtRisk {
  /** Those that are not known to be damaged. */
  readonly sound: readonly StoredChange[];
  /** For people; undefined: nothing is known to be lost. */
  readonly problem: string | undefined;
  /** What to do, with the command. */
  readonly todo: string;
}

export async function changesAtRisk(
  session: Session,
  {
    living,
    bases,
    files,
  }: {
    readonly living: Living | undefined;
    readonly bases: readonly Base[];
    readonly files: readonly StoredChange[];
  },
): Promise<ChangesAtRisk> {
  const known = badAmong(await readBadChanges(session.bucket), files);
  const damaged = new Set(known.map(({ file }) => file));
  const sound = files.filter((file) => !damaged.has(file));
  const bad = known.filter(({ file }) => !isHistory(bases, file));
  const lost = living && lostFrom(living, bases, files);
  const [worst] = bad;
  const more = bad.length > 1 ? ` (and ${countOf(bad.length - 1, 'more')})` : '';
  // What goes on from an altered file is left out, and counts as lost: the cause comes first.
  const damage = worst && `${worst.problem}${more}: nothing behind it can be brought back`;
  const problem = [damage, lost].filter((one) => one !== undefined).join('; ') || undefined;
  const todo = 'Begin anew: npm run backup -- full';
  if (problem === undefined) return { sound, problem, todo };
  const other = await otherBucket(session);
  const there = other && (await wholeIn(other.bucket).catch(() => undefined));
  if (there === undefined) return { sound, problem, todo };
  const names = new Set(there.map(({ file }) => file));
  const both = [...files, ...there.filter(({ file }) => !files.some((one) => one.file === file))];
  const ordered = both.toSorted((a, b) => (a.file < b.file ? -1 : 1));
  const isMendable =
    bad.every(({ file }) => names.has(file.file)) &&
    (lost === undefined || (living !== undefined && lostFrom(living, bases, ordered) === undefined));
  if (!isMendable) return { sound, problem, todo };
  return {
    sound,
    problem,
    todo: `${capital(other?.what ?? '')} has what is missing: npm run backup -- copy`,
  };
}

async function wholeIn(bucket: Session['bucket']): Promise<StoredChange[]> {
  const { files } = await listChanges(bucket);
  const bad = new Set(badAmong(await readBadChanges(bucket), files).map(({ file }) => file));
  return files.filter((file) => !bad.has(file));
}
