/**
 * How the rows of a scan are put for a server, and put together again. JSON carries a value's type, but neither the sign of
 * an infinity nor a text that is not UTF-8 (the server fails the whole request over one). Two forms:
 * - plain: bare values; an extra column tells the signs where REAL values are to be expected;
 * - exact: every text as its bytes, the extra column tells texts from blobs and the signs everywhere.
 * Plain is what nearly every database needs. What it can not carry is noticed, never guessed: {@link NeedsExactForm}.
 */
import type { Row, SqlValue } from '../model.ts';
import { type ScanSql, type ScanValue, selectSql } from './scan-sql.ts';
import { textOfBytes } from './text-bytes.ts';

export type FormName = 'plain' | 'exact';

/** A value came that the plain form leaves open. */
export class NeedsExactForm extends Error {
  override readonly name = 'NeedsExactForm';
}

/** A REAL that came as JSON null: an infinity, its sign not known yet. */
export const UNSIGNED_INFINITY = Symbol('infinity');
export type WireValue = SqlValue | typeof UNSIGNED_INFINITY;

export interface RowForm {
  /** The SELECT, with a further condition if one is given. */
  sql(seek?: string): string;
  /** The condition that seeks rows behind a rowid (parameter 1, the first column), where the scan has one. */
  readonly seekSql: string | undefined;
  /** Columns of the answer. */
  readonly width: number;
  /** Throws {@link NeedsExactForm}. */
  readRow(values: readonly WireValue[]): Row;
}

export function rowForm(scan: ScanSql, form: FormName): RowForm {
  const { values } = scan;
  const marks = form === 'exact' ? exactMarks(values) : plainMarks(values);
  const bare = values.map(({ sql, holds }) =>
    form === 'exact' && holds !== 'integer' ? bytesOfText(sql) : sql,
  );
  const expressions = marks === undefined ? bare : [...bare, marks];
  return {
    sql: (seek) => selectSql(scan, expressions, seek),
    seekSql: scan.rowid && `${scan.rowid.sql} > ?1`,
    width: expressions.length,
    readRow(row) {
      const mark = marks === undefined ? null : row[values.length];
      const exact =
        typeof mark === 'string' ? row.map((value, at) => applyMark(value, mark.charAt(at))) : row;
      const ordered: SqlValue[] = [];
      for (const position of scan.layoutOf(plainOf(exact[0]))) {
        const value = exact[position];
        if (value === UNSIGNED_INFINITY || value === undefined) {
          throw new NeedsExactForm(`${scan.label} holds an infinity where none was expected`);
        }
        ordered.push(value);
      }
      return ordered;
    },
  };
}

function plainOf(value: WireValue | undefined): SqlValue {
  return value === undefined || value === UNSIGNED_INFINITY ? null : value;
}

/** Marks, one character a value: `t` a text sent as bytes, `+` / `-` an infinity, `.` as it stands. */
function applyMark(value: WireValue, mark: string): WireValue {
  if (mark === '+') return Number.POSITIVE_INFINITY;
  if (mark === '-') return Number.NEGATIVE_INFINITY;
  if (mark !== 't' || !(value instanceof Uint8Array)) return value;
  return textOfBytes(value);
}

function bytesOfText(sql: string): string {
  return `CASE typeof(${sql}) WHEN 'text' THEN CAST(${sql} AS BLOB) ELSE ${sql} END`;
}

function exactMarks(values: readonly ScanValue[]): string {
  return values
    .map(({ sql, holds }) =>
      holds === 'integer'
        ? "'.'"
        : `CASE typeof(${sql}) WHEN 'text' THEN 't' WHEN 'real' THEN ${signMark(sql)} ELSE '.' END`,
    )
    .join(' || ');
}

/** NULL in nearly every row: made only where an infinity is met. */
function plainMarks(values: readonly ScanValue[]): string | undefined {
  const suspects = values.filter(({ holds }) => holds === 'anything');
  if (suspects.length === 0) return undefined;
  const met = suspects.map(({ sql }) => `${sql} = 9e999 OR ${sql} = -9e999`).join(' OR ');
  const marks = values.map(({ sql, holds }) => (holds === 'integer' ? "'.'" : signMark(sql))).join(' || ');
  return `CASE WHEN ${met} THEN ${marks} END`;
}

function signMark(sql: string): string {
  return `CASE WHEN ${sql} = 9e999 THEN '+' WHEN ${sql} = -9e999 THEN '-' ELSE '.' END`;
}
