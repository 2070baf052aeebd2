/**
 * A look at the change files of both buckets from a place on, whatever was known of them: what is
 * gone, cut or rotten in one and proved in the other is put back, and what nobody has whole is
 * remembered as damaged. With one bucket alone it tells what is damaged.
 */
import { inParallel } from '../../lib/in-parallel.ts';
import type { Bucket } from '../catalog/bucket.ts';
import { BadChanges } from '../changes/bad-changes.ts';
import { changesPrefix } from '../changes/change-names.ts';
import { storedChange } from '../changes/list-changes.ts';
import type { StoredChange } from '../changes/listed.ts';
import { fileBefore } from '../changes/previous.ts';
import { whatWouldGo } from '../changes/prune-changes.ts';
import type { ChangeKeys } from '../changes/stored-proof.ts';
import { PAGE_KEYS } from '../store/types.ts';
import { alteredText, type ChangeLook, lookAtChange } from './change-proof.ts';
import { isOurKind, type Shipped, type StoredFiles } from './copy-changes.ts';
import { mendChange } from './mend-change.ts';
import type { Slice } from './proven.ts';

export interface LookBackContext {
  readonly first: Bucket;
  /** Undefined: there is no second one. */
  readonly copy: Bucket | undefined;
  readonly now: Date;
  readonly shipped: Shipped | 'all';
  readonly stored?: StoredFiles | undefined;
  readonly keys?: ChangeKeys;
  /** How many days change files are kept. */
  readonly days: number;
  /** Every file is read; otherwise those that the buckets hold in different lengths. */
  readonly isRead: boolean;
  readonly slice: Slice;
  /** Ends a look that has read so much; absent: nothing does. */
  readonly mostBytes?: number;
  readonly onMended?: (file: string, where: Bucket) => void;
  readonly onFile?: (file: Pick<StoredChange, 'bytes'>) => void;
}

export interface LookedBack {
  /** The last file that was looked at; null: the end was reached. */
  readonly after: string | null;
  readonly bytes: number;
  /** Files found damaged that nobody knew of, where no whole one is. */
  readonly damaged: readonly string[];
  readonly problems: readonly string[];
}

/** Read side by side; the link of the last one is in the next. */
const AT_ONCE = 16;

/** A passphrase takes a processor as long as so many bytes. */
const OPENING_BYTES = 8 * 1024;

/** A file by its key, where it is. */
interface Place {
  readonly file: string;
  readonly here: StoredChange | undefined;
  readonly there: StoredChange | undefined;
}

interface Looked extends Place {
  readonly mine: ChangeLook;
  readonly theirs: ChangeLook;
}

/** @throws errors of the stores */
export async function lookBackAtChanges(context: LookBackContext, after: string): Promise<LookedBack> {
  const { first, copy } = context;
  // A disk that is not mounted has lost nothing, and takes nothing.
  if (first.store.isAbsent?.() === true) return { after: null, bytes: 0, damaged: [], problems: [] };
  const look = new LookBack(
    copy?.store.isAbsent?.() === true ? { ...context, copy: undefined } : context,
    after,
  );
  for (let from = after; ; ) {
    const page = await look.page(from);
    if (page === undefined || !(await look.take(page))) return look.result(false);
    if (page.isLast) return look.result(true);
    from = page.upTo;
  }
}

interface Page {
  readonly places: readonly Place[];
  readonly upTo: string;
  readonly isLast: boolean;
}

class LookBack {
  readonly #context: LookBackContext;
  readonly #verdicts: ReadonlyMap<Bucket, BadChanges>;
  readonly #problems: string[] = [];
  /** By file: the SHA-256 that the file behind it names, in either bucket. */
  readonly #links = new Map<string, Set<string>>();
  readonly #wrong = new Set<string>();
  #stored: ReadonlyMap<string, string> = new Map();
  #bytes = 0;
  #after: string;
  /** The one behind it may be of the next page, and tell of it. */
  #waiting: Looked | undefined;

  constructor(context: LookBackContext, after: string) {
    this.#context = context;
    this.#after = after;
    const { first, copy } = context;
    this.#verdicts = new Map([first, copy].flatMap((one) => (one ? [[one, new BadChanges(one)]] : [])));
  }

