/** Whose turn it is to be read again, and when: a row of the database that all hosts share. */

import * as v from 'valibot';
import { readJson } from '../lib/read-json.ts';
import { DAY_MS } from '../text/times.ts';

const MINUTE_MS = 60_000;
/** Between two slices: each lists both buckets. */
const STEP_MS = 10 * MINUTE_MS;
/** Of each bucket (docs/limits.md, "What is read again"). */
export const BYTES_A_DAY = { changes: 64 * 1024 ** 2, backups: 256 * 1024 ** 2 };

const turn = v.object({
  /** What was looked at last; empty: nothing of this round. */
  after: v.string(),
  /** ISO times: of the round's beginning, and before which nothing is read. */
  began: v.pipe(v.string(), v.isoTimestamp()),
  next: v.pipe(v.string(), v.isoTimestamp()),
});
const noteSchema = v.object({ changes: turn, backups: turn });
export type Turn = v.InferOutput<typeof turn>;
export type Kind = keyof typeof BYTES_A_DAY;

/** As a note of the database has them; what nobody can read begins anew. */
export function turnsIn(note: string | undefined, now: Date): Record<Kind, Turn> {
  const parsed = v.safeParse(noteSchema, readJson<object>(note ?? ''));
  const began = now.toISOString();
  const fresh: Turn = { after: '', began, next: began };
  return parsed.success ? parsed.output : { changes: fresh, backups: fresh };
}

/** One that is further off than a round can be is of a clock that ran ahead. */
export function isDue({ next }: Turn, now: Date): boolean {
  const wait = Date.parse(next) - now.getTime();
  return wait <= 0 || wait > LONGEST_PAUSE_MS;
}

const LONGEST_PAUSE_MS = 40 * DAY_MS;

/** What a slice of one bucket reads at most. */
export function sliceBytes(kind: Kind): number {
  return BYTES_A_DAY[kind] / (DAY_MS / STEP_MS);
}

/** A round a day at most; a slower pace where there is more to read. */
export function turnAfter(
  { began }: Turn,
  {
    kind,
    after,
    bytes,
    buckets,
    now,
  }: {
    readonly kind: Kind;
    readonly after: string | null;
    readonly bytes: number;
    readonly buckets: number;
    readonly now: Date;
  },
): Turn {
  const pause = (bytes / (BYTES_A_DAY[kind] * buckets)) * DAY_MS;
  const soon = now.getTime() + Math.max(STEP_MS, pause);
  if (after !== null) return { after, began, next: new Date(soon).toISOString() };
  const next = new Date(Math.max(soon, Date.parse(began) + DAY_MS)).toISOString();
  return { after: '', began: next, next };
}
