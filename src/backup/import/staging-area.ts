/** The staging tables of one import, and whose they are: of two imports at once the later one has them. */
import type { Database, Query, WriteResult } from '../../db/database.ts';
import type { Row } from '../../db/row.ts';
import { quoteName } from '../../lib/sql-tokens.ts';
import { sqlLiteral } from '../sql-literal.ts';
import { createDerived, createStaging, DERIVED, IMPORT_CONTROL, type StagedImport } from './staging-sql.ts';

const SUPERSEDED = 'another import has begun since';

/** Another import works in the same database: this one stopped before it changed anything. */
export class ImportSuperseded extends Error {
  override readonly name = 'ImportSuperseded';
  constructor(cause?: unknown) {
    super(`${SUPERSEDED}: nothing of this file was changed; import it again when the other is done`, {
      cause,
    });
  }
}

/** What the database says when the tables are not ours any more, as {@link ImportSuperseded}; any other error as it is. */
export function superseded(error: unknown): unknown {
  const isSuperseded =
    error instanceof Error &&
    // The guard's words, or there are no tables: the other import begins with clearing them away.
    (error.message.includes(SUPERSEDED) || error.message.includes('no such table: importing_'));
  return isSuperseded ? new ImportSuperseded(error) : error;
}

/** Where an import's staged rows are kept. */
export interface Staging {
  /** Its writes may take place while others write to the living tables, where `schema` is a file of its own. */
  readonly db: Database;
  /** `main`, or the name of an attached file. */
  readonly schema: string;
}

/** Removes what a dead import left; its control table first, so that it can not merge any more. */
export async function clearImport(db: Database): Promise<void> {
  const rows = await query(
    db,
    "SELECT name FROM sqlite_schema WHERE type = 'table' AND name GLOB 'importing_*'",
  );
  const names = rows.map((row) => row.text('name'));
  const order = names.toSorted((a, b) => Number(b === IMPORT_CONTROL) - Number(a === IMPORT_CONTROL));
  if (order.length > 0)
    await run(
      db,
      order.map((name) => `DROP TABLE IF EXISTS ${quoteName(name)}`),
    );
}

export async function createImport(
  { db, schema }: Staging,
  staged: readonly StagedImport[],
  id: string,
): Promise<void> {
  await run(db, [
    `CREATE TABLE ${schema}.${IMPORT_CONTROL} (id TEXT PRIMARY KEY, is_merged INTEGER NOT NULL DEFAULT 0)`,
    `INSERT INTO ${IMPORT_CONTROL} (id) VALUES (${sqlLiteral(id)})`,
    ...staged.map((one) => createStaging(one, schema)),
    createDerived(schema),
  ]);
}

/** What is ours goes; what can not be removed now, the next import removes. */
export async function dropImport(
  { db }: Staging,
  staged: readonly StagedImport[],
  id: string,
): Promise<void> {
  await run(db, [guarded(id), ...dropStaged(staged), `DROP TABLE ${IMPORT_CONTROL}`]).catch(() => undefined);
}

export function dropStaged(staged: readonly StagedImport[]): string[] {
  return [DERIVED, ...staged.map(({ staging }) => staging)].map((table) => `DROP TABLE IF EXISTS ${table}`);
}

/** Fails the batch when another import has taken over (its rows must not mix with ours), or, if asked, when this one is merged. */
export function guarded(id: string, merged?: 0): string {
  const own = `id = ${sqlLiteral(id)}${merged === undefined ? '' : ' AND is_merged = 0'}`;
  return `SELECT json_extract('{}', iif((SELECT COUNT(*) FROM ${IMPORT_CONTROL} WHERE ${own}) = 1, '$', '${SUPERSEDED}'))`;
}

export async function run(db: Database, statements: readonly string[]): Promise<readonly WriteResult[]> {
  return db.write(statements.map((text) => ({ sql: text, args: [] })));
}

export async function query(db: Database, text: string): Promise<readonly Row[]> {
  const [rows] = await db.read([rowsQuery(text)]);
  return rows;
}

/** Rows of our own staging tables: the guard is read in the same transaction. */
export async function queryOwn(
  db: Database,
  id: string,
  texts: readonly string[],
): Promise<(readonly Row[])[]> {
  const [, ...rows] = await db.read([guarded(id), ...texts].map(rowsQuery));
  return rows;
}

function rowsQuery(text: string): Query<readonly Row[]> {
  return { sql: text, args: [], parse: (rows) => rows };
}
