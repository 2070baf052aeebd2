/** Rows into a scratch database, exactly as they were. Node only. */
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { quoteName } from '../../lib/sql-tokens.ts';
import { InvalidText, type Row, type SqlValue, type TableInfo } from '../model/model.ts';

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
  /** Of a row without such text. */
  plain: StatementSync | undefined;
  /**
   * By which values are text that is not UTF-8: node:sqlite binds such text as a blob, SQL makes it
   * text again.
   */
  readonly statements: Map<string, StatementSync>;
}

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
      plain: undefined,
      statements: new Map(),
    };
    inserts.set(table.name, insert);
  }
  const { columns, verb, tail, statements } = insert;
  const prepare = (row: Row): StatementSync => {
    const values = valuesSql(row);
    const known = statements.get(values);
    if (known !== undefined) return known;
    const made = db.prepare(`${verb} (${columns}) VALUES (${values})${tail}`);
    statements.set(values, made);
    return made;
  };
  const insertAll = (): void => {
    for (const row of rows) {
      if (row.some((value) => value instanceof InvalidText)) prepare(row).run(...row.map(bindable));
      else {
        insert.plain ??= prepare(row);
        insert.plain.run(...(row as readonly Bindable[]));
      }
    }
  };
  if (table.kind === 'shadow') withoutDefence(db, insertAll);
  else insertAll();
}

function valuesSql(row: Row): string {
  return row.map((value) => (value instanceof InvalidText ? 'CAST(? AS TEXT)' : '?')).join(', ');
}

type Bindable = Exclude<SqlValue, InvalidText>;

export function bindable(value: SqlValue): Bindable {
  return value instanceof InvalidText ? value.bytes : value;
}

/** The name under which SQL reaches the rowid; a table may shadow two of the three. */
export function rowidName(table: Pick<TableInfo, 'name' | 'columns'>): string {
  const taken = new Set(table.columns.map(({ name }) => name.toLowerCase()));
  const free = ['rowid', '_rowid_', 'oid'].find((name) => !taken.has(name));
  if (free === undefined) throw new Error(`columns of ${table.name} hide its rowid`);
  return free;
}
