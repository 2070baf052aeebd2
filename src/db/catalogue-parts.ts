/**
 * Writers of parts. A row names a part, never its number alone: a second press must not hit the
 * part that took the number. When a part's number changes, its recorded views follow.
 */
import { CATALOGUE_COLUMNS, type CatalogueAnime, readCatalogueAnime } from './catalogue.ts';
import { listed, one, type Query, type Statement, sql } from './database.ts';
import { PARTS_PER_PAGE, type PartKind } from './parts.ts';
import type { Row } from './row.ts';

export interface CataloguePart {
  readonly id: number;
  readonly animeId: number;
  readonly number: number;
  readonly kind: PartKind;
  readonly fileId: string;
}

const PART = `SELECT p.id, a.id AS anime_id, p.part_number, p.kind, p.file_id
  FROM anime_parts AS p JOIN anime AS a ON a.code = p.anime_code`;

export function cataloguePart(id: number): Query<CataloguePart | undefined> {
  return one(sql(`${PART} WHERE p.id = ?`, id), readPart);
}

/** The anime a part belongs to. */
export function partAnime(partId: number): Query<CatalogueAnime | undefined> {
  return one(
    sql(
      `SELECT ${CATALOGUE_COLUMNS} FROM anime AS a WHERE a.code = (SELECT anime_code FROM anime_parts WHERE id = ?)`,
      partId,
    ),
    readCatalogueAnime,
  );
}

export function partNumbered(animeId: number, number: number): Query<CataloguePart | undefined> {
  return one(sql(`${PART} WHERE a.id = ? AND p.part_number = ?`, animeId, number), readPart);
}

export function catalogueParts(animeId: number, page: number): Query<CataloguePart[]> {
  return listed(
    sql(
      `${PART} WHERE a.id = ? ORDER BY p.part_number LIMIT ? OFFSET ?`,
      animeId,
      PARTS_PER_PAGE,
      page * PARTS_PER_PAGE,
    ),
    readPart,
  );
}

function readPart(row: Row): CataloguePart {
  const kind = row.text('kind');
  return {
    id: row.int('id'),
    animeId: row.int('anime_id'),
    number: row.int('part_number'),
    kind: kind === 'document' || kind === 'animation' ? kind : 'video',
    fileId: row.text('file_id'),
  };
}

/** Replaces a part's video; its number and views stay. */
export function replacePart(
  partId: number,
  file: { readonly fileId: string; readonly fileUniqueId: string; readonly kind: PartKind },
): Statement {
  return sql(
    'UPDATE anime_parts SET file_id = ?, file_unique_id = ?, kind = ? WHERE id = ?',
    file.fileId,
    file.fileUniqueId,
    file.kind,
    partId,
  );
}

const CODE = '(SELECT anime_code FROM anime_parts WHERE id = ?1)';
const NUMBER = '(SELECT part_number FROM anime_parts WHERE id = ?1)';

/**
 * Swaps two parts, or moves a part to a free number. A repeat changes nothing: the part is there
 * already.
 */
export function swapParts(partId: number, to: number): readonly Statement[] {
  const swapped = `CASE part_number WHEN ?2 THEN ${NUMBER} ELSE ?2 END`;
  return renumber(`part_number IN (?2, ${NUMBER})`, swapped, partId, to);
}

/**
 * Moves a part to a number; those between make room and keep their order. A repeat changes nothing.
 */
export function movePart(partId: number, to: number): readonly Statement[] {
  const moved = `CASE WHEN part_number = ${NUMBER} THEN ?2
    WHEN ?2 > ${NUMBER} THEN part_number - 1 ELSE part_number + 1 END`;
  return renumber(`part_number BETWEEN MIN(?2, ${NUMBER}) AND MAX(?2, ${NUMBER})`, moved, partId, to);
}

/**
 * New numbers pass through negative ones, since (anime_code, part_number) is unique at every
 * moment. The last statement RETURNs what moved.
 */
function renumber(range: string, number: string, partId: number, to: number): readonly Statement[] {
  return [
    sql(
      `UPDATE user_history SET part_number = ${number} WHERE anime_code = ${CODE} AND ${range}`,
      partId,
      to,
    ),
    // The part itself moves last: the others' numbers depend on its own.
    sql(
      `UPDATE anime_parts SET part_number = -(${number}) WHERE anime_code = ${CODE} AND ${range} AND id <> ?1`,
      partId,
      to,
    ),
    sql('UPDATE anime_parts SET part_number = -?2 WHERE id = ?1', partId, to),
    sql(
      `UPDATE anime_parts SET part_number = -part_number WHERE anime_code = ${CODE} AND part_number < 0
       RETURNING id`,
      partId,
    ),
  ];
}

/**
 * Deletes a part; with `isRenumbered` later parts move down by one. Views of the deleted part stay
 * counted, without a number. The last statement RETURNs nothing when the part was gone already.
 */
export function deletePart(animeId: number, partId: number, isRenumbered: boolean): readonly Statement[] {
  const later = `anime_code = ${CODE} AND part_number > ${NUMBER}`;
  return [
    sql(
      `UPDATE user_history SET part_number = NULL WHERE anime_code = ${CODE} AND part_number = ${NUMBER}`,
      partId,
    ),
    ...(isRenumbered
      ? [
          sql(`UPDATE user_history SET part_number = part_number - 1 WHERE ${later}`, partId),
          sql(`UPDATE anime_parts SET part_number = -part_number WHERE ${later}`, partId),
          sql('UPDATE anime_parts SET part_number = -part_number WHERE id = ?1', partId),
          sql(
            `UPDATE anime_parts SET part_number = -part_number - 1
             WHERE anime_code = ${CODE} AND part_number < 0 AND id <> ?1`,
            partId,
          ),
        ]
      : []),
    sql(
      'DELETE FROM anime_parts WHERE id = ? AND anime_code = (SELECT code FROM anime WHERE id = ?) RETURNING id',
      partId,
      animeId,
    ),
  ];
}
