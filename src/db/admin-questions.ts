/**
 * The one question to an admin that their next message answers. While it is open, none of their
 * drafts is.
 */
import { CATALOGUE_COLUMNS, type CatalogueAnime, readCatalogueAnime } from './catalogue.ts';
import { one, type Query, type Statement, sql } from './database.ts';
import { forgetQuestion, openOrWaiting } from './drafts.ts';
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
  'archive',
  'moment',
] as const;
export type Question = (typeof QUESTIONS)[number];

export interface Ask {
  readonly userId: number;
  readonly question: Question;
  /** The anime the question is about, if any. */
  readonly anime: CatalogueAnime | undefined;
  /** What else the question is about: a part's row, a chat's row, a broadcast. */
  readonly subject: number | null;
}

export function openAsk(userId: number): Query<Ask | undefined> {
  const statement = sql(
    `SELECT q.user_id, q.question, q.anime_id, q.subject, ${CATALOGUE_COLUMNS}
     FROM admin_questions AS q LEFT JOIN anime AS a ON a.id = q.anime_id WHERE q.user_id = ?`,
    userId,
  );
  return one(statement, (row) => {
    const question = QUESTIONS.find((known) => known === row.text('question'));
    if (question === undefined) return undefined;
    return {
      userId: row.int('user_id'),
      question,
      anime: row.intOrNull('anime_id') === null ? undefined : readCatalogueAnime(row),
      subject: row.intOrNull('subject'),
    };
  });
}

/**
 * Asks this question instead of an earlier one. An open draft waits, unchanged, until the question
 * is answered or dropped.
 */
export function ask(
  userId: number,
  question: Question,
  about: { readonly animeId?: number; readonly subject?: number },
  now: Date,
): readonly Statement[] {
  return [
    sql(
      `INSERT INTO admin_questions (user_id, question, anime_id, subject, resumes, asked_at)
       VALUES (?1, ?2, (SELECT id FROM anime WHERE id = ?3), ?4, ${openOrWaiting('?1')}, ?5)
       ON CONFLICT (user_id) DO UPDATE SET question = excluded.question, anime_id = excluded.anime_id,
         subject = excluded.subject, resumes = excluded.resumes, asked_at = excluded.asked_at`,
      userId,
      question,
      about.animeId ?? null,
      about.subject ?? null,
      toSqlTime(now),
    ),
    sql('UPDATE drafts SET is_open = 0 WHERE user_id = ? AND is_open = 1', userId),
  ];
}

/** Closes the question; the draft that waited for it goes on. */
export function answered(userId: number): readonly Statement[] {
  return [
    sql(
      `UPDATE OR IGNORE drafts SET is_open = 1
       WHERE id = (SELECT resumes FROM admin_questions WHERE user_id = ?1) AND user_id = ?1`,
      userId,
    ),
    forgetQuestion(userId),
  ];
}
