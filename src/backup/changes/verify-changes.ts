/** Every change file of a bucket: whole, under its own name, and the successor of what it names. */
import { inParallel } from '../../lib/in-parallel.ts';
import type { Bucket } from '../catalog/bucket.ts';
import { listBackups } from '../catalog/list.ts';
import type { OpeningKeys } from '../envelope/types.ts';
import type { ChangeHeader } from './change-file.ts';
import { parseChangeKey } from './change-names.ts';
import { basesOf, listChanges } from './list-changes.ts';
import type { Base, StoredChange } from './listed.ts';
import { isPlain, openOrFault, plainText } from './open-change.ts';
import { fileBefore, goneText, heldBy, replacedText } from './previous.ts';

export interface ChangesVerdict {
  readonly ok: boolean;
  readonly files: number;
  /** Files that are whole, and continue what they name. */
  readonly good: number;
  /** Encrypted, and no key at hand fits: nothing is known of what is inside. */
  readonly unopened: number;
  readonly problems: readonly string[];
  /** Not encrypted although the settings encrypt: from before, by what newer backups tell. */
  readonly plain: readonly StoredChange[];
  /** Of files that another one of the same changes makes up for. */
  readonly warnings: readonly string[];
}

/** What was found of single files. */
export interface ChangeFindings {
  readonly bad: readonly { readonly file: StoredChange; readonly problem: string }[];
  readonly good: readonly StoredChange[];
  /** Names of files that others continue, and that are not there. */
  readonly gone: readonly string[];
  /** By file: the SHA-256 that the file behind it names. */
  readonly links: ReadonlyMap<string, string>;
}

export interface VerifyChangesOptions {
  readonly keys: OpeningKeys | undefined;
  readonly signal?: AbortSignal;
  readonly onFile?: (file: StoredChange) => void;
  /** A problem that a newer full backup has made history; absent: it is one like the others. */
  readonly onOld?: (problem: string) => void;
  /** What is older and history was taken by retention, and nobody misses it. */
  readonly keptSince?: Date;
}

/** What a problem is about: changes of a timeline up to `last`, as of `time`. */
type About = Pick<StoredChange, 'timeline' | 'last' | 'time'>;

/**
 * A newer backup holds what the changes would have told, and the way on from it leads through none
 * of their files: nothing of now depends on them.
 */
export function isHistory(bases: readonly Base[], { timeline, last, time }: About): boolean {
  return bases.some((base) => {
    const { changes, time: made } = base;
    return (
      changes !== undefined && (changes.timeline === timeline ? heldBy(base, bases) >= last : made > time)
    );
  });
}

/** No more of a header is kept: there may be very many files. */
type Place = Pick<ChangeHeader, 'time' | 'previous'>;

type Look =
  | { readonly file: StoredChange; readonly header: Place; readonly sha256: string }
  | { readonly file: StoredChange; readonly fault: string }
  | { readonly file: StoredChange; readonly unopened: true }
  | { readonly file: StoredChange; readonly isPlain: true };

