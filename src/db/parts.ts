/** Parts (episodes) of an anime. */
import { listed, one, type Query, type Statement, sql } from './database.ts';
import { readWhereabouts, type Whereabouts, whereaboutsColumns } from './whereabouts.ts';

/** Ten to a page, five to a row (docs/spec/bot.md "Viewer" 5). */
export const PARTS_PER_PAGE = 10;

export type PartKind = 'video' | 'document' | 'animation';

export interface Part {
  readonly number: number;
  readonly fileId: string;
  readonly at: Whereabouts;
  readonly kind: PartKind;
  readonly previous: number | null;
  readonly next: number | null;
  /** How many parts come before it: its place in the list. */
  readonly position: number;
}

/**
 * Part numbers of one page (0-based) in ascending order; of the last page when the requested one is
 * gone. Reads at most the parts of one anime, whatever the catalogue holds.
 */
export function partNumbers(animeId: number, page: number): Query<number[]> {
  return listed(
    sql(
      `SELECT p.part_number FROM anime AS a JOIN anime_parts AS p ON p.anime_code = a.code
       WHERE a.id = ?1 ORDER BY p.part_number LIMIT ${PARTS_PER_PAGE} OFFSET MAX(0, MIN(?2,
         ((SELECT COUNT(*) FROM anime AS b JOIN anime_parts AS c ON c.anime_code = b.code WHERE b.id = ?1) - 1)
           / ${PARTS_PER_PAGE})) * ${PARTS_PER_PAGE}`,
      animeId,
      page,
    ),
    (row) => row.int('part_number'),
  );
}

/** One part with its neighbours, across gaps in the numbers. */
export function partOf(
  anime: { readonly id: number } | { readonly code: number },
  number: number,
): Query<Part | undefined> {
  const statement = sql(
    `SELECT p.part_number, p.file_id, p.kind, ${whereaboutsColumns('p.file_id', 'p.file_unique_id')},
       (SELECT MAX(part_number) FROM anime_parts WHERE anime_code = p.anime_code AND part_number < p.part_number) AS previous,
       (SELECT MIN(part_number) FROM anime_parts WHERE anime_code = p.anime_code AND part_number > p.part_number) AS next,
       (SELECT COUNT(*) FROM anime_parts WHERE anime_code = p.anime_code AND part_number < p.part_number) AS position
     FROM anime AS a JOIN anime_parts AS p ON p.anime_code = a.code
     WHERE ${'id' in anime ? 'a.id' : 'a.code'} = ? AND p.part_number = ? AND a.deleted_at IS NULL`,
    'id' in anime ? anime.id : anime.code,
    number,
  );
  return one(statement, (row) => ({
    number: row.int('part_number'),
    fileId: row.text('file_id'),
    at: readWhereabouts(row),
    kind: readKind(row.text('kind')),
    previous: row.intOrNull('previous'),
    next: row.intOrNull('next'),
    position: row.int('position'),
  }));
}

/** Telegram told what kind the file really is (the old bot kept no kinds). */
export function correctKind(animeId: number, number: number, kind: PartKind): Statement {
  return sql(
    `UPDATE anime_parts SET kind = ? WHERE part_number = ? AND anime_code = (SELECT code FROM anime WHERE id = ?)`,
    kind,
    number,
    animeId,
  );
}

/** Old databases know videos only. */
function readKind(kind: string): PartKind {
  return kind === 'document' || kind === 'animation' ? kind : 'video';
}
