/**
 * The catalogue as JSON text. The database makes it a page at a time, so no row is rebuilt in
 * memory.
 */
import { all, always, type Query, sql } from './database.ts';
import { beginning } from './shown-text.ts';

/**
 * Anime in a page: with some hundred parts each, far below the 10 MB that a server answers with
 * (docs/platform-facts.md).
 */
export const EXPORT_PAGE = 200;

export interface ExportedAnime {
  readonly id: number;
  readonly json: string;
}

/** The anime after an id, each as one JSON object with its parts, without the trash. */
export function exportedAnime(afterId: number): Query<ExportedAnime[]> {
  return all(
    sql(
      `SELECT a.id, json_object('code', a.code, 'title', ${beginning('a.title')}, 'description', ${beginning('a.description')}, 'photo_id', a.photo_id,
         'photo_unique_id', a.photo_unique_id, 'aliases', ${beginning('a.aliases')}, 'genres', ${beginning('a.genres')}, 'year', a.year,
         'created_at', a.created_at, 'updated_at', a.updated_at,
         'parts', json((SELECT json_group_array(json_object('part_number', p.part_number, 'file_id', p.file_id,
             'file_unique_id', p.file_unique_id, 'kind', p.kind, 'created_at', p.created_at))
           FROM (SELECT * FROM anime_parts WHERE anime_code = a.code ORDER BY part_number) AS p))) AS json
       FROM anime AS a WHERE a.id > ? AND a.deleted_at IS NULL ORDER BY a.id LIMIT ${EXPORT_PAGE}`,
      afterId,
    ),
    (row) => ({ id: row.int('id'), json: row.text('json') }),
  );
}

/** The lists beside the anime, each as JSON text under its key. */
export function exportedLists(): Query<readonly (readonly [key: string, json: string])[]> {
  const statement = sql(
    `SELECT
       (SELECT json_group_array(json_object('id', g.id, 'group_id', g.group_id, 'link', ${beginning('g.link')}, 'name', ${beginning('g.name')},
          'kind', g.kind, 'username', ${beginning('g.username')}, 'created_at', g.created_at)) FROM groups AS g) AS groups,
       (SELECT json_group_array(json_object('anime_code', c.anime_code, 'group_id', c.group_id, 'added_at', c.added_at))
        FROM anime_groups AS c JOIN anime AS a ON a.code = c.anime_code WHERE a.deleted_at IS NULL) AS anime_groups,
       (SELECT json_group_array(json_object('channel_id', m.channel_id, 'link', ${beginning('m.link')}, 'name', ${beginning('m.name')}, 'kind', m.kind,
          'username', ${beginning('m.username')}, 'created_at', m.created_at)) FROM mandatory_channels AS m) AS mandatory_channels`,
  );
  return always(statement, (row) =>
    ['groups', 'anime_groups', 'mandatory_channels'].map((key) => [key, row.text(key)] as const),
  );
}
