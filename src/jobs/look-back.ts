/**
 * What is stored is read again, a little a minute and all of it in its turn, so that bytes which
 * change by themselves are found while another bucket has them whole. On Node: a Worker reads
 * less (read-back.ts), and `copy`, `verify` and `drill` do the same at once.
 */
import type { Bucket } from '../backup/catalog/bucket.ts';
import { nameFromText } from '../backup/catalog/names.ts';
import { type LookedBack, lookBackAtChanges } from '../backup/copy/look-back.ts';
import {
  type BackupLook,
  type LookedAtBackups,
  lookBackAtBackups,
} from '../backup/copy/look-back-backups.ts';
import { readMemory } from '../backup/copy/memory.ts';
import type { Slice } from '../backup/copy/proven.ts';
import { rememberedIn } from '../backup/copy/remembered.ts';
import type { OpeningKeys } from '../backup/envelope/types.ts';
import { copyNote, keepCopyNote, keepLookNote, lookNote } from '../db/bucket-notes.ts';
import type { Statement } from '../db/database.ts';
import { least } from '../lib/extremes.ts';
import type { Job, JobContext } from './job.ts';
import { isDue, type Kind, sliceBytes, turnAfter, turnsIn } from './look-turns.ts';
import { rottenNotice } from './rotten-notice.ts';
import { tick } from './tick.ts';

const MINUTE_MS = 60_000;
/** What differs in length, or is gone, is found by the listings alone. */
const LENGTHS_MS = 60 * MINUTE_MS;
/** After one that failed. */
const AGAIN_MS = 15 * MINUTE_MS;
const LARGEST_BACKUP = 2 * 1024 ** 3;
/** The lease of a job ends a little later. */
const LONGEST_MS = 12 * MINUTE_MS;
/** What a line of the log has room for. */
const NAMED = 3;

export interface LookBackParts {
  readonly first: Bucket;
  /** Undefined: there is no second one. */
  readonly copy: Bucket | undefined;
  readonly keys: OpeningKeys | undefined;
  /** How many days change files are kept. */
  readonly days: number;
}

interface Found {
  readonly mended: string[];
  readonly damaged: string[];
}

export class LookingBack {
  readonly #parts: LookBackParts;
  /** Of this process; the first look comes at once. */
  #next = 0;
  #nextLengths = 0;

  constructor(parts: LookBackParts) {
    this.#parts = parts;
  }

