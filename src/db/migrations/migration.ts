/**
 * A numbered, immutable step of the schema. Nobody edits a released one: the next number corrects a
 * mistake.
 */
export interface Migration {
  readonly version: number;
  readonly name: string;
  /**
   * The statements of the step, run in one write transaction together with its line in
   * `schema_migrations`. `existing` holds the columns of the tables found (old databases come with
   * gaps); most steps ignore it.
   */
  readonly up: (existing: ExistingTables) => readonly string[];
}

/** Table name -> its column names, as they were before the step. */
export type ExistingTables = ReadonlyMap<string, ReadonlySet<string>>;
