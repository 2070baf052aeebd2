/** One question to an admin, answered by his next message. It shares the drafts' table: a question and a draft are never both open. */
import { CATALOGUE_COLUMNS, type CatalogueAnime, readCatalogueAnime } from './catalogue.ts';
import { type Query, type Statement, sql } from './database.ts';
import { toSqlTime } from './time.ts';

const QUESTIONS = [
  'anime',
  'title',
  'description',
  'photo',
  'genres',
  'year',
  'aliases',
  'code',
  'replace',
  'number',
  'group',
  'channel',
  'group-name',
  'channel-name',
  'broadcast',
  'person',
  'admin',
] as const;
export type Question = (typeof QUESTIONS)[number];

export interface Ask {
  readonly id: number;
  readonly userId: number;
  readonly question: Question;
  /** The anime it is about, if it is about one. */
  readonly anime: CatalogueAnime | undefined;
  /** What else the question is about: a part's row, a chat's row, a broadcast. */
  readonly subject: number | null;
}

export function openAsk(userId: number): Query<Ask | undefined> {
  const statement = sql(
    `SELECT d.id AS ask_id, d.user_id, d.kind AS question, d.anime_id, d.subject, ${CATALOGUE_COLUMNS}
     FROM drafts AS d LEFT JOIN anime AS a ON a.id = d.anime_id
     WHERE d.user_id = ? AND d.is_open = 1 AND d.kind GLOB 'ask:*'`,
    userId,
  );
  return {
    ...statement,
    parse: ([row]) => {
      const question = QUESTIONS.find((known) => `ask:${known}` === row?.text('question'));
      if (row === undefined || question === undefined) return undefined;
      return {
        id: row.int('ask_id'),
        userId: row.int('user_id'),
        question,
        anime: row.intOrNull('anime_id') === null ? undefined : readCatalogueAnime(row),
        subject: row.intOrNull('subject'),
      };
    },
  };
}

/** Asks. A draft that was open waits until the question is answered or dropped, unchanged. */
export function ask(
  userId: number,
  question: Question,
  about: { readonly animeId?: number; readonly subject?: number },
  now: Date,
): readonly Statement[] {
  const at = toSqlTime(now);
  return [
    // Not open yet: two open ones are refused by the table.
    sql(
      `INSERT INTO drafts (user_id, kind, step, is_open, anime_id, subject, resumes, created_at, updated_at)
       VALUES (?1, ?2, 'answer', 0, (SELECT id FROM anime WHERE id = ?3), ?4,
         (SELECT CASE WHEN kind IN ('anime', 'parts') THEN id ELSE resumes END FROM drafts WHERE user_id = ?1 AND is_open = 1),
         ?5, ?5)`,
      userId,
      `ask:${question}`,
      about.animeId ?? null,
      about.subject ?? null,
      at,
    ),
    sql("DELETE FROM drafts WHERE user_id = ? AND kind GLOB 'ask:*' AND id <> last_insert_rowid()", userId),
    sql('UPDATE drafts SET is_open = 0 WHERE user_id = ? AND is_open = 1', userId),
    sql('UPDATE drafts SET is_open = 1 WHERE id = last_insert_rowid() AND user_id = ?', userId),
  ];
}

/** The question is answered or dropped, and the draft that waited for it goes on. */
export function answered(userId: number): readonly Statement[] {
  return [
    sql(
      `UPDATE drafts SET is_open = 2 WHERE id = (SELECT resumes FROM drafts WHERE user_id = ?1 AND is_open = 1 AND kind GLOB 'ask:*')
         AND user_id = ?1`,
      userId,
    ),
    sql("DELETE FROM drafts WHERE user_id = ? AND kind GLOB 'ask:*'", userId),
    sql('UPDATE drafts SET is_open = 1 WHERE user_id = ? AND is_open = 2', userId),
  ];
}
