/** What the owners have heard of the change log: one column of what backup/changes keeps. */
import { type Database, hasChanged, sql } from './database.ts';

/** Of two hosts, the one that changes it tells it: true. */
export async function claimTelling(db: Database, from: string | null, to: string | null): Promise<boolean> {
  const [changed] = await db.write([
    sql('UPDATE change_state SET told = ?1 WHERE id = 1 AND told IS ?2 RETURNING id', to, from),
  ]);
  return hasChanged(changed);
}
