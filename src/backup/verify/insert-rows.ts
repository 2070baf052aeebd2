/** Rows into a scratch database, exactly as they were. Node only. */

import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { quoteName } from '../../lib/sql-tokens.ts';
import { InvalidText, type Row, type SqlValue, type TableInfo } from '../model/model.ts';
import { ROWIDS } from '../schema/change-key.ts';

/**
 * Rows of the tables behind an FTS5 or R-Tree table are brought back as they were, which defensive
 * mode refuses. It is off while our own INSERT and DELETE run and for no statement of the
 * document's.
 */
export function withoutDefence(db: DatabaseSync, work: () => void): void {
  db.enableDefensive(false);
  try {
    work();
  } finally {
    db.enableDefensive(true);
  }
}

export interface Insert {
  readonly columns: string;
  readonly verb: string;
  /** What comes behind the values. */
  readonly tail: string;
  /** Rows without such text that `many` takes. */
  readonly atOnce: number;
  one: StatementSync | undefined;
  many: StatementSync | undefined;
  /**
   * By which values are text that is not UTF-8: node:sqlite binds such text as a blob, SQL makes it
   * text again.
   */
  readonly statements: Map<string, StatementSync>;
}

/** Values in one statement; more gain nothing. */
const MOST_VALUES = 160;
/** Of a row with more, putting several into one list costs what the statement saves. */
const MOST_COLUMNS = 20;

/**
 * A row has no generated columns.
 * @param inserts all with the same `tailOf`
 */
export function insertRows(
  db: DatabaseSync,
  inserts: Map<string, Insert>,
  table: TableInfo,
  rows: readonly Row[],
  tailOf: (columns: readonly string[]) => string = () => '',
): void {
  let insert = inserts.get(table.name);
  if (insert === undefined) {
    const names = table.columns
      .filter(({ generated }) => generated === 'no')
      .map(({ name }) => quoteName(name));
    const columns = table.withoutRowid ? names : [rowidName(table), ...names];
    insert = {
      columns: columns.join(', '),
      verb: `INSERT INTO ${quoteName(table.name)}`,
      tail: tailOf(columns),
      atOnce: columns.length > MOST_COLUMNS ? 1 : Math.floor(MOST_VALUES / columns.length),
      one: undefined,
      many: undefined,
      statements: new Map(),
    };
    inserts.set(table.name, insert);
  }
  const { columns, verb, tail, atOnce, statements } = insert;
  const prepare = (values: string): StatementSync =>
    db.prepare(`${verb} (${columns}) VALUES ${values}${tail}`);
  const insertOne = (row: Row): void => {
    if (isPlain(row)) {
      insert.one ??= prepare(valuesSql(row));
      insert.one.run(...row);
      return;
    }
    const values = valuesSql(row);
    const statement = statements.get(values) ?? prepare(values);
    statements.set(values, statement);
    statement.run(...row.map(bindable));
  };
  const insertAll = (): void => {
    let at = 0;
    for (; atOnce > 1 && at + atOnce <= rows.length; at += atOnce) {
      const values: Bindable[] = [];
      const next = rows.slice(at, at + atOnce);
      if (!next.every(isPlain)) {
        next.forEach(insertOne);
        continue;
      }
      for (const row of next) for (const value of row) values.push(value);
      insert.many ??= prepare(next.map(valuesSql).join(', '));
      insert.many.run(...values);
    }
    rows.slice(at).forEach(insertOne);
  };
  if (table.kind === 'shadow') withoutDefence(db, insertAll);
  else insertAll();
}

function valuesSql(row: Row): string {
  const values = row.map((value) => (value instanceof InvalidText ? 'CAST(? AS TEXT)' : '?'));
  return `(${values.join(', ')})`;
}

function isPlain(row: Row): row is readonly Bindable[] {
  return !row.some((value) => value instanceof InvalidText);
}

type Bindable = Exclude<SqlValue, InvalidText>;

export function bindable(value: SqlValue): Bindable {
  return value instanceof InvalidText ? value.bytes : value;
}

/** The name under which SQL reaches the rowid; a table may shadow two of the three. */
export function rowidName(table: Pick<TableInfo, 'name' | 'columns'>): string {
  const taken = new Set(table.columns.map(({ name }) => name.toLowerCase()));
  const free = ROWIDS.find((name) => !taken.has(name));
  if (free === undefined) throw new Error(`columns of ${table.name} hide its rowid`);
  return free;
}
