/** What a run learns of the database itself, beside its rows: a backup of a damaged one is kept, and never called verified. */
import { type Keys, keysOf } from '../../db/own-keys.ts';
import { hasOwnLedger, lackOfAll } from '../../db/own-schema.ts';
import type { DatabaseSchema, Row, ScanTarget } from '../model.ts';

export interface SourceCheck {
  /** What makes a restore fail or lose something, in SQLite's words. */
  readonly damage: readonly string[];
  /** What is odd, and comes back as it is: rows that refer to nothing, a search index out of step. */
  readonly notes: readonly string[];
  /** What was looked at, in words: a line of the manifest's proof. */
  readonly proof: string;
}

/** Findings told; whoever wants all of them asks SQLite. */
export const MOST_FINDINGS = 5;

/** An FTS index is made of other rows: nothing is lost with it, and a restore brings it back as it is. */
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

/**
 * What of the bot's own tables, columns, triggers and record of migrations somebody took away; none of a database that no migration of ours made.
 * @param versions of the migrations on record, in order
 */
export function missingParts(schema: DatabaseSchema, versions: readonly number[]): readonly string[] {
  const found = tablesOf(schema);
  const triggers = schema.objects.filter(({ type }) => type === 'trigger');
  const names = new Set(triggers.map(({ name }) => name.toLowerCase()));
  return (
    lackOfAll(found, hasOwnLedger(found) ? versions : undefined, { names, keys: keysIn(schema) })?.findings ??
    []
  );
}

/** Of every table, in lower case. */
export function keysIn({ tables, indexes }: DatabaseSchema): Keys {
  const primary = tables.flatMap(({ name, columns, rowidAlias }) =>
    columns
      .filter(({ primaryKey }) => primaryKey > 0)
      .map((column) => ({
        table: name.toLowerCase(),
        key: '',
        column: column.name.toLowerCase(),
        isPartial: false,
        isRowid: rowidAlias !== null,
      })),
  );
  const unique = indexes
    .filter((index) => index.unique && index.origin !== 'pk')
    .flatMap(({ name, table, partial, columns }) =>
      columns
        .filter(({ key }) => key)
        .map((column) => ({
          table: table.toLowerCase(),
          key: name,
          column: column.name?.toLowerCase() ?? '',
          isPartial: partial,
          isRowid: false,
        })),
    );
  return keysOf([...primary, ...unique]);
}

/** Names of tables and their columns in lower case; virtual ones are there without columns. */
export function tablesOf(schema: DatabaseSchema): ReadonlyMap<string, ReadonlySet<string>> {
  const found = new Map(
    schema.objects
      .filter(({ type }) => type === 'table')
      .map(({ name }) => [name.toLowerCase(), new Set<string>()] as const),
  );
  for (const { name, columns } of schema.tables)
    found.set(name.toLowerCase(), new Set(columns.map((column) => column.name.toLowerCase())));
  return found;
}

/** The counts of the scans alone tell of damage. */
export function unasked(why: string): SourceCheck {
  return {
    damage: [],
    notes: [],
    proof: `rows of every index counted against its table (quick_check: ${why})`,
  };
}

/** Counts what every scan gives: an index and its table, or two ways through one table, must have as many rows. */
export class ScanCounts {
  readonly #tables = new Map<string, number>();
  readonly #others: { readonly what: string; readonly table: string; rows: number; isPartial: boolean }[] =
    [];
  #current: readonly ((batch: readonly Row[]) => void)[] = [];

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
    return (batch: readonly Row[]): void => {
      count.rows += batch.filter(isCounted).length;
    };
  }

  rows(batch: readonly Row[]): void {
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
