/** The staging tables of an import. Pure: the same text runs on a file and on a server. */
import { quoteName } from '../../lib/sql-tokens.ts';
import type { Step } from './steps.ts';
import { IMPORT_TABLES, type ImportTable } from './tables.ts';

/** Numbers that follow from the rows, before they are staged as rows themselves. */
export const DERIVED = 'importing_derived';

/** A column of the living table. */
export interface LocalColumn {
  readonly name: string;
  readonly declaredType: string;
  readonly notNull: boolean;
  readonly defaultValue: string | null;
}

export interface StagedImport {
  readonly spec: ImportTable;
  /** `importing_anime` */
  readonly staging: string;
  /** Living columns that a file may fill. */
  readonly columns: readonly LocalColumn[];
}

/** Columns beside the living ones' that references of the file are resolved with. */
const OWN_COLUMNS = ['c_id', 'c_code', 'c_chat', 'c_anime_id', 'c_group_id'];

export type Preference = 'newer' | 'file' | 'database';

/** Staged rows that count. */
export const LIVE = 's.verdict IS NULL AND s.twin = 0';

/** Tables of the living database that an import can fill. */
export function planStaging(local: ReadonlyMap<string, readonly LocalColumn[]>): StagedImport[] {
  return IMPORT_TABLES.flatMap((spec) => {
    const columns = local.get(spec.name);
    if (columns === undefined) return [];
    return [
      {
        spec,
        staging: `importing_${spec.name}`,
        columns: columns.filter(({ name }) => !spec.skip.includes(name)),
      },
    ];
  });
}

export function stagedColumns({ columns }: StagedImport): string[] {
  return [...new Set([...columns.map(({ name }) => `c_${name}`), ...OWN_COLUMNS])];
}

/**
 * No types: values stay as they came. `verdict` says why a row is refused; `twin` marks a repeated
 * event; `there` one that the database has; `base` is what a counter was when the row was derived.
 */
export function createStaging(staged: StagedImport, schema: string): string {
  const columns = stagedColumns(staged).map(quoteName).join(', ');
  return `CREATE TABLE ${schema}.${staged.staging} (n INTEGER PRIMARY KEY, place TEXT, verdict TEXT,
    twin INTEGER NOT NULL DEFAULT 0, there INTEGER NOT NULL DEFAULT 0, base INTEGER, ${columns})`;
}

export function createDerived(schema: string): string {
  return `CREATE TABLE ${schema}.${DERIVED} (kind TEXT, a, b, value INTEGER, PRIMARY KEY (kind, a, b)) WITHOUT ROWID`;
}

export function dropStaging(name: string, schema: string): string {
  return `DROP TABLE IF EXISTS ${schema}.${name}`;
}

/** Made once the rows are in: every question about a row is then one search. */
export function indexStaging(staged: readonly StagedImport[], schema: string): Step[] {
  const index = (table: string, name: string, columns: readonly string[]): Step => ({
    sql: () => `CREATE INDEX ${schema}.${table}_by_${name} ON ${table} (${columns.join(', ')})`,
  });
  return [
    ...staged.map(({ staging, spec }) => index(staging, 'key', spec.key)),
    index('importing_anime', 'id', ['c_id']),
    index('importing_groups', 'id', ['c_id']),
    index('importing_anime_parts', 'file', ['c_anime_code', 'c_file_id']),
  ];
}
