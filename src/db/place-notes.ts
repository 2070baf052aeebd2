/**
 * The directories of backups that the bot knows again, by the ids of their marks
 * (backup/store/known-place.ts). In bucket_notes, a row for each role and path.
 */
import { forgetCopyNote } from './bucket-notes.ts';
import { always, type Query, type Statement, sql } from './database.ts';
import { forgetSince } from './stored-files.ts';

/** Of the first bucket, or of the second one. */
export type PlaceRole = 'first' | 'copy';

export interface PlaceNote {
  /** Undefined: none is remembered. */
  readonly id: string | undefined;
  /** A directory in this role is remembered: this one, or one that the settings named before. */
  readonly isRoleKnown: boolean;
}

export function placeNote(role: PlaceRole, path: string): Query<PlaceNote> {
  return always(
    sql(
      `SELECT (SELECT NULLIF(value, '') FROM bucket_notes WHERE key = ?1) AS id,
         EXISTS (SELECT 1 FROM bucket_notes WHERE key >= ?2 AND key < ?3 AND value <> '') AS known`,
      keyOf(role, path),
      keyOf(role, ''),
      `${PREFIX}${role};`,
    ),
    (row) => ({ id: row.textOrNull('id') ?? undefined, isRoleKnown: row.int('known') === 1 }),
  );
}

export function keepPlaceNote(role: PlaceRole, path: string, id: string): Statement {
  return sql(
    `INSERT INTO bucket_notes (key, value) VALUES (?, ?)
     ON CONFLICT (key) DO UPDATE SET value = excluded.value`,
    keyOf(role, path),
    id,
  );
}

/** The directory is another one from now on, which may lack what the old one had. */
export function acceptPlace(role: PlaceRole, path: string, id: string): Statement[] {
  const keep = keepPlaceNote(role, path, id);
  return role === 'first' ? [keep] : [keep, forgetCopyNote(), forgetSince()];
}

/**
 * After a restore, perhaps on another machine: what the directories there are is learned anew. The
 * rows stay, so that a restore counts those that the backup has.
 */
export const FORGET_PLACES =
  "UPDATE bucket_notes SET value = '' WHERE key >= 'place:' AND key < 'place;' AND value <> ''";

const PREFIX = 'place:';

/** `;` is the character behind `:`. */
function keyOf(role: PlaceRole, path: string): string {
  return `${PREFIX}${role}:${path}`;
}
