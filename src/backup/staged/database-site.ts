/** The bot's database, as an import reaches it: a file or a server. Runs in workerd too. */
import {
  always,
  ConstraintFailed,
  type Database,
  DatabaseUnavailable,
  sql,
  type WriteResult,
} from '../../db/database.ts';
import type { StagedSite } from './staged-transaction.ts';

/** Where an import's staged rows are kept. */
export interface Staging {
  /**
   * Its writes may take place while others write to the living tables, where `schema` is a file of
   * its own.
   */
  readonly db: Database;
  /** `main`, or the name of an attached file. */
  readonly schema: string;
}

export function databaseSite(db: Database, staging: Staging): StagedSite<readonly WriteResult[]> {
  const write = (to: Database, statements: readonly string[]): Promise<readonly WriteResult[]> =>
    to.write(statements.map((statement) => sql(statement)));
  return {
    schema: staging.schema,
    run: async (statements) => void (await write(db, statements)),
    load: async (statements) => void (await write(staging.db, statements)),
    atomically: (statements) => write(db, statements),
    value: async (query) => {
      const [value] = await db.read([
        always(
          sql(`SELECT CAST((${query}) AS TEXT) AS value`),
          (row) => row.textOrNull('value') ?? undefined,
        ),
      ]);
      return value;
    },
    isRefusal: (error) =>
      error instanceof ConstraintFailed ||
      (error instanceof Error &&
        !(error instanceof DatabaseUnavailable) &&
        'code' in error &&
        typeof error.code === 'string'),
    // An attached file has no journal: what a failed transaction left in it is no ground for
    // another try.
    isPassing: (error) => error instanceof DatabaseUnavailable && staging.schema === 'main',
  };
}
