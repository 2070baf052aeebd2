/**
 * What is remembered of the second copy between two looks at it. It lies in the bot's database: to
 * lose it costs nothing but a later deletion in the copy. Pure.
 */

import * as v from 'valibot';
import { readJson } from '../../lib/read-json.ts';
import { DAY_MS } from '../../text/times.ts';
import type { BackupName } from '../catalog/names.ts';

const time = v.pipe(v.string(), v.isoTimestamp());
const refused = v.record(
  v.string(),
  v.object({
    at: time,
    problem: v.string(),
    /** The copy holds it, and damaged. */
    isDamaged: v.optional(v.literal(true)),
    /** The first bucket holds something else under this name than the bot has stored. */
    isAltered: v.optional(v.literal(true)),
  }),
);
const changes = v.object({
  /** By timeline: the copy has every change file up to this one, or it was refused. */
  upTo: v.record(v.string(), v.string()),
  /** Change files that the copy lacks, as far as the last look went. */
  left: v.number(),
  /** Where the change log stood at the last look (`placeOf`); null: there was none. */
  seen: v.nullable(v.string()),
  refused,
  /** By timeline: the first bucket has no file up to this one any more, and since when. */
  gone: v.optional(v.record(v.string(), v.object({ upTo: v.string(), since: time })), {}),
  /** When retention of the copy's change files was looked at last; null: never. */
  retained: v.optional(v.nullable(time), null),
});

export type ChangesMemory = Readonly<v.InferOutput<typeof changes>>;

const NO_CHANGES: ChangesMemory = {
  upTo: {},
  left: 0,
  seen: null,
  refused: {},
  gone: {},
  retained: null,
};
const fields = {
  /** When both buckets were listed last; null: never. */
  at: v.nullable(time),
  /** The newest backup that stands whole in the copy. */
  newest: v.nullable(v.string()),
  /** Since when the copy lacks something; null: it lacks nothing. */
  behindSince: v.nullable(time),
  /** Backups and change files that it lacks. */
  left: v.number(),
  /** The newest run on record at the last look. */
  run: v.nullable(v.string()),
  /** Slices in a row that failed. */
  failures: v.number(),
  /** Why the last one did, or what cannot be copied; null: nothing is wrong. */
  problem: v.nullable(v.string()),
  /** Not to be looked at before, unless there is a new run. */
  next: v.nullable(time),
  /** What the admins were told last of trouble that is not over. */
  told: v.nullable(v.picklist(['failing', 'late'])),
  /** Since when a backup of the copy is not in the first bucket any more. */
  gone: v.record(v.string(), time),
  /** Files of a backup under way that are proved in the copy. */
  proved: v.array(v.string()),
  /** Backups that could not be copied as they are, and when that was found. */
  refused,
  /** When the copy refused a deletion for want of the right; null: it did not. */
  undeletable: v.nullable(time),
  /** Absent from a memory of an earlier version. */
  changes: v.optional(changes, NO_CHANGES),
};
const schema = v.object(fields);

export type CopyMemory = Readonly<v.InferOutput<typeof schema>>;

export const NO_MEMORY: CopyMemory = {
  at: null,
  newest: null,
  behindSince: null,
  left: 0,
  run: null,
  failures: 0,
  problem: null,
  next: null,
  told: null,
  gone: {},
  proved: [],
  refused: {},
  undeletable: null,
  changes: NO_CHANGES,
};

/** What cannot be read (somebody's SQL, another program) counts as nothing. */
export function readMemory(text: string | null | undefined): CopyMemory {
  const parsed = v.safeParse(schema, readJson<object>(text ?? ''));
  return parsed.success ? parsed.output : NO_MEMORY;
}

/** What cannot be done as things are is tried again so much later. */
const AGAIN_MS = DAY_MS;

/** Too young for another try; a time that is still to come is a wrong clock's. */
export function isOfToday(at: string | null, now: Date): boolean {
  const age = at === null ? Number.POSITIVE_INFINITY : now.getTime() - Date.parse(at);
  return age >= 0 && age < AGAIN_MS;
}

/** A whole copy is looked at so often: pins, and backups that another program made. */
export const LOOK_EVERY_MS: number = 60 * 60_000;
/** Longest pause that is meant; a stored one beyond it is of a clock that ran ahead. */
const LONGEST_PAUSE_MS = 2 * LOOK_EVERY_MS;

