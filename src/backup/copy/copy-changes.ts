/**
 * Change files for the second bucket, in the order of their changes. There may be very many, so a
 * look begins where the last one ended. They have no manifest: the database remembers what the bot
 * stored, and nothing else is taken. Where it does not know, a file has to prove itself. What is
 * wrong in one bucket and right in the other is replaced there.
 */
import type { Bucket } from '../catalog/bucket.ts';
import { changesPrefix, parseChangeKey } from '../changes/change-names.ts';
import { PAGE_KEYS } from '../store/types.ts';
import { type ChangeLook, lookAtChange } from './change-proof.ts';
import { type ChangesMemory, isOfToday } from './memory.ts';
import { type MendContext, mendChange } from './mend-change.ts';
import { copyInOrder, requestsFor, tooManyText } from './proven.ts';

/** Up to where the database knows its change files to be stored and read back. */
export interface Shipped {
  readonly timeline: string;
  readonly seq: number;
}

/** What differs when a further file was shipped. */
export function placeOf(shipped: Shipped | undefined): string | null {
  return shipped === undefined ? null : `${shipped.timeline} ${shipped.seq}`;
}

export interface ChangesContext extends MendContext {
  readonly now: Date;
  /** All: nobody knows which files are settled, and none is being made. */
  readonly shipped: Shipped | 'all';
  /** Absent: nobody knows what was stored. */
  readonly stored?: StoredFiles | undefined;
}

/**
 * What the database remembers in a range of names, both ends with it: SHA-256 by key without the
 * bucket's prefix, and by the prefix of a timeline the number of its first entry that it remembers.
 */
export type StoredFiles = (from: string, to: string) => Promise<ReadonlyMap<string, string>>;

/** A page of either bucket. */
const PAGES = 2;
/** Of one file beside its copy: the reading that its proof is taken from, or two. */
const PROOF = 2;

type Sent = 'there' | 'more';

/** @throws errors of the stores; what was done until then is in the memory. */
export class ChangeCopy {
  readonly #context: ChangesContext;
  readonly #upTo: Map<string, string>;
  readonly #refused: Map<string, ChangesMemory['refused'][string]>;
  #seen: ChangesMemory['seen'];
  #left: number;
  /** There is more to do than the slice had room for. */
  hasMore = false;

  constructor(context: ChangesContext, before: ChangesMemory) {
    this.#context = context;
    this.#upTo = new Map(Object.entries(before.upTo));
    this.#refused = new Map(Object.entries(before.refused));
    this.#seen = before.seen;
    this.#left = before.left;
  }

