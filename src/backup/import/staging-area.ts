/** Reads of an import: of the living tables, and of its own staged ones. */
import type { Database, Query } from '../../db/database.ts';
import type { Row } from '../../db/row.ts';

/** Another import works in the same database: this one stopped before it changed anything. */
export class ImportSuperseded extends Error {
  override readonly name = 'ImportSuperseded';
  constructor(cause?: unknown) {
    super(
      'another import has begun since: nothing of this file was changed; import it again when the other is done',
      { cause },
    );
  }
}

export async function query(db: Database, text: string): Promise<readonly Row[]> {
  const [rows] = await db.read([rowsQuery(text)]);
  return rows;
}

/** Rows of staged tables: the guard is read in the same transaction. */
export async function queryOwn(
  db: Database,
  guard: string,
  texts: readonly string[],
): Promise<(readonly Row[])[]> {
  const [, ...rows] = await db.read([guard, ...texts].map(rowsQuery));
  return rows;
}

function rowsQuery(text: string): Query<readonly Row[]> {
  return { sql: text, args: [], parse: (rows) => rows };
}
