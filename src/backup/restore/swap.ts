/** The one moment of a remote restore: the swap, and whether it happened when its answer is lost. */
import { explain } from '../../lib/clock.ts';
import { StatementFailed } from '../sql-http/sql-http.ts';
import { isPassing, remedy, type SqlSession } from '../sql-http/sql-session.ts';
import { CONTROL_TABLE } from './staging.ts';

/** Tries of the swap: another writer may take the lock away from it after 5 s. */
const SWAP_ATTEMPTS = 3;

/** Of the table that says whose the staged tables are, and what became of them: 0 waiting, 1 swapped in, -1 given up. */
export const CREATE_CONTROL = `CREATE TABLE IF NOT EXISTS ${CONTROL_TABLE} (id TEXT PRIMARY KEY, swapped INTEGER NOT NULL DEFAULT 0)`;

/**
 * Runs the statements as one transaction, which marks itself: when its answer is lost, the mark tells whether it took effect. The mark stays
 * for {@link dropMark}.
 * @throws what went wrong; the old data is as it was then, unless the message says that it is not known.
 */
export async function swap(session: SqlSession, id: string, statements: readonly string[]): Promise<void> {
  const marked = [waiting(id), ...statements, mark(id, 1)];
  let isCertain = true;
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await session.atomically(marked);
    } catch (error) {
      // From the first answer that was lost on, an earlier request may be what went through.
      isCertain &&= error instanceof StatementFailed;
      if (attempt < SWAP_ATTEMPTS && isPassing(error)) continue;
      if (!isCertain && !(await isGivenUp(session, id, error))) return;
      throw new Error(`the swap failed, the old data is as it was: ${explain(error)}${remedy(error)}`, {
        cause: error,
      });
    }
  }
}

/** Another attempt clears these tables and makes its own; one that was given up must not come in later. */
function waiting(id: string): string {
  const condition = `(SELECT count(*) FROM ${CONTROL_TABLE} WHERE id = '${id}' AND swapped = 0) = 1`;
  return guard(condition, 'it is done or given up already, or another restore has begun since');
}

function mark(id: string, swapped: 1 | -1): string {
  return `UPDATE ${CONTROL_TABLE} SET swapped = ${swapped} WHERE id = '${id}'`;
}

/**
 * Gives the swap up, by a write that comes after every request still on its way; false when one of them has swapped.
 * @throws when neither can be found out.
 */
async function isGivenUp(session: SqlSession, id: string, cause: unknown): Promise<boolean> {
  const failure = await tried(session, [waiting(id), mark(id, -1)]);
  if (failure === undefined) return true;
  const [swapped] = await session
    .first(`SELECT swapped FROM ${CONTROL_TABLE} WHERE id = '${id}'`)
    .then((row) => row ?? [])
    .catch(() => []);
  if (swapped === '1') return false;
  // Given up by a request whose answer was lost.
  if (swapped === '-1') return true;
  throw new Error(
    `whether the swap happened is not known (${explain(failure)}): compare (\`diff\`), and restore again if need be`,
    { cause },
  );
}

/** The mark has served; one that can not be removed now is removed by the next restore. */
export async function dropMark(session: SqlSession, id: string): Promise<void> {
  const isOurs = guard(`(SELECT count(*) FROM ${CONTROL_TABLE} WHERE id = '${id}') = 1`, 'not ours');
  await tried(session, [isOurs, `DROP TABLE ${CONTROL_TABLE}`]);
}

/** Returns why it failed, if it did. */
async function tried(session: SqlSession, statements: readonly string[]): Promise<unknown> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await session.atomically(statements);
      return undefined;
    } catch (error) {
      if (attempt === SWAP_ATTEMPTS || !isPassing(error)) return error;
    }
  }
}

/** Fails the transaction unless the condition holds: a bad JSON path is an error that carries words (SQL has no other in a SELECT). */
export function guard(condition: string, message: string): string {
  return `SELECT json_extract('{}', iif(${condition}, '$', '${message.replaceAll("'", "''")}'))`;
}
