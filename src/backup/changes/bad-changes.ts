/**
 * Change files that are known to be damaged: one small object in their bucket, so that every host
 * and command hears of it. A verdict holds while the file is the one that was looked at; it can
 * only make a bucket count as less safe.
 */
import * as v from 'valibot';
import { explain } from '../../lib/clock.ts';
import { greatest } from '../../lib/extremes.ts';
import { type Bucket, nowOf } from '../catalog/bucket.ts';
import { putNote, readNote } from '../catalog/json-note.ts';
import { parseChangeKey } from './change-names.ts';
import type { Base, StoredChange } from './listed.ts';
import { heldBy } from './previous.ts';

const verdict = v.object({
  /** Its key without the bucket's prefix. */
  file: v.string(),
  /** As the listing had it when it was looked at. */
  bytes: v.number(),
  modified: v.string(),
  at: v.pipe(v.string(), v.isoTimestamp()),
  /** For people. */
  problem: v.string(),
});
const schema = v.object({ format: v.literal('anime-bot-bad-changes'), files: v.array(verdict) });

export type BadChange = v.InferOutput<typeof verdict>;

/** What a verdict is about. */
type Listed = Pick<StoredChange, 'file' | 'bytes' | 'modified'>;

/** More are not kept: one is reason enough. */
const MOST = 1_000;
const MOST_CHARACTERS = 400;

function keyOf({ prefix }: Bucket): string {
  return `${prefix}bad-changes.json`;
}

/** An unreadable one counts as none: the next look finds the same again. */
export async function readBadChanges(bucket: Bucket): Promise<readonly BadChange[]> {
  return (await readNote(bucket.store, keyOf(bucket), schema))?.files ?? [];
}

/** Collects what one look finds. */
export class BadChanges {
  readonly #bucket: Bucket;
  readonly #found = new Map<string, BadChange | undefined>();

  constructor(bucket: Bucket) {
    this.#bucket = bucket;
  }

  bad({ file, bytes, modified }: Listed, problem: string): void {
    const at = nowOf(this.#bucket).toISOString();
    const said = problem.slice(0, MOST_CHARACTERS);
    this.#found.set(file, { file, bytes, modified: modified.toISOString(), at, problem: said });
  }

  good(file: string): void {
    this.#found.set(file, undefined);
  }

  /**
   * Never rejects: what was found stands all the same.
   * @returns those that nobody knew of, and why they could not be kept
   */
  async keep(): Promise<{ readonly fresh: readonly string[]; readonly unkept: string | undefined }> {
    const { store } = this.#bucket;
    const found = [...this.#found.values()].filter((one) => one !== undefined);
    try {
      const before = await readBadChanges(this.#bucket);
      const known = new Map(before.map((one) => [one.file, one]));
      const fresh = found.filter((one) => !isSame(known.get(one.file), one)).map(({ file }) => file);
      const isOver = before.some(({ file }) => this.#found.has(file) && this.#found.get(file) === undefined);
      if (fresh.length === 0 && !isOver) return { fresh, unkept: undefined };
      const files = [...before.filter(({ file }) => !this.#found.has(file)), ...found].slice(-MOST);
      await putNote(store, keyOf(this.#bucket), { format: 'anime-bot-bad-changes', files });
      return { fresh, unkept: undefined };
    } catch (error) {
      const unkept = `which change files are damaged could not be kept in ${store.description}, so others do not know of it: ${explain(error)}`;
      return { fresh: found.map(({ file }) => file), unkept };
    }
  }
}

/** A server's listing tells milliseconds, and its answer to a single question seconds. */
function isSame(
  known: BadChange | undefined,
  { bytes, modified }: Pick<BadChange, 'bytes' | 'modified'>,
): boolean {
  const second = (time: string): number => Math.floor(Date.parse(time) / 1000);
  return known?.bytes === bytes && second(known.modified) === second(modified);
}

/** Of the listed ones those that are known to be damaged as they are, with the reason. */
export function badAmong<T extends Listed>(
  bad: readonly BadChange[],
  files: readonly T[],
): { readonly file: T; readonly problem: string }[] {
  const known = new Map(bad.map((one) => [one.file, one]));
  return files.flatMap((file) => {
    const one = known.get(file.file);
    const { bytes, modified } = file;
    if (one === undefined || !isSame(one, { bytes, modified: modified.toISOString() })) return [];
    return [{ file, problem: one.problem }];
  });
}

/**
 * Whether a file that leads on from the newest full backup of the timeline is known to be damaged:
 * then nothing behind it can be brought back.
 */
export async function isBadBehind(
  bucket: Bucket,
  timeline: string,
  bases: readonly Base[],
): Promise<boolean> {
  const held = greatest(
    bases.map((base) => (base.changes?.timeline === timeline ? heldBy(base, bases) : -1)),
  );
  for (const one of await readBadChanges(bucket)) {
    const key = parseChangeKey('', one.file);
    if (key?.timeline !== timeline || key.last <= held) continue;
    const found = await bucket.store.head(`${bucket.prefix}${one.file}`);
    if (found !== undefined && badAmong([one], [{ ...found, file: one.file }]).length > 0) return true;
  }
  return false;
}
