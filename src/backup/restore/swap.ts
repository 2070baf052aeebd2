/** The one moment of a remote restore: the swap, and whether it happened when its answer is lost. */
import { explain } from '../clock.ts';
import { StatementFailed } from '../snapshot/sql-http.ts';
import { isPassing, type SqlSession } from './sql-session.ts';
import { CONTROL_TABLE } from './staging.ts';

/** Tries of the swap: another writer may take the lock away from it after 5 s. */
const SWAP_ATTEMPTS = 3;

/** The answer of a swap may be lost after its effect: the control table, gone with the swap, tells. */
export async function swap(session: SqlSession, id: string, statements: readonly string[]): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await session.atomically(statements);
    } catch (error) {
      if (!(error instanceof StatementFailed) && (await isSwapped(session, id))) return;
      if (attempt === SWAP_ATTEMPTS || !isPassing(error))
        throw new Error(`the swap failed, the old data is as it was: ${explain(error)}`, { cause: error });
    }
  }
}

async function isSwapped(session: SqlSession, id: string): Promise<boolean> {
  const row = await session.first(`SELECT count(*) FROM sqlite_schema WHERE name = '${CONTROL_TABLE}'`);
  if (row?.[0] === '0') return true;
  // Still there: either ours, not swapped, or of another attempt that began after this one had swapped.
  const own = await session.first(`SELECT count(*) FROM ${CONTROL_TABLE} WHERE id = '${id}'`);
  return own?.[0] === '0';
}
