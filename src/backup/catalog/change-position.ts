/**
 * A place in the history of a database's changes, as manifests and change files name it
 * (docs/formats.md, "Change file").
 */
import * as v from 'valibot';

/** Why a timeline began. */
export const TIMELINE_REASONS = ['new', 'restore', 'import', 'replaced', 'fork', 'schema', 'spoilt'] as const;
export type TimelineReason = (typeof TIMELINE_REASONS)[number];

/** What manifests and change files are made of. */
export const count = v.pipe(v.number(), v.safeInteger('is not a whole number'), v.minValue(0, 'is negative'));
export const text = v.pipe(v.string(), v.minLength(1, 'is empty'));
export const sha256 = v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/, 'is not a hex SHA-256'));
export const time = v.pipe(v.string(), v.isoTimestamp('is not a time like 2024-01-01T12:00:00.000Z'));

/** A place in a history: a timeline, and the number of an entry of its change log. */
export const positionSchema = v.strictObject({
  timeline: v.pipe(v.string(), v.regex(/^[0-9a-f]{32}$/, 'is not 32 hex digits')),
  seq: count,
});
export type Position = v.InferOutput<typeof positionSchema>;

/** Enough to tell a handful of them apart. */
const SHORT = 8;

/** A timeline for people. */
export function shortId(timeline: string): string {
  return timeline.slice(0, SHORT);
}

/**
 * What comes right before the next change file: the last one (its key without the prefix, and the
 * SHA-256 of its stored bytes), a full backup that covers what was in between, or nothing.
 */
export const previousSchema = v.nullable(
  v.union([v.strictObject({ file: text, sha256 }), v.strictObject({ base: text })]),
);
export type Previous = v.InferOutput<typeof previousSchema>;

/** In a full backup's manifest: `change_state` as the snapshot itself holds it. */
export const manifestChangesSchema = v.strictObject({
  timeline: positionSchema.entries.timeline,
  /** The highest entry that the snapshot holds the effect of. */
  seq: count,
  previous: previousSchema,
  since: time,
  parent: v.nullable(positionSchema),
  reason: v.picklist(TIMELINE_REASONS),
  schema_sha256: v.nullable(sha256),
});
export type ManifestChanges = v.InferOutput<typeof manifestChangesSchema>;
