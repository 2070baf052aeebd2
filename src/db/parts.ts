/** Parts (episodes) of an anime. */
import { all, one, type Query, sql } from './database.ts';

/** Ten to a page, five to a row (spec/bot.md "Viewer" 5). */
export const PARTS_PER_PAGE = 10;

export type PartKind = 'video' | 'document' | 'animation';

export interface Part {
  readonly number: number;
  readonly fileId: string;
  readonly kind: PartKind;
  readonly previous: number | null;
  readonly next: number | null;
}

/** Part numbers of one page (0-based) in ascending order. */
export function partNumbers(animeId: number, page: number): Query<number[]> {
  return all(
    sql(
      `SELECT p.part_number FROM anime AS a JOIN anime_parts AS p ON p.anime_code = a.code
       WHERE a.id = ? ORDER BY p.part_number LIMIT ? OFFSET ?`,
      animeId,
      PARTS_PER_PAGE,
      page * PARTS_PER_PAGE,
    ),
    (row) => row.int('part_number'),
  );
}

/** One part with its neighbours, whatever gaps the numbering has. */
export function partOf(
  anime: { readonly id: number } | { readonly code: number },
  number: number,
): Query<Part | undefined> {
  const statement = sql(
    `SELECT p.part_number, p.file_id, p.kind,
       (SELECT MAX(part_number) FROM anime_parts WHERE anime_code = p.anime_code AND part_number < p.part_number) AS previous,
       (SELECT MIN(part_number) FROM anime_parts WHERE anime_code = p.anime_code AND part_number > p.part_number) AS next
     FROM anime AS a JOIN anime_parts AS p ON p.anime_code = a.code
     WHERE ${'id' in anime ? 'a.id' : 'a.code'} = ? AND p.part_number = ? AND a.deleted_at IS NULL`,
    'id' in anime ? anime.id : anime.code,
    number,
  );
  return one(statement, (row) => ({
    number: row.int('part_number'),
    fileId: row.text('file_id'),
    kind: readKind(row.text('kind')),
    previous: row.intOrNull('previous'),
    next: row.intOrNull('next'),
  }));
}

/** Old databases know videos only. */
function readKind(kind: string): PartKind {
  return kind === 'document' || kind === 'animation' ? kind : 'video';
}
