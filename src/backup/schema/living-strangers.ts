/**
 * Foreign SQL in the database that the bot starts on: a file copied into place by hand met no
 * restore that would have named it.
 */
import { all, type Database, sql } from '../../db/database.ts';
import { hexOf, textOfHex } from '../../lib/hex-text.ts';
import { describeError, type Log } from '../../lib/log.ts';
import type { SchemaObject } from '../model/model.ts';
import { strangersNote, strangersOf } from './strangers.ts';

const objects = all(
  sql(
    `SELECT type, ${hexOf('name')} AS name, ${hexOf('tbl_name')} AS "table", ${hexOf('sql')} AS "sql" FROM sqlite_schema`,
  ),
  (row): Omit<SchemaObject, 'hasStorage'> => ({
    type: row.text('type') as SchemaObject['type'],
    name: textOfHex(row.text('name')),
    tableName: textOfHex(row.text('table')),
    sql: textOfHex(row.text('sql')) || null,
  }),
);

/**
 * Names in the log what acts inside the bot and is not the program's; the bot starts all the same:
 * it may be the owner's own.
 */
export async function logStrangers(db: Database, log: Log): Promise<void> {
  try {
    const [found] = await db.read([objects]);
    const message = strangersNote(
      strangersOf(found).filter(({ runs }) => runs),
      'and at work inside the bot',
    );
    if (message !== undefined) log.warn('foreign SQL in the database', { message });
  } catch (error) {
    log.warn('the database was not searched for foreign SQL', { error: describeError(error) });
  }
}
