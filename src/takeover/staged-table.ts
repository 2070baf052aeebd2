/** An old bot's table while its rows are judged: the copy without types and constraints. */
import { quoteName } from '../lib/sql-tokens.ts';
import type { OldTable, OurColumn } from './our-schema.ts';

export interface Staged {
  readonly table: OldTable;
  /** `old_anime` */
  readonly staging: string;
  /** Columns of the staging table: the number of a row, and why it is refused. */
  readonly row: string;
  readonly refused: string;
  /** By lower-case name: the file's spelling. */
  readonly columns: ReadonlyMap<string, string>;
  readonly our: readonly OurColumn[];
  /**
   * Columns of the file whose name means something else here -> the name that keeps them whole, if
   * any value does not fit ours.
   */
  readonly aside: ReadonlyMap<string, string>;
  readonly sequence: bigint | undefined;
}

/** SQL of a column of the staging table; NULL for a file without it. */
export function col({ columns }: Staged, name: string): string {
  const spelled = columns.get(name);
  return spelled === undefined ? 'NULL' : quoteName(spelled);
}
