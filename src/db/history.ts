/** Who watched what. */
import { type Statement, sql } from './database.ts';
import { toSqlTime } from './time.ts';

export function recordView(userId: number, code: number, partNumber: number, now: Date): Statement {
  return sql(
    'INSERT INTO user_history (user_id, anime_code, part_number, viewed_at) VALUES (?, ?, ?, ?)',
    userId,
    code,
    partNumber,
    toSqlTime(now),
  );
}
