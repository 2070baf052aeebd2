/**
 * `user_version` of a server's database: the hosted service documents it as read-only
 * (docs.turso.tech/cloud/limitations).
 */
import { StatementFailed } from '../sql-http/sql-http.ts';
import { isPassing, type SqlSession } from '../sql-http/sql-session.ts';

/**
 * The statement that sets it within the swap; undefined when it is as wanted, or when the server
 * refuses it: one refused statement would fail the whole swap, so the server is asked before, with
 * the number that stands there.
 */
export async function setVersionSql(
  session: SqlSession,
  { live, wanted }: { readonly live: number; readonly wanted: number },
): Promise<string | undefined> {
  if (live === wanted) return undefined;
  try {
    await session.run([`PRAGMA user_version = ${live}`]);
  } catch (error) {
    if (error instanceof StatementFailed && !isPassing(error)) return undefined;
    throw error;
  }
  return `PRAGMA user_version = ${wanted}`;
}

/**
 * What to say when it is not as wanted after the swap; a server may take the statement and do
 * nothing.
 */
export async function versionNote(session: SqlSession, wanted: number): Promise<string | undefined> {
  const [found] = await session.row('SELECT user_version FROM pragma_user_version');
  return found === `${wanted}`
    ? undefined
    : `user_version is ${found ?? 'not known'}, not ${wanted} as in the backup: the server does not let it be set`;
}
