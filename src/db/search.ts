/**
 * Finds anime by name in the two FTS5 indexes of migration 3. The database gathers candidates by
 * ever more forgiving looks, each bounded: into descriptions when few names have the words, at
 * mistyped words when none has. `src/db/search-rank.ts` orders them.
 */

import { TEXT_LIMIT } from '../text/html.ts';
import { type AnimeCard, CARD_COLUMNS, CARD_JOINS, readCard } from './anime.ts';
import { listed, type Query, sql } from './database.ts';
import { LISTED, type ListedAnime, readListed } from './listed-anime.ts';
import { beginning } from './shown-text.ts';

/**
 * A folded query, see `src/db/search-query.ts`. Match expressions are FTS5's; `""` matches nothing.
 */
export interface SearchTerms {
  readonly folded: string;
  /** All its words in one of the names, each word perhaps unfinished. */
  readonly names: string;
  /** All its words anywhere, the description included. */
  readonly anywhere: string;
  /** Its words without their vowels. */
  readonly sound: string;
  /** Its runs of three letters. */
  readonly grams: readonly string[];
}

export interface Candidate extends ListedAnime {
  /** Folded title, and folded other names, one a line. */
  readonly folded: string;
  readonly names: string;
  readonly views: number;
  /** Every word of the query stands in its names or its description. */
  readonly isDescribed: boolean;
  /** Its card, in case it is the only hit; a message needs only the description's beginning. */
  readonly card: AnimeCard | undefined;
}

/** The most anime that one look may bring; beyond that the newest first. */
const PER_LOOK = 60;
/** Characters of an anime's other names that are compared: all of what an admin may write. */
const MOST_NAMES = 4000;
/** The most anime that come for shared letters; bm25 puts those that share rare ones first. */
const ALIKE = 30;
/** With fewer names than this, descriptions are searched, too. */
const ENOUGH = 5;
/** Looks up grams rarest first, while they together name no more anime than this. */
const GRAM_HITS = 1500;

/** What is in the trash is no hit. */
const countOf = (look: string): string =>
  `(SELECT COUNT(*) FROM ${look} AS hit JOIN anime AS x ON x.id = hit.id WHERE x.deleted_at IS NULL)`;

const CANDIDATES = `WITH
  begins AS MATERIALIZED (SELECT anime_id AS id FROM anime_search WHERE title >= ?2 AND title < ?3
    ORDER BY title LIMIT ${PER_LOOK}),
  named AS MATERIALIZED (SELECT rowid AS id FROM anime_words WHERE anime_words MATCH ?4
    ORDER BY rowid DESC LIMIT ${PER_LOOK}),
  strict AS MATERIALIZED (SELECT id FROM begins UNION SELECT id FROM named),
  told AS MATERIALIZED (SELECT rowid AS id FROM anime_words
    WHERE (SELECT COUNT(*) FROM strict) < ${ENOUGH} AND anime_words MATCH ?5
    ORDER BY rowid DESC LIMIT ${PER_LOOK}),
  sounding AS MATERIALIZED (SELECT rowid AS id FROM anime_words
    WHERE NOT EXISTS (SELECT 1 FROM strict) AND anime_words MATCH ?6
    ORDER BY rowid DESC LIMIT ${PER_LOOK}),
  terms AS MATERIALIZED (SELECT term, doc FROM json_each(?7) AS wanted JOIN anime_gram_terms AS t ON t.term = wanted.value
    WHERE NOT EXISTS (SELECT 1 FROM strict)),
  rare AS MATERIALIZED (SELECT term FROM (SELECT term, SUM(doc) OVER (ORDER BY doc, term) AS hits FROM terms)
    WHERE hits <= ${GRAM_HITS}),
  alike AS MATERIALIZED (SELECT rowid AS id FROM anime_grams
    WHERE anime_grams MATCH (SELECT COALESCE(group_concat('"' || replace(term, '"', '""') || '"', ' OR '), '""') FROM rare)
    ORDER BY rank LIMIT ${ALIKE})
SELECT l.id, l.code, ${beginning('l.title')} AS title, ${beginning('s.title')} AS folded,
  substr(s.names, 1, ${MOST_NAMES}) AS names, l.views AS seen_by, a.id IS NOT NULL AS has_card,
  CASE WHEN a.id IS NOT NULL THEN substr(a.description, 1, ${TEXT_LIMIT + 1})
    WHEN COALESCE(l.title, '') = '' THEN substr(l.description, 1, 200) END AS description,
  found.id IN (SELECT id FROM told) AS described, ${CARD_COLUMNS} FROM
  (SELECT id FROM strict UNION SELECT id FROM told UNION SELECT id FROM sounding UNION SELECT id FROM alike) AS found
  JOIN anime AS l ON l.id = found.id AND l.deleted_at IS NULL
  JOIN anime_search AS s ON s.anime_id = found.id
  LEFT JOIN anime AS a ON a.id = found.id AND ?1 IS NOT NULL
    AND ${countOf('strict')} < 2 AND ${countOf('told')} < 2
  ${CARD_JOINS}`;

/**
 * In no particular order. @param viewerId who may be shown a card; left out where only a list is
 * shown
 */
export function searchAnime(terms: SearchTerms, viewerId?: number): Query<Candidate[]> {
  const statement = sql(
    CANDIDATES,
    viewerId ?? null,
    terms.folded,
    // The highest code point: everything that begins with the query sorts before it.
    `${terms.folded}\u{10FFFF}`,
    terms.names,
    terms.anywhere,
    terms.sound,
    JSON.stringify(terms.grams),
  );
  return listed(statement, (row) => ({
    ...readListed(row),
    folded: row.text('folded'),
    names: row.text('names'),
    views: row.int('seen_by'),
    isDescribed: row.bool('described'),
    card: row.bool('has_card') ? readCard(row) : undefined,
  }));
}

/**
 * For a code that no anime has: the anime on both sides of it, and those whose name begins with the
 * number. Nothing when the code exists.
 */
export function nearestCodes(code: number): Query<ListedAnime[]> {
  const free = 'NOT EXISTS (SELECT 1 FROM anime WHERE code = ?1 AND deleted_at IS NULL)';
  const side = (comparison: string, order: string): string =>
    `SELECT * FROM (SELECT ${LISTED} FROM anime AS a
       WHERE a.code ${comparison} ?1 AND a.deleted_at IS NULL AND ${free} ORDER BY a.code ${order} LIMIT 2)`;
  const named = `SELECT * FROM (SELECT ${LISTED} FROM anime_search AS s CROSS JOIN anime AS a ON a.id = s.anime_id
    WHERE s.title >= ?2 AND s.title < ?3 AND a.deleted_at IS NULL AND ${free} ORDER BY s.title LIMIT 3)`;
  const statement = sql(
    `${side('<', 'DESC')} UNION ${side('>', 'ASC')} UNION ${named} ORDER BY code`,
    code,
    String(code),
    `${code}\u{10FFFF}`,
  );
  return listed(statement, readListed);
}
