/** Rows for tests, written straight into the database. */
import { type Database, sql } from '../../src/db/database.ts';

export interface Sample {
  readonly code: number;
  readonly title?: string;
  readonly description?: string;
  readonly photoId?: string;
  /** file_id of every part, numbered from 1. */
  readonly parts?: readonly string[];
  readonly kind?: 'video' | 'document' | 'animation';
}

export async function addAnime(db: Database, sample: Sample): Promise<void> {
  await db.write([
    sql(
      'INSERT INTO anime (code, title, description, photo_id) VALUES (?, ?, ?, ?)',
      sample.code,
      sample.title ?? null,
      sample.description ?? null,
      sample.photoId ?? null,
    ),
    ...(sample.parts ?? []).map((fileId, i) =>
      sql(
        'INSERT INTO anime_parts (anime_code, part_number, file_id, kind) VALUES (?, ?, ?, ?)',
        sample.code,
        i + 1,
        fileId,
        sample.kind ?? 'video',
      ),
    ),
  ]);
}
