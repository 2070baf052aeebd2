/** A server's database, by the session of a restore. */
import { StatementFailed } from '../sql-http/sql-http.ts';
import { isPassing, type SqlSession } from '../sql-http/sql-session.ts';
import type { StagedSite } from './staged-transaction.ts';

export function sqlSessionSite(session: SqlSession): StagedSite<void> {
  return {
    schema: 'main',
    run: (statements) => session.run(statements),
    load: (statements) => session.transaction(statements),
    atomically: (statements) => session.atomically(statements),
    value: async (query) => (await session.row(`SELECT (${query})`))[0] ?? undefined,
    isRefusal: (error) => error instanceof StatementFailed,
    isPassing,
  };
}
