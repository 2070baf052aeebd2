/** The numbers on the admins' front door. */
import { always, type Query, sql } from './database.ts';

export interface Overview {
  readonly anime: number;
  readonly users: number;
  /** Of this admin. */
  readonly drafts: number;
  /** Updates that were given up. */
  readonly failures: number;
}

export function overview(adminId: number): Query<Overview> {
  return always(
    sql(
      `SELECT (SELECT COUNT(*) FROM anime WHERE deleted_at IS NULL) AS anime,
         COALESCE((SELECT value FROM counters WHERE metric = 'users' AND period = 'all'), 0) AS users,
         (SELECT COUNT(*) FROM drafts WHERE user_id = ? AND kind IN ('anime', 'parts')) AS drafts,
         (SELECT COUNT(*) FROM failed_updates WHERE given_up_at IS NOT NULL) AS failures`,
      adminId,
    ),
    (row) => ({
      anime: row.int('anime'),
      users: row.int('users'),
      drafts: row.int('drafts'),
      failures: row.int('failures'),
    }),
  );
}
