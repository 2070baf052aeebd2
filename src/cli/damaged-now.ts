/** Whether the file of the database is damaged, before a start or a run finds out. Node only. */
import { existsSync, statSync } from 'node:fs';
import { sortFindings } from '../backup/model/database-damage.ts';
import { databaseFault, isDamagedDatabase } from '../db/database-fault.ts';
import { quickCheck } from '../db/file/look-into-file.ts';
import { emptyDatabase } from '../db/migrate.ts';
import { explain } from '../lib/clock.ts';
import type { Session } from './session.ts';

/** SQLite looks at so much in some tenths of a second; of a larger file it reads the schema. */
const MOST_BYTES = 64_000_000;

export interface DamagedNow {
  /** Of the file. */
  readonly name: string;
  readonly problem: string;
  readonly isNow: true;
}

/** Undefined also where nobody can look: what cannot be opened for another reason is no damage. */
export async function damagedNow({
  config: { database },
  readsCopy,
  live,
  close,
}: Session): Promise<DamagedNow | undefined> {
  if (readsCopy || database.kind !== 'file' || !existsSync(database.path)) return undefined;
  const { path } = database;
  const told = (problem: string): DamagedNow => ({ name: path, problem, isNow: true });
  try {
    const db = await live();
    await db.read([emptyDatabase]);
    if (statSync(path).size > MOST_BYTES) return undefined;
    const [rows] = await db.read([quickCheck]);
    const { damage } = sortFindings(rows);
    return damage.length === 0 ? undefined : told(damage.join('; '));
  } catch (error) {
    const reason = explain(error);
    const isDamaged = isDamagedDatabase(`${databaseFault(error).code ?? ''} ${reason}`);
    return isDamaged ? told(reason) : undefined;
  } finally {
    await close();
  }
}
