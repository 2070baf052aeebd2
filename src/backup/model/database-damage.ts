/**
 * What a run learns of the database itself, beside its rows: a backup of a damaged one is kept, and
 * never called verified.
 */
import type { DatabaseSchema, Row, RowBatch, ScanTarget, SourceCheck } from './model.ts';

/** Findings told; whoever wants all of them asks SQLite. */
export const MOST_FINDINGS = 5;

/** An FTS index is made of other rows: nothing is lost with it; restore brings it back as it is. */
const DERIVED = /^(malformed|unable to validate the) inverted index for FTS\d table (?:\w+\.)?([^\s:]+)/;

/** Rows of `PRAGMA integrity_check` (or `quick_check`), sorted by what they mean. */
export function sortFindings(rows: readonly string[]): Pick<SourceCheck, 'damage' | 'notes'> {
  const found = rows.flatMap((row) => row.split('\n')).filter((row) => row !== 'ok' && row !== '');
  const tables = found.flatMap((row) => DERIVED.exec(row)?.[2] ?? []);
  return {
    damage: found.filter((row) => !DERIVED.test(row)),
    notes: [...new Set(tables)].map(
      (name) =>
        `the search index ${name} is out of step; nothing is lost, make it again: INSERT INTO ${name}(${name}) VALUES('rebuild')`,
    ),
  };
}

/** A check without SQLite's own: damage shows only in the counts of rows. */
export function countsOnly(why: string): SourceCheck {
  return {
    damage: [],
    notes: [],
    proof: `rows of every index counted against its table (quick_check: ${why})`,
  };
}

/**
 * Counts what every scan gives: an index and its table, or two ways through one table, must have as
 * many rows.
 */
export class ScanCounts {
  readonly #tables = new Map<string, number>();
  readonly #others: { readonly what: string; readonly table: string; rows: number; isPartial: boolean }[] =
    [];
  #current: readonly ((batch: RowBatch) => void)[] = [];

  begin(target: ScanTarget): void {
    if (target.kind === 'table') {
      const { name } = target.table;
      this.#tables.set(name, 0);
      this.#current = [(batch) => this.#tables.set(name, (this.#tables.get(name) ?? 0) + batch.length)];
    } else if (target.kind === 'index') {
      const { name, table, partial } = target.index;
      this.#current = [this.#count(`index ${name}`, table, partial, () => true)];
    } else {
      const { parent, child } = target;
      const what = `${child.name} by ${parent.name}`;
      this.#current = [
        this.#count(what, parent.name, false, ([tag]) => tag === 0n),
        this.#count(what, child.name, false, ([tag]) => tag !== 0n),
      ];
    }
  }

  #count(what: string, table: string, isPartial: boolean, isCounted: (row: Row) => boolean) {
    const count = { what, table, isPartial, rows: 0 };
    this.#others.push(count);
    return (batch: RowBatch): void => {
      for (const row of batch) if (isCounted(row)) count.rows += 1;
    };
  }

  rows(batch: RowBatch): void {
    for (const count of this.#current) count(batch);
  }

  /** What does not agree; known when all scans are done. A partial index has its rows at most. */
  findings(schema: DatabaseSchema): string[] {
    const known = new Set(schema.tables.map(({ name }) => name));
    return this.#others.flatMap(({ what, table, rows, isPartial }) => {
      const wanted = this.#tables.get(table);
      if (wanted === undefined || !known.has(table)) return [];
      if (isPartial ? rows <= wanted : rows === wanted) return [];
      return [`${what} has ${rows} rows of table ${table}, which has ${wanted}`];
    });
  }
}
