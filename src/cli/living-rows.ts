/** What the living database holds itself: asked before anybody is sent to an older backup. */
import { type Counted, rowsText, shrunk, WATCHED } from '../backup/catalog/fuller.ts';
import { always, type Query, sql } from '../db/database.ts';
import type { FullerBackup } from './other-bucket.ts';
import { askLiving, type Session } from './session.ts';

/** "The database itself holds 40 episodes", where it holds as much as that backup. */
export function heldNow(
  session: Session,
  { entry: { manifest }, table }: FullerBackup,
): Promise<string | undefined> {
  return askLiving(session, async (db) => {
    const counts = await db.read(WATCHED.map(rowCount));
    const now: Counted['tables'] = WATCHED.map((name, index) => ({ name, rows: counts[index] ?? 0 }));
    const rows = now.find(({ name }) => name === table)?.rows ?? 0;
    const isLess = manifest === undefined || shrunk(manifest, { tables: now }) !== undefined;
    return isLess || rows === 0 ? undefined : `The database itself holds ${rowsText(table, rows)}`;
  });
}

function rowCount(table: string): Query<number> {
  return always(sql(`SELECT COUNT(*) AS n FROM ${table}`), (row) => row.int('n'));
}
