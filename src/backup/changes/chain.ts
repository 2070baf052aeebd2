/**
 * From a full backup along the change files. Names alone say what may follow what; that it does,
 * each file says itself: it names the file before it and the hash of that file's bytes. So two
 * histories never mix, whatever their numbers are. The chain ends at the first file that does not
 * hold, and says why.
 */
import type { Bucket } from '../catalog/bucket.ts';
import type { ManifestChanges, Previous } from '../catalog/change-position.ts';
import type { OpeningKeys } from '../envelope/types.ts';
import type { Base, StoredChange } from './listed.ts';
import { type ChainFault, type OpenedChange, openOrFault } from './open-change.ts';
import { isSameLink, keyBefore, nameOf, replacedText } from './previous.ts';

export interface ChainLink extends OpenedChange {
  /**
   * With it the replayed database is as it was at the file's time. Not so within a cut range, nor
   * before the full backup's own place is reached.
   */
  readonly isPoint: boolean;
}

/** Why no further file follows; undefined where there is none. */
export type ChainEnd = ChainFault | undefined;

export interface ChainOptions {
  readonly keys: OpeningKeys | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * The files that continue `base`, in their order, each proved and linked. `files` are those of the
 * bucket that are wanted. Returns why the chain ends.
 * @throws what says nothing about the files: no key, no connection
 */
export async function* followChain(
  bucket: Bucket,
  base: Base,
  files: readonly StoredChange[],
  options: ChainOptions,
): AsyncGenerator<ChainLink, ChainEnd> {
  const { changes, entry } = base;
  if (changes === undefined) return open(`no changes were recorded after backup ${entry.name}`);
  const opened = new Opener(
    bucket,
    files.filter(({ timeline }) => timeline === changes.timeline),
    options,
  );
  let next = await startOf(opened, base, changes);
  for (;;) {
    if ('end' in next) return next.end;
    const { header, sha256, file } = next.opened;
    if (header.schema_sha256 !== changes.schema_sha256)
      return open(`${file.file} is of another schema than backup ${entry.name}`);
    yield { ...next.opened, isPoint: header.restore_point && header.last >= changes.seq };
    next = await choose(opened, header.last + 1, [{ file: file.file, sha256 }]);
  }
}

type Choice = { readonly opened: OpenedChange } | { readonly end: ChainEnd };

/**
 * The first file: behind the backup, where it took the place of what waited then; or the one that
 * comes behind the last file before the backup, and may hold changes that the backup has as well.
 */
async function startOf(opened: Opener, { entry }: Base, changes: ManifestChanges): Promise<Choice> {
  const { seq, previous } = changes;
  const links: readonly Previous[] = [{ base: entry.name }, previous];
  const behind = await choose(opened, seq + 1, links);
  if ('opened' in behind) return behind;
  const last = keyBefore(previous)?.last;
  const found =
    last === undefined ? await findFirst(opened, seq, links) : await choose(opened, last + 1, links);
  if (found === undefined) return behind;
  if (!('opened' in found)) return found.end?.isClosed === true ? found : behind;
  // What waited then is in the file only if both are of one database, and not of two copies of one.
  const { header, file } = found.opened;
  return header.first > seq || header.backups === undefined || header.backups.includes(entry.name)
    ? found
    : { end: open(`${file.file} is of another database than backup ${entry.name}, and both of one origin`) };
}

/** So many files before a backup's place are looked into, at most. */
const MOST_BEFORE = 1_000;

/** From the file that covers the backup's place backwards to the one that follows `links`. */
async function findFirst(
  opened: Opener,
  seq: number,
  links: readonly Previous[],
): Promise<Choice | undefined> {
  const before = opened.files.filter(({ first }) => first <= seq).toReversed();
  for (const file of before.slice(0, MOST_BEFORE)) {
    const found = await opened.open(file);
    if ('fault' in found && found.fault.isClosed && file.last > seq) return { end: found.fault };
    if (!('fault' in found) && links.some((link) => isSameLink(link, found.header.previous)))
      return { opened: found };
  }
  return undefined;
}

/**
 * The file that begins with `first` and continues one of `links`. Several may begin with it: of
 * attempts that did not end.
 */
async function choose(opened: Opener, first: number, links: readonly Previous[]): Promise<Choice> {
  const good: OpenedChange[] = [];
  const faults: ChainFault[] = [];
  for (const file of opened.from(first)) {
    const found = await opened.open(file);
    if ('fault' in found) faults.push(found.fault);
    else if (links.some((link) => isSameLink(link, found.header.previous))) good.push(found);
    else faults.push(open(mismatch(file.file, found.header.previous, links)));
  }
  const [only] = good;
  if (only === undefined) return { end: faults.length > 0 ? joined(faults) : missing(opened, first) };
  for (const candidate of good.length === 1 ? [] : good) {
    const link = { file: candidate.file.file, sha256: candidate.sha256 };
    for (const file of opened.from(candidate.header.last + 1)) {
      const next = await opened.open(file);
      if (!('fault' in next) && isSameLink(link, next.header.previous)) return { opened: candidate };
    }
  }
  return { opened: good.at(-1) ?? only };
}

function missing({ files }: Opener, first: number): ChainEnd {
  const next = files.find((file) => file.first > first);
  if (next === undefined) return undefined;
  return open(
    `changes ${first} to ${next.first - 1} are in no file: a file is gone, or a full backup took their place`,
  );
}

function open(why: string): ChainFault {
  return { why, isClosed: false };
}

/** One that is closed may be the right one. */
function joined(faults: readonly ChainFault[]): ChainFault {
  const closed = faults.filter(({ isClosed }) => isClosed);
  const told = closed.length > 0 ? closed : faults;
  return { why: told.map(({ why }) => why).join('; '), isClosed: closed.length > 0 };
}

function mismatch(file: string, previous: Previous, links: readonly Previous[]): string {
  const [found, wanted] = [nameOf(previous), links.map(nameOf)];
  return wanted.includes(found)
    ? replacedText(found, file)
    : `${file} continues ${found}, not ${wanted.join(' or ')}`;
}

/** Opened ahead of the reader: each is a round trip, and a day may have 17,280 of them. */
const AHEAD = 32;
/** Stored bytes of what is ahead; unpacked they may be ten times as many. */
const AHEAD_BYTES = 2 * 1024 * 1024;

/** Passed, and perhaps asked for once more: siblings of one range are compared. */
const KEPT = 6;

/** Opens the files of one timeline, some ahead, and lets go of what is passed. */
class Opener {
  readonly files: readonly StoredChange[];
  readonly #bucket: Bucket;
  readonly #options: ChainOptions;
  readonly #begun = new Map<StoredChange, ReturnType<typeof openOrFault>>();
  readonly #places: ReadonlyMap<StoredChange, number>;
  readonly #byFirst: ReadonlyMap<number, readonly StoredChange[]>;

  constructor(bucket: Bucket, files: readonly StoredChange[], options: ChainOptions) {
    this.files = files;
    this.#bucket = bucket;
    this.#options = options;
    this.#places = new Map(files.map((file, at) => [file, at]));
    this.#byFirst = Map.groupBy(files, ({ first }) => first);
  }

  from(first: number): readonly StoredChange[] {
    return this.#byFirst.get(first) ?? [];
  }

  async open(file: StoredChange): ReturnType<typeof openOrFault> {
    this.#options.signal?.throwIfAborted();
    const at = this.#places.get(file) ?? 0;
    for (const old of this.#begun.keys())
      if ((this.#places.get(old) ?? 0) < at - KEPT) this.#begun.delete(old);
    let bytes = 0;
    for (const near of this.files.slice(at, at + AHEAD)) {
      bytes += near === file ? 0 : near.bytes;
      if (bytes > AHEAD_BYTES) break;
      if (this.#begun.has(near)) continue;
      const work = openOrFault(this.#bucket, near, this.#options.keys);
      // Told when its turn comes, if it comes.
      work.catch(() => {});
      this.#begun.set(near, work);
    }
    return this.#begun.get(file) ?? openOrFault(this.#bucket, file, this.#options.keys);
  }
}
