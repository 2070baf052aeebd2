/** The outcomes of drills: one small object beside the backups, for every host and the CLI. */
import * as v from 'valibot';
import type { Bucket } from './bucket.ts';
import { putNote, readNote } from './json-note.ts';

const record = v.object({
  /** The backup that was restored. */
  name: v.string(),
  at: v.pipe(v.string(), v.isoTimestamp()),
  ok: v.boolean(),
  /** From nothing to a database compared with its digests. */
  ms: v.number(),
  rows: v.number(),
  /** False: no key at hand opened it, so nothing was tried and nothing is known to be wrong. */
  opened: v.optional(v.literal(false)),
  /** Why not, in words; null when ok. */
  problem: v.nullable(v.string()),
});
const records = v.object({ format: v.literal('anime-bot-drills'), drills: v.array(record) });

export type DrillRecord = v.InferOutput<typeof record>;

/** A year of weekly drills. */
const KEPT = 52;

/** Not the key of a backup: retention and listings skip it. */
function keyOf({ prefix }: Bucket): string {
  return `${prefix}drills.json`;
}

/** Newest first. An unreadable record counts as none: it only tells of the past. */
export async function readDrills(bucket: Bucket): Promise<DrillRecord[]> {
  return (await readNote(bucket.store, keyOf(bucket), records))?.drills ?? [];
}

export async function addDrill(bucket: Bucket, drill: DrillRecord): Promise<void> {
  const drills = [drill, ...(await readDrills(bucket))].slice(0, KEPT);
  await putNote(bucket.store, keyOf(bucket), { format: 'anime-bot-drills', drills });
}
