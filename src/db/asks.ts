/** One question to an admin, answered by his next message. It shares the drafts' table: a question and a draft are never both open. */
import { one, type Query, type Statement, sql } from './database.ts';
import { closeOpen } from './drafts.ts';
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
  'name',
  'broadcast',
  'person',
  'admin',
] as const;
export type Question = (typeof QUESTIONS)[number];

export interface Ask {
  readonly id: number;
  readonly userId: number;
  readonly question: Question;
  readonly animeId: number | null;
  /** What else the question is about: a part's number, a chat's row. */
  readonly subject: number | null;
}

export function openAsk(userId: number): Query<Ask | undefined> {
  const query = one(
    sql(
      `SELECT id, user_id, kind, anime_id, subject FROM drafts WHERE user_id = ? AND is_open = 1 AND kind GLOB 'ask:*'`,
      userId,
    ),
    (row) => ({
      id: row.int('id'),
      userId: row.int('user_id'),
      question: QUESTIONS.find((question) => `ask:${question}` === row.text('kind')),
      animeId: row.intOrNull('anime_id'),
      subject: row.intOrNull('subject'),
    }),
  );
  return {
    ...query,
    parse: (rows) => {
      const found = query.parse(rows);
      return found?.question === undefined ? undefined : { ...found, question: found.question };
    },
  };
}

/** Asks; whatever was open waits. */
export function ask(
  userId: number,
  question: Question,
  about: { readonly animeId?: number; readonly subject?: number },
  now: Date,
): readonly Statement[] {
  const at = toSqlTime(now);
  return [
    ...closeOpen(userId),
    sql(
      `INSERT INTO drafts (user_id, kind, step, anime_id, subject, created_at, updated_at)
       VALUES (?, ?, 'answer', (SELECT id FROM anime WHERE id = ?), ?, ?, ?)`,
      userId,
      `ask:${question}`,
      about.animeId ?? null,
      about.subject ?? null,
      at,
      at,
    ),
  ];
}

/** The question is answered, or dropped. */
export function answered(asked: Pick<Ask, 'id' | 'userId'>): Statement {
  return sql('DELETE FROM drafts WHERE id = ? AND user_id = ?', asked.id, asked.userId);
}