  /** What is due. */
  async run(context: JobContext, holder: string): Promise<void> {
    if (context.now().getTime() < this.#next) return;
    await tick([this.#job], context, holder);
  }

  /** What the first bucket has lost of its change files, and the second one has, at once. */
  async putBack(context: JobContext): Promise<void> {
    const found: Found = { mended: [], damaged: [] };
    await this.#lengths(context, found);
    await context.db.write(this.#notices(found, context.now()));
  }

  /** A stored file could not be sent whole: its backup is read at once, in both buckets. */
  async suspect(file: string, reason: string, context: JobContext): Promise<void> {
    context.log.error('a download was broken off', { file, reason });
    const found: Found = { mended: [], damaged: [] };
    const only = nameFromText(file);
    if (only === undefined) return;
    const look = { mostBytes: Number.POSITIVE_INFINITY, largest: Number.POSITIVE_INFINITY, only };
    await this.#backups(look, '', context, found);
    await context.db.write(this.#notices(found, context.now()));
  }

  readonly #job: Job = {
    name: 'look-back',
    run: async (context) => {
      this.#next = context.now().getTime() + AGAIN_MS;
      const found: Found = { mended: [], damaged: [] };
      try {
        await this.#look(context, found);
      } catch (error) {
        // The host stops: the next process goes on from the same place.
        if (context.requests.left > 0) throw error;
      } finally {
        const notices = this.#notices(found, context.now());
        if (notices.length > 0) await context.db.write(notices);
      }
    },
  };

  async #look(context: JobContext, found: Found): Promise<void> {
    const { db, now } = context;
    if (now().getTime() >= this.#nextLengths) await this.#lengths(context, found);
    const [text] = await db.read([lookNote()]);
    const turns = turnsIn(text, now());
    for (const kind of ['changes', 'backups'] as const) {
      if (!isDue(turns[kind], now())) continue;
      const { after, bytes } = await this.#read(kind, turns[kind].after, context, found);
      const buckets = this.#buckets.length;
      turns[kind] = turnAfter(turns[kind], { kind, after, bytes, buckets, now: now() });
      await db.write([keepLookNote(JSON.stringify(turns))]);
    }
    this.#next = least([
      Date.parse(turns.changes.next),
      Date.parse(turns.backups.next),
      this.#nextLengths,
      now().getTime() + LENGTHS_MS,
    ]);
  }

  async #lengths(context: JobContext, found: Found): Promise<void> {
    this.#nextLengths = context.now().getTime() + LENGTHS_MS;
    if (this.#parts.copy === undefined) return;
    await this.#changes(context, found, { after: '', isRead: false });
  }

  async #read(
    kind: Kind,
    after: string,
    context: JobContext,
    found: Found,
  ): Promise<{ readonly after: string | null; readonly bytes: number }> {
    const mostBytes = this.#buckets.length * sliceBytes(kind);
    if (kind === 'changes') return this.#changes(context, found, { after, isRead: true, mostBytes });
    return this.#backups({ mostBytes, largest: LARGEST_BACKUP }, after, context, found);
  }

  async #backups(
    look: Pick<BackupLook, 'mostBytes' | 'largest' | 'only'>,
    after: string,
    context: JobContext,
    found: Found,
  ): Promise<LookedAtBackups> {
    const { check } = sliceOf(context);
    const seen = await lookBackAtBackups({ ...look, buckets: this.#buckets, check }, after);
    for (const { name, isWhole } of seen.damaged) {
      context.log.error('a stored backup is damaged', { name, whole_elsewhere: isWhole });
      // The copying mends it, and tells.
      if (!isWhole) found.damaged.push(name);
    }
    if (seen.damaged.length > 0) {
      const [note] = await context.db.read([copyNote()]);
      await context.db.write([keepCopyNote(JSON.stringify({ ...readMemory(note), next: null }))]);
    }
    return seen;
  }

  async #changes(
    context: JobContext,
    found: Found,
    options: { readonly after: string; readonly isRead: boolean; readonly mostBytes?: number },
  ): Promise<LookedBack> {
    const { first, copy, keys, days } = this.#parts;
    const { after, ...how } = options;
    const { db, now, log } = context;
    const seen = await lookBackAtChanges(
      {
        ...{ first, copy, keys, days, now: now(), slice: sliceOf(context) },
        ...(await rememberedIn(db)),
        ...how,
        onMended(file, where) {
          log.warn('a stored change file was damaged or gone, and was put back', {
            file,
            in: where.store.description,
          });
          found.mended.push(file);
        },
      },
      after,
    );
    found.damaged.push(...seen.damaged);
    const problems = seen.problems.slice(0, NAMED).join('; ');
    if (problems !== '') log.error('stored change files are damaged, lost or differ', { problems });
    return seen;
  }

  get #buckets(): readonly Bucket[] {
    return [this.#parts.first, this.#parts.copy].filter((bucket) => bucket !== undefined);
  }

  #notices({ mended, damaged }: Found, now: Date): Statement[] {
    return [...rottenNotice(mended, true, now), ...rottenNotice(damaged, false, now)];
  }
}

function sliceOf({ now, requests }: JobContext): Slice {
  const end = new Date(now().getTime() + LONGEST_MS);
  return {
    most: requests.left,
    take: (count) => now() < end && requests.take(count),
    check() {
      if (now() >= end || requests.left === 0) throw new Error('the look at what is stored took too long');
    },
  };
}