/** Whether it is time for a slice. `run`: the newest run on record. */
export function isDue({ next, run: seen }: CopyMemory, run: BackupName | null, now: Date): boolean {
  if (next === null || run !== seen) return true;
  const wait = Date.parse(next) - now.getTime();
  return wait <= 0 || wait > LONGEST_PAUSE_MS;
}

/**
 * Whether change files were shipped since the last look, though it is no time for a whole one. A
 * copy that fails waits all the same.
 */
export function hasNewChanges({ failures, changes }: CopyMemory, place: string | null): boolean {
  return failures === 0 && place !== null && place !== changes.seen;
}

export interface CopyHealth {
  /** `late`: it lacks something for more than a day, or nobody could look for so long. */
  readonly state: 'whole' | 'behind' | 'late';
  readonly newest: BackupName | null;
  readonly left: number;
  /** Since when it lacks something, hours with one decimal; null: it lacks nothing. */
  readonly behindHours: number | null;
  readonly problem: string | null;
  /** Retention there is the bucket's own: the bot's key may not delete. */
  readonly isUndeletable: boolean;
}

const LATE_MS = DAY_MS;

/** `run`: the newest run on record; one that came after the last look may not be copied yet. */
export function copyHealth(memory: CopyMemory, now: Date, run: string | null = memory.run): CopyHealth {
  const { at, behindSince, newest, problem, undeletable } = memory;
  const isUnseen = run !== null && run !== memory.run;
  const left = isUnseen ? Math.max(1, memory.left) : memory.left;
  const unseen = at === null ? 0 : now.getTime() - Date.parse(at);
  const behind =
    behindSince === null ? (unseen > LATE_MS ? unseen : null) : now.getTime() - Date.parse(behindSince);
  const isBehind = behind !== null || at === null || isUnseen;
  return {
    state: (behind ?? 0) > LATE_MS ? 'late' : isBehind ? 'behind' : 'whole',
    newest,
    left,
    behindHours: behind === null ? null : Math.max(0, Math.round(behind / 360_000) / 10),
    problem,
    isUndeletable: undeletable !== null,
  };
}

/** Failures in a row before the owners hear of them: one minute's outage is no news. */
const MANY_FAILURES = 3;

export type CopyNews = 'failing' | 'late' | 'over';

/** A command has copied all there is: the host need not look for that again. */
export function copiedByHand(
  before: CopyMemory,
  { at, newest }: Pick<CopyMemory, 'at' | 'newest'>,
  run: BackupName | null,
): CopyMemory {
  const changes = { ...before.changes, left: 0, refused: {} };
  const whole = { left: 0, behindSince: null, failures: 0, problem: null, refused: {}, proved: [] };
  return { ...before, ...whole, at, newest, run, changes };
}

/** What the admins should hear now, once each; and the memory with that told. */
export function newsOf(memory: CopyMemory, now: Date): { news: CopyNews | undefined; memory: CopyMemory } {
  const { state } = copyHealth(memory, now);
  const { told, failures, problem } = memory;
  // What was altered is told by its name ({@link alteredSince}).
  const isFailing = failures >= MANY_FAILURES || refusedIn(memory).some(([, { isAltered }]) => !isAltered);
  const news =
    state === 'late' && told !== 'late'
      ? 'late'
      : isFailing && told === null
        ? 'failing'
        : told !== null && state === 'whole' && problem === null
          ? 'over'
          : undefined;
  if (news === undefined) return { news, memory };
  return { news, memory: { ...memory, told: news === 'over' ? null : news } };
}

function refusedIn({ refused, changes }: CopyMemory): [name: string, CopyMemory['refused'][string]][] {
  return [...Object.entries(refused), ...Object.entries(changes.refused)];
}

/** Names that the last look found altered in the first bucket, and none before it. */
export function alteredSince(before: CopyMemory, memory: CopyMemory): string[] {
  const known = new Set(refusedIn(before).flatMap(([name, { isAltered }]) => (isAltered ? [name] : [])));
  return refusedIn(memory).flatMap(([name, { isAltered }]) => (isAltered && !known.has(name) ? [name] : []));
}