  async result(isEnd: boolean): Promise<LookedBack> {
    const damaged = new Set<string>();
    const problems = [...this.#problems];
    for (const verdicts of this.#verdicts.values()) {
      const { fresh, unkept } = await verdicts.keep();
      for (const file of fresh) damaged.add(file);
      if (unkept !== undefined) problems.push(unkept);
    }
    const after = isEnd ? null : this.#after;
    return { after, bytes: this.#bytes, damaged: [...damaged], problems };
  }

  /** Undefined: the slice is used up. */
  async page(after: string): Promise<Page | undefined> {
    const { first, copy, shipped, stored, slice } = this.#context;
    if (!slice.take(3)) return undefined;
    const lists = await Promise.all(
      [first, copy].map(async (bucket) => {
        if (bucket === undefined) return [];
        const base = changesPrefix(bucket.prefix);
        return bucket.store.list(base, { after: after === '' ? base : `${bucket.prefix}${after}` });
      }),
    );
    const places = new Map<string, Place>();
    const ends: string[] = [];
    for (const [at, bucket] of [first, copy].entries()) {
      const objects = lists[at] ?? [];
      const last = objects.at(-1)?.key.slice(bucket?.prefix.length);
      if (objects.length >= PAGE_KEYS && last !== undefined) ends.push(last);
      for (const object of bucket === undefined ? [] : objects) {
        const found = bucket && storedChange(bucket, object);
        if (found === undefined || !isOurKind(first, found.file)) continue;
        // Of one that is being made nobody knows yet.
        if (shipped !== 'all' && found.timeline === shipped.timeline && found.first > shipped.seq) continue;
        const place = places.get(found.file) ?? { file: found.file, here: undefined, there: undefined };
        places.set(found.file, { ...place, [at === 0 ? 'here' : 'there']: found });
      }
    }
    const upTo = ends.toSorted()[0];
    const all = [...places.values()]
      .filter(({ file }) => upTo === undefined || file <= upTo)
      .toSorted((a, b) => (a.file < b.file ? -1 : 1));
    const [from, to] = [all[0], all.at(-1)];
    if (stored !== undefined && from !== undefined && to !== undefined)
      this.#stored = await stored(from.file, to.file);
    return { places: all, upTo: upTo ?? '', isLast: upTo === undefined };
  }

  /** False: the slice is used up. */
  async take({ places: all, isLast }: Page): Promise<boolean> {
    const { copy, isRead } = this.#context;
    const lost = all.some(({ here }) => here === undefined) ? await this.#lost(all) : NONE;
    const isUnlike = ({ file, here, there }: Place): boolean =>
      copy !== undefined && here?.bytes !== there?.bytes && (here !== undefined || lost.has(file));
    const places = isRead ? all : all.filter(isUnlike);
    for (let at = 0; at < places.length; at += AT_ONCE) {
      const chunk = places.slice(at, at + AT_ONCE);
      if (!this.#mayGoOn(chunk.length * 4)) return false;
      const looked = await inParallel(chunk, (place) => this.#look(place));
      for (const one of looked) this.#note(one);
      const ready = [...(this.#waiting === undefined ? [] : [this.#waiting]), ...looked];
      this.#waiting = ready.pop();
      for (const one of ready) if (!(await this.#judge(one, lost, all))) return false;
    }
    if (!isLast || this.#waiting === undefined) return true;
    return this.#judge(this.#waiting, lost, all);
  }

  #mayGoOn(requests: number): boolean {
    const { mostBytes = Number.POSITIVE_INFINITY, slice } = this.#context;
    return this.#bytes < mostBytes && slice.take(requests);
  }

  async #look(place: Place): Promise<Looked> {
    const { first, copy, keys, slice } = this.#context;
    const isDear = (place.here ?? place.there)?.encrypted === true && (keys?.passphrases.length ?? 0) > 0;
    // What both hold alike is as it was copied; what they do not, is opened where it is judged.
    const wish = { sha256: undefined, keys: isDear && copy !== undefined ? undefined : keys, slice };
    const look = async (bucket: Bucket | undefined, found: StoredChange | undefined): Promise<ChangeLook> => {
      if (bucket === undefined || found === undefined) return { kind: 'absent' };
      this.#bytes += found.bytes;
      return lookAtChange(bucket, place.file, wish);
    };
    if (isDear && copy === undefined) this.#bytes += OPENING_BYTES;
    const [mine, theirs] = [await look(first, place.here), await look(copy, place.there)];
    this.#context.onFile?.({ bytes: (place.here?.bytes ?? 0) + (place.there?.bytes ?? 0) });
    return { ...place, mine, theirs };
  }

  #note({ file, mine, theirs }: Looked): void {
    if (mine.kind !== 'right' && theirs.kind !== 'right') this.#wrong.add(file);
    for (const look of [theirs, mine]) {
      const before = look.kind === 'right' ? fileBefore(look.previous) : undefined;
      if (before === undefined) continue;
      this.#links.set(before.file, (this.#links.get(before.file) ?? new Set()).add(before.sha256));
    }
  }

  /** What retention did not take from the first bucket, and is not there. */
  async #lost(places: readonly Place[]): Promise<ReadonlySet<string>> {
    const { first, days, now, slice } = this.#context;
    if (!slice.take(LOST)) return NONE;
    const files = places.flatMap(({ here, there }): StoredChange[] => {
      // By its own time: the copy may have been late.
      const gone = there && { ...there, modified: there.time };
      return here === undefined ? (gone === undefined ? [] : [gone]) : [here];
    });
    const going = await whatWouldGo(first, files, { days, now });
    // Without a whole backup in the first bucket they would lead nowhere.
    if (going === undefined) return NONE;
    const gone = places.filter(({ here }) => here === undefined).map(({ file }) => file);
    return new Set(gone.filter((file) => !going.has(file)));
  }

  /** False: the slice is used up. */
  async #judge(one: Looked, lost: ReadonlySet<string>, all: readonly Place[]): Promise<boolean> {
    const { first, copy } = this.#context;
    const { file, mine, theirs, here, there } = one;
    const known = this.#stored.get(file);
    const wanted = known === undefined ? this.#links.get(file) : new Set([known]);
    const isGood = mine.kind === 'right' && (wanted === undefined || wanted.has(mine.object.sha256));
    const isAlike =
      mine.kind === 'right' && theirs.kind === 'right' && mine.object.sha256 === theirs.object.sha256;
    const isSingle = copy === undefined;
    // Of bytes that nobody opened nothing is known: somebody with a key may have found more.
    const isProved = wanted !== undefined || (mine.kind === 'right' && mine.isOpened);
    if (isGood && (isSingle || isAlike)) return isProved ? this.#good(one) : this.#passed(file);
    // Junk of somebody, or an attempt that was cut off: what it covers another file has.
    if (wanted === undefined && this.#isCovered(one, all)) return this.#passed(file);
    if (isSingle || isAlike) {
      const problem = mine.kind === 'wrong' ? mine.problem : alteredText(first, file);
      if (here !== undefined) this.#bad(first, here, problem);
      if (copy !== undefined && there !== undefined) this.#bad(copy, there, alteredText(copy, file));
      this.#problems.push(problem);
      return this.#passed(file);
    }
    const unlike = { file, sha256: known, isWanted: lost.has(file) };
    const mended = await mendChange({ ...this.#context, copy }, unlike);
    if (mended.kind === 'more') return false;
    if (mended.kind === 'right') return isProved ? this.#good(one) : this.#passed(file);
    for (const bucket of mended.bad) {
      const found = bucket === first ? here : there;
      if (found !== undefined) this.#bad(bucket, found, mended.problem);
    }
    this.#problems.push(mended.problem);
    return this.#passed(file);
  }

  #isCovered({ file, here, there }: Looked, all: readonly Place[]): boolean {
    const own = here ?? there;
    return all.some((other) => {
      const found = other.here ?? other.there;
      if (found === undefined || own === undefined || other.file === file) return false;
      const isBeside = found.timeline === own.timeline && found.first <= own.last && found.last >= own.first;
      return isBeside && !this.#wrong.has(other.file);
    });
  }

  #passed(file: string): true {
    this.#after = file;
    return true;
  }

  #good({ file }: Place): true {
    for (const verdicts of this.#verdicts.values()) verdicts.good(file);
    return this.#passed(file);
  }

  #bad(bucket: Bucket, found: StoredChange, problem: string): void {
    this.#verdicts.get(bucket)?.bad(found, problem);
  }
}

/** The newest backup of the first bucket, and what old moments begin with. */
const LOST = 16;
const NONE: ReadonlySet<string> = new Set();
