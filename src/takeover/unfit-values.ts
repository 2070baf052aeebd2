/**
 * Values that the bot could not read back. It finds them without reading them as text (libsql
 * aborts the process over a text that is not UTF-8), makes them fit by the rules of an import
 * (fit.ts), and writes down what they were.
 */

import { inEnglish } from '../backup/document/reasons.ts';
import { type ColumnKind, fitValue, largest } from '../backup/import/fit.ts';
import { InvalidText, type SqlValue } from '../backup/model/model.ts';
import { all, type Database, type SqlArg, type Statement, sql } from '../db/database.ts';
import { quoteName } from '../lib/sql-tokens.ts';
import { OLD_VALUES } from './our-schema.ts';

export interface ScannedColumn {
  /** Ours. */
  readonly name: string;
  /** The table's spelling. */
  readonly spelled: string;
  readonly kind: ColumnKind;
  /** Characters that it may have; left out for a database of the bot's own, whose values stay. */
  readonly limit?: number | undefined;
}

export interface MendedValue {
  readonly column: ScannedColumn;
  readonly type: string;
  /** What {@link keyOf} gives. */
  readonly key: Uint8Array;
  readonly value: SqlArg;
  readonly note: string;
  /** Rows that hold it. */
  readonly count: number;
}

/** Distinct values in a question: some megabytes of answer. */
const PAGE = 20_000;
/** Values in an answer row. */
const GROUP = 200;

/**
 * Bytes that tell a value of its type; for a real its digits, which the bytes of its text would
 * round.
 */
export const keyOf = (column: string): string =>
  `CASE typeof(${column}) WHEN 'real' THEN CAST(printf('%!.17g', ${column}) AS BLOB) ELSE CAST(${column} AS BLOB) END`;

/**
 * SQLite's own reader turns every byte beyond ASCII into a number beyond it, valid or not; GLOB and
 * `length` end at a NUL.
 */
const BEYOND_ASCII = "GLOB '*[^' || char(1) || '-' || char(127) || ']*'";

/**
 * True for every value that may be unfit, and for any text beyond ASCII, which only its bytes can
 * judge.
 */
function isSuspect(column: string, { kind, limit }: Pick<ScannedColumn, 'kind' | 'limit'>): string {
  const isUnfit = mayBeUnfit(column, kind);
  return limit === undefined
    ? isUnfit
    : `(${isUnfit} OR (typeof(${column}) = 'text' AND length(${column}) > ${limit}))`;
}

function mayBeUnfit(column: string, kind: ColumnKind): string {
  if (kind === 'integer' || kind === 'id')
    return `(typeof(${column}) NOT IN ('integer', 'null') OR ${column} NOT BETWEEN -${largest(kind)} AND ${largest(kind)})`;
  // Few rows have one, and only JavaScript reads an address.
  if (kind === 'link') return `${column} IS NOT NULL`;
  if (kind === 'time') return `(${column} IS NOT NULL AND ${column} NOT GLOB '[0-9][0-9][0-9][0-9]-*')`;
  const glob = kind === 'file' ? "GLOB '*[^-A-Za-z0-9_.]*'" : BEYOND_ASCII;
  const isOdd = `${column} ${glob} OR length(CAST(${column} AS BLOB)) <> length(${column})`;
  const isEmpty = kind === 'file' ? ` OR ${column} = ''` : '';
  return `(typeof(${column}) = 'blob' OR (typeof(${column}) = 'text' AND (${isOdd}${isEmpty})))`;
}

/** True of rows that may hold an unfit value. */
export function suspects(columns: readonly ScannedColumn[]): string {
  return columns.map((column) => isSuspect(quoteName(column.spelled), column)).join(' OR ');
}

