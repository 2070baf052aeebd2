/**
 * How the rows of a scan are put for a server, and put together again. JSON carries a value's type,
 * but neither the sign of an infinity nor a text that is not UTF-8 (the server fails the whole
 * request over one). Two forms:
 * - quick: the row packed into one text (packed-row.ts); where REAL values are to be expected, bare
 *   values and an extra column that tells
 *   the signs of infinities;
 * - exact: every text as its bytes, the extra column tells texts from blobs and the signs
 *   everywhere. Quick is what nearly every database needs. What it cannot carry is noticed, never
 *   guessed: {@link NeedsExactForm}.
 */
import type { Row, SqlValue } from '../model/model.ts';
import { textOfBytes } from '../model/text-bytes.ts';
import type { RowReader } from '../sql-http/cursor-entries.ts';
import { UNSIGNED_INFINITY, WireError, type WireValue } from '../sql-http/wire.ts';
import { NeedsExactForm } from './needs-exact-form.ts';
import { canPack, chain, packedSql, unpackRow } from './packed-row.ts';
import { fixedLayout, type ScanSql, type ScanValue, selectSql } from './scan-sql.ts';

export type FormName = 'quick' | 'exact';

/** Both ways of reading a row throw {@link NeedsExactForm}. */
export interface RowForm extends RowReader {
  /** What the SELECT asks for. */
  readonly expressions: readonly string[];
  /** The SELECT, with a further condition if one is given. */
  sql(seek?: string): string;
  /**
   * The condition that seeks rows behind a rowid (parameter 1, a row's first value), where the scan
   * has one.
   */
  readonly seekSql: string | undefined;
}

export function rowForm(scan: ScanSql, form: FormName): RowForm {
  return form === 'quick' && canPack(scan.values) ? packedForm(scan) : columnsForm(scan, form);
}

function packedForm(scan: ScanSql): RowForm {
  const { values, layoutOf } = scan;
  const isAsSelected = fixedLayout(scan)?.every((position, at) => position === at) === true;
  const readText = (text: string, from: number, to: number): Row => {
    const row = unpackRow(text, from, to, values.length);
    return isAsSelected ? row : layoutOf(row[0] ?? null).map((position) => row[position] ?? null);
  };
  const expressions = [packedSql(values)];
  return {
    readText,
    expressions,
    sql: (seek) => selectSql(scan, expressions, seek),
    seekSql: seekSql(scan),
    width: 1,
    readRow([packed]) {
      if (typeof packed !== 'string') throw new WireError('a packed row that is no text');
      return readText(packed, 0, packed.length);
    },
  };
}

function seekSql({ rowid }: ScanSql): string | undefined {
  return rowid && `${rowid.sql} > ?1`;
}

function columnsForm(scan: ScanSql, form: FormName): RowForm {
  const { values } = scan;
  const marks = form === 'exact' ? exactMarks(values) : signMarks(values);
  const bare = values.map(({ sql, holds }) =>
    form === 'exact' && holds !== 'integer' ? bytesOfText(sql) : sql,
  );
  const expressions = marks === undefined ? bare : [...bare, marks];
  return {
    expressions,
    sql: (seek) => selectSql(scan, expressions, seek),
    seekSql: seekSql(scan),
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

/**
 * Marks, one character a value: `t` a text sent as bytes, `+` / `-` an infinity, `.` as it stands.
 */
function applyMark(value: WireValue, mark: string): WireValue {
  if (mark === '+') return Number.POSITIVE_INFINITY;
  if (mark === '-') return Number.NEGATIVE_INFINITY;
  if (mark !== 't' || !(value instanceof Uint8Array)) return value;
  return textOfBytes(value);
}

function bytesOfText(sql: string): string {
  // The marks tell of infinities: some clients refuse a whole answer over one.
  const finite = `nullif(nullif(${sql}, 9e999), -9e999)`;
  return `CASE typeof(${sql}) WHEN 'text' THEN CAST(${sql} AS BLOB) WHEN 'real' THEN ${finite} ELSE ${sql} END`;
}

function exactMarks(values: readonly ScanValue[]): string {
  const marks = values.map(({ sql, holds }) =>
    holds === 'integer'
      ? "'.'"
      : `CASE typeof(${sql}) WHEN 'text' THEN 't' WHEN 'real' THEN ${signMark(sql)} ELSE '.' END`,
  );
  return chain(marks, ' || ');
}

/** NULL in nearly every row: made only where an infinity is met. */
function signMarks(values: readonly ScanValue[]): string | undefined {
  const suspects = values.filter(({ holds }) => holds === 'anything');
  if (suspects.length === 0) return undefined;
  const met = chain(
    suspects.map(({ sql }) => `${sql} = 9e999 OR ${sql} = -9e999`),
    ' OR ',
  );
  const marks = values.map(({ sql, holds }) => (holds === 'integer' ? "'.'" : signMark(sql)));
  return `CASE WHEN ${met} THEN ${chain(marks, ' || ')} END`;
}

function signMark(sql: string): string {
  return `CASE WHEN ${sql} = 9e999 THEN '+' WHEN ${sql} = -9e999 THEN '-' ELSE '.' END`;
}