export async function verifyChanges(
  bucket: Bucket,
  { keys, signal, onFile, onOld, keptSince }: VerifyChangesOptions,
): Promise<ChangesVerdict & { readonly findings: ChangeFindings }> {
  const { files } = await listChanges(bucket);
  const looks = await inParallel(files, async (file): Promise<Look> => {
    signal?.throwIfAborted();
    if (isPlain(bucket, file)) return { file, isPlain: true };
    const found = await openOrFault(bucket, file, keys).finally(() => onFile?.(file));
    if ('fault' in found)
      return found.fault.isClosed ? { file, unopened: true } : { file, fault: found.fault.why };
    const { time, previous } = found.header;
    return { file, header: { time, previous }, sha256: found.sha256 };
  });
  const problems: string[] = [];
  const bases = basesOf(bucket, (await listBackups(bucket)).entries);
  const tell = (problem: string, about: About): void => {
    if (onOld !== undefined && isHistory(bases, about)) onOld(problem);
    else problems.push(problem);
  };
  const warnings: string[] = [];
  const plain: StoredChange[] = [];
  const byName = new Map(looks.map((look) => [look.file.file, look]));
  let good = 0;
  const links = linksOf(looks);
  const bad: ChangeFindings['bad'][number][] = [];
  for (const look of looks) {
    if ('unopened' in look) continue;
    if ('isPlain' in look) {
      if (isHistory(bases, look.file)) plain.push(look.file);
      else problems.push(plainText(look.file));
      continue;
    }
    const link = 'fault' in look ? undefined : linkFault(look.header, look.file, byName);
    const problem = 'fault' in look ? look.fault : link;
    const culprit =
      'fault' in look ? look.file : byName.get(fileBefore(look.header.previous)?.file ?? '')?.file;
    if (problem !== undefined && culprit !== undefined && !hasOther(culprit, looks))
      bad.push({ file: culprit, problem });
    if (problem === undefined) good += 1;
    else if ('fault' in look && hasOther(look.file, looks))
      warnings.push(`${problem}; another file has its changes`);
    else tell(problem, look.file);
    const back = 'fault' in look ? undefined : clockFault(look, byName);
    if (back !== undefined) warnings.push(back);
  }
  const gone: string[] = [];
  for (const { problem, about, file } of holes(looks, bases)) {
    const dated = parseChangeKey('', file)?.time;
    const isRetained = dated !== undefined && keptSince !== undefined && dated < keptSince;
    if (isRetained && isHistory(bases, about)) continue;
    gone.push(file);
    tell(problem, about);
  }
  const unopened = looks.filter((look) => 'unopened' in look).length;
  const isBad = new Set(bad.map(({ file }) => file.file));
  const sound = looks.filter((look) => 'header' in look && !isBad.has(look.file.file));
  const findings = { bad, good: sound.map(({ file }) => file), gone, links };
  const ok = problems.length === 0;
  return { ok, files: files.length, good, unopened, plain, problems, warnings, findings };
}

function linksOf(looks: readonly Look[]): Map<string, string> {
  const named = looks.flatMap((look) => ('header' in look ? [look.header.previous] : []));
  return new Map(
    named.flatMap((previous) => {
      const before = fileBefore(previous);
      return before === undefined ? [] : [[before.file, before.sha256]];
    }),
  );
}

/** Stored again under another name, after it did not read back. */
function hasOther({ timeline, first, file }: StoredChange, looks: readonly Look[]): boolean {
  return looks.some(
    (look) =>
      'header' in look &&
      look.file.timeline === timeline &&
      look.file.first === first &&
      look.file.file !== file,
  );
}

function linkFault(
  { previous }: Place,
  { file }: StoredChange,
  byName: ReadonlyMap<string, Look>,
): string | undefined {
  if (previous === null || 'base' in previous) return undefined;
  const before = byName.get(previous.file);
  // One that is gone is told by the hole that it leaves, or retention took it.
  if (before === undefined || !('sha256' in before) || before.sha256 === previous.sha256) return undefined;
  return replacedText(previous.file, file);
}

/** A clock that went back is real: the order of the changes is that of their numbers. */
function clockFault(
  { file, header: { time, previous } }: Look & { readonly header: Place },
  byName: ReadonlyMap<string, Look>,
): string | undefined {
  const before = byName.get(fileBefore(previous)?.file ?? '');
  return before === undefined || !('header' in before) || before.header.time <= time
    ? undefined
    : `${file.file} is dated before ${before.file.file}, which it continues: the clock went back, and the order of the changes settles their times`;
}

/** Numbers that no file has, where what follows says that a file was there. */
function holes(
  looks: readonly Look[],
  bases: readonly Base[],
): { problem: string; about: About; file: string }[] {
  const found: { problem: string; about: About; file: string }[] = [];
  for (const [timeline, own] of Map.groupBy(looks, ({ file }) => file.timeline)) {
    const [oldest] = own;
    const names = new Set(own.map(({ file }) => file.file));
    for (const look of own) {
      if (!('header' in look)) continue;
      // What every backup of the timeline has behind itself is retention's.
      const isNeeded = (): boolean =>
        bases.some(
          (base) => base.changes?.timeline === timeline && heldBy(base, bases) + 1 < look.file.first,
        );
      if (look === oldest && !isNeeded()) continue;
      const before = fileBefore(look.header.previous);
      if (before !== undefined && !names.has(before.file))
        found.push({
          file: before.file,
          problem: goneText(before.file, look.file.file),
          about: { ...look.file, last: look.file.first - 1 },
        });
    }
  }
  return found;
}