/** Distinct values of each column that an import would change. */
export async function findUnfit(
  db: Database,
  table: string,
  columns: readonly ScannedColumn[],
): Promise<MendedValue[]> {
  const found: MendedValue[] = [];
  for (const column of columns) {
    const name = quoteName(column.spelled);
    for (let offset = 0; ; offset += PAGE) {
      const [groups] = await db.read([
        all(
          sql(
            `SELECT type, group_concat(bytes || ':' || n, ' ') AS texts FROM (SELECT type, bytes, n, ROW_NUMBER() OVER () / ${GROUP} AS part
               FROM (SELECT typeof(${name}) AS type, hex(${keyOf(name)}) AS bytes, COUNT(*) AS n FROM ${quoteName(table)}
                     WHERE ${isSuspect(name, column)} GROUP BY 1, 2 ORDER BY 1, 2 LIMIT ${PAGE} OFFSET ${offset})) GROUP BY part, type`,
          ),
          (row) => ({ type: row.text('type'), texts: row.text('texts').split(' ') }),
        ),
      ]);
      let count = 0;
      for (const { type, texts } of groups) {
        count += texts.length;
        for (const text of texts) {
          const [bytes = '', n] = text.split(':');
          found.push(...mendedValues(column, type, Buffer.from(bytes, 'hex'), Number(n)));
        }
      }
      if (count < PAGE) break;
    }
  }
  return found;
}

function mendedValues(column: ScannedColumn, type: string, key: Buffer, count: number): MendedValue[] {
  const value = storedValue(type, key);
  const fitted = fitValue(column.kind, value, column.limit);
  if (fitted.change === undefined && fitted.value === value) return [];
  if (fitted.value instanceof InvalidText || fitted.value instanceof Uint8Array) return [];
  // Without the value itself: people's words do not belong in a log. Digits stored as text are the
  // number that they always meant.
  const note =
    fitted.note === undefined
      ? fitted.value === null
        ? 'says nothing'
        : 'made a number'
      : inEnglish({
          code: fitted.note.code,
          detail: fitted.note.code === 'too-long' ? fitted.note.detail : 'it',
        });
  return [{ column, type, key: new Uint8Array(key), value: fitted.value, note, count }];
}

function storedValue(type: string, key: Buffer): SqlValue {
  if (type === 'blob') return new Uint8Array(key);
  if (type === 'real') return Number(key.toString());
  if (type === 'integer') return BigInt(key.toString());
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(key);
  } catch {
    return new InvalidText(new Uint8Array(key));
  }
}

export const OLD_VALUES_COLUMNS = `
  table_name TEXT, column_name TEXT, type TEXT, bytes BLOB, became, note TEXT, count INTEGER,
  PRIMARY KEY (table_name, column_name, type, bytes)
`;

/**
 * The original goes to `old_values`; `holder` is the table that changes, `table` the one that names
 * it.
 */
export function mendStatements(
  table: string,
  holder: string,
  values: readonly MendedValue[],
  kept: string = OLD_VALUES,
): readonly Statement[] {
  const statements = values.map(({ column, type, key, value, note, count }) =>
    sql(
      `INSERT INTO ${quoteName(kept)} VALUES (?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT (table_name, column_name, type, bytes)
       DO UPDATE SET became = excluded.became, note = excluded.note, count = excluded.count`,
      table,
      column.name,
      type,
      key,
      value,
      note,
      count,
    ),
  );
  for (const column of new Set(values.map((one) => one.column))) {
    const name = quoteName(column.spelled);
    statements.push(
      sql(
        `UPDATE ${quoteName(holder)} AS t SET ${name} = v.became FROM ${quoteName(kept)} AS v
         WHERE v.table_name = '${table}' AND v.column_name = '${column.name}' AND v.type = typeof(t.${name})
           AND v.bytes = ${keyOf(`t.${name}`)} AND ${isSuspect(`t.${name}`, column)}`,
      ),
    );
  }
  return statements;
}

/** `anime.title: 2 values, not a text (kept in old_values)` */
export function valuesNote(place: string, count: number, note: string, kept: string = OLD_VALUES): string {
  return `${place}: ${count === 1 ? '1 value' : `${count} values`}, ${note} (kept in ${kept})`;
}