  get memory(): Omit<ChangesMemory, 'gone' | 'retained'> {
    return {
      upTo: Object.fromEntries(this.#upTo),
      left: this.#left,
      seen: this.#seen,
      refused: Object.fromEntries(this.#refused),
    };
  }

  async all(): Promise<void> {
    const { shipped, now } = this.#context;
    const current = shipped === 'all' ? undefined : shipped;
    const again = [...this.#refused].filter(([, { at }]) => !isOfToday(at, now));
    // Nothing was shipped since: an idle bot asks neither bucket.
    if (current !== undefined && this.#seen === placeOf(current) && this.#left + again.length === 0) return;
    for (const [file] of again) {
      const stored = await this.#stored(file, file);
      if (stored === undefined) return this.#more();
      if ((await this.#send({ file, sha256: stored.get(file) })) === 'more') return this.#more();
    }
    if ((current === undefined || !this.#upTo.has(current.timeline)) && !(await this.#findTimelines(current)))
      return this.#more();
    const others = [...this.#upTo.keys()].filter((timeline) => timeline !== current?.timeline);
    // The others ended before it began.
    for (const timeline of current === undefined ? others : [...others, current.timeline]) {
      if (!(await this.#timeline(timeline, current))) return this.#more();
      if (timeline !== current?.timeline) this.#upTo.delete(timeline);
    }
    this.#left = 0;
    this.#seen = placeOf(current);
  }

  #more(): void {
    this.hasMore = true;
    this.#left = Math.max(1, this.#left);
  }

  /** False: the slice is used up. */
  async #findTimelines(current: Shipped | undefined): Promise<boolean> {
    const { first, slice } = this.#context;
    const base = changesPrefix(first.prefix);
    const found: string[] = [];
    for (let after = base; ; ) {
      if (!slice.take(1)) return false;
      const page = await first.store.list(base, { after });
      const key = page.find(({ key }) => parseChangeKey(first.prefix, key) !== undefined)?.key;
      const last = page.at(-1)?.key;
      if (last === undefined) break;
      const timeline = key === undefined ? undefined : parseChangeKey(first.prefix, key)?.timeline;
      if (timeline !== undefined) found.push(timeline);
      // Behind every key of the timeline.
      after = timeline === undefined ? last : `${changesPrefix(first.prefix, timeline)}~`;
    }
    for (const timeline of current === undefined ? found : [...found, current.timeline])
      if (!this.#upTo.has(timeline)) this.#upTo.set(timeline, changesPrefix('', timeline));
    return true;
  }

  /** False: the slice is used up. */
  async #timeline(timeline: string, current: Shipped | undefined): Promise<boolean> {
    const { first, copy, slice } = this.#context;
    const settled = timeline === current?.timeline ? current.seq : Number.POSITIVE_INFINITY;
    for (;;) {
      if (!slice.take(PAGES)) return false;
      const upTo = this.#upTo.get(timeline) ?? changesPrefix('', timeline);
      const [here, there] = await Promise.all(
        [first, copy].map(({ store, prefix }) =>
          store.list(changesPrefix(prefix, timeline), { after: `${prefix}${upTo}` }),
        ),
      );
      const held = new Map(there?.map(({ key, bytes }) => [key.slice(copy.prefix.length), bytes]));
      const files = (here ?? []).map(({ key, bytes }) => ({ file: key.slice(first.prefix.length), bytes }));
      // One that was not proved yet may not be the one that counts: it begins behind the last one.
      // What begins before and ends behind is none of ours, and holds none of ours back.
      const open = files.findIndex(({ file }) => (parseChangeKey('', file)?.first ?? 0) > settled);
      const settledFiles = open < 0 ? files : files.slice(0, open);
      const last = settledFiles.at(-1)?.file;
      const stored = last === undefined ? NOTHING : await this.#stored(changesPrefix('', timeline), last);
      if (stored === undefined) return false;
      const isWanted = (file: string): boolean =>
        this.#isWanted(file) && !(timeline === current?.timeline && isForeign(file, stored));
      const wanted = settledFiles.map((file) => ({ ...file, sha256: stored.get(file.file) }));
      this.#left = wanted.filter(({ file, bytes }) => isWanted(file) && held.get(file) !== bytes).length;
      // One slice after the other reads back what it has put: the last one may have died before.
      const unread = there?.at(-1)?.key.slice(copy.prefix.length);
      for (const one of wanted) {
        const { file, bytes } = one;
        const isDone = !isWanted(file) || (held.get(file) === bytes && file !== unread);
        if (!isDone) {
          if ((await this.#send(one)) === 'more') return false;
          this.#left -= 1;
        }
        this.#upTo.set(timeline, file);
      }
      if (open >= 0 || files.length < PAGE_KEYS) return true;
    }
  }

  #isWanted(file: string): boolean {
    return isOurKind(this.#context.first, file);
  }

  /** Undefined: the slice is used up. */
  async #stored(from: string, to: string): Promise<ReadonlyMap<string, string> | undefined> {
    const { stored, slice } = this.#context;
    if (stored === undefined) return NOTHING;
    return slice.take(1) ? stored(from, to) : undefined;
  }

  /** `there` of one that is gone or was refused, too: no more is to be done for it today. */
  async #send({
    file,
    sha256,
  }: {
    readonly file: string;
    readonly sha256: string | undefined;
  }): Promise<Sent> {
    const { first, copy, slice, keys } = this.#context;
    if (!slice.take(PROOF)) return 'more';
    const here = await lookAtChange(first, file, { sha256, keys, slice });
    if (here.kind === 'absent') return this.#done(file);
    if (here.kind === 'wrong') return this.#mend(file, { here, sha256 });
    const needed = requestsFor(here.object.bytes);
    if (needed > slice.most - PAGES - PROOF) return this.#refuse(file, tooManyText(file, needed));
    const copied = await copyInOrder({ from: first, to: copy, objects: [here.object], slice });
    if (copied.kind === 'taken') return this.#mend(file, { here, sha256 });
    if (copied.kind === 'unlike') return this.#refuse(file, copied.problem);
    return copied.kind === 'more' ? 'more' : this.#done(file);
  }

  /** The two buckets hold different bytes, or the first one's are wrong. */
  async #mend(
    file: string,
    { here, sha256 }: { readonly here: ChangeLook; readonly sha256: string | undefined },
  ): Promise<Sent> {
    const mended = await mendChange(this.#context, { file, sha256, here });
    if (mended.kind === 'more') return 'more';
    return mended.kind === 'right' ? this.#done(file) : this.#refuse(file, mended.problem, mended.isAltered);
  }

  #done(file: string): Sent {
    this.#refused.delete(file);
    return 'there';
  }

  #refuse(file: string, problem: string, isAltered = false): Sent {
    const at = this.#context.now.toISOString();
    this.#refused.set(file, { at, problem, ...(isAltered && { isAltered }) });
    return 'there';
  }
}

/** What is not encrypted where the settings encrypt may be anybody's. */
export function isOurKind({ isSealed }: Bucket, file: string): boolean {
  const parsed = parseChangeKey('', file);
  return parsed !== undefined && (isSealed !== true || parsed.encrypted);
}

const NOTHING: ReadonlyMap<string, string> = new Map();

/**
 * Of a name that the bot has not taken: somebody else put it there, or an attempt that was cut off.
 * What was stored before the database began to remember is as good as its bytes.
 */
function isForeign(file: string, stored: ReadonlyMap<string, string>): boolean {
  const key = parseChangeKey('', file);
  const since = key && stored.get(changesPrefix('', key.timeline));
  return since !== undefined && key !== undefined && key.first >= Number(since) && !stored.has(file);
}
