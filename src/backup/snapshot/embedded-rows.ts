/** Rows through libsql's binding, exactly. Node only. */
import type Database from 'libsql';
import type { Row, SqlValue } from '../model.ts';
import { decodeHexTexts, textOfBytes } from './hex-texts.ts';
import { type ScanSql, selectSql } from './scan-sql.ts';

/** The binding fetches a hundred rows at once, so values beyond this many bytes are left out and fetched one by one. */
const LARGE_BYTES = 64 * 1024;
/** What stands for a large value in the scan; neither is hex. */
const LARGE = { text: 'T', blob: 'B' };

/** The SELECT of a scan in the form {@link readHexRows} understands. */
export function embeddedSelect(scan: ScanSql): string {
  const expressions = scan.values.map(({ sql, holds }) => {
    if (holds === 'integer') return sql;
    const text = `hex(${sql})`;
    if (scan.rowid === undefined) return `CASE typeof(${sql}) WHEN 'text' THEN ${text} ELSE ${sql} END`;
    return (
      `CASE typeof(${sql}) WHEN 'text' THEN iif(octet_length(${sql}) > ${LARGE_BYTES}, '${LARGE.text}', ${text}) ` +
      `WHEN 'blob' THEN iif(octet_length(${sql}) > ${LARGE_BYTES}, '${LARGE.blob}', ${sql}) ELSE ${sql} END`
    );
  });
  return selectSql(scan, expressions);
}

/** The bytes of one large value, by its row's rowid. */
export function fetchLarge(db: Database.Database, scan: ScanSql, key: unknown, position: number): Uint8Array {
  const expression = scan.values[position]?.sql;
  if (scan.rowid === undefined || expression === undefined) throw new Error(`${scan.label} has no rowid`);
  const { table, sql } = scan.rowid;
  const found = db
    .prepare(`SELECT CAST(${expression} AS BLOB) FROM ${table} WHERE ${sql} = ?`)
    .raw()
    .get([key]);
  const bytes = Array.isArray(found) ? found[0] : undefined;
  if (!(bytes instanceof Uint8Array)) throw new Error(`${scan.label} lost a large value`);
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** Turns what the binding gave into rows. `fetch` gets a row's rowid and a position in the scan's values. */
export function readHexRows(
  scan: Pick<ScanSql, 'layoutOf'>,
  rows: readonly (readonly unknown[])[],
  fetch: (rowid: unknown, position: number) => Uint8Array,
): Row[] {
  const hex: string[] = [];
  for (const row of rows) {
    for (const value of row) if (typeof value === 'string' && isHex(value)) hex.push(value);
  }
  const texts = decodeHexTexts(hex);
  let nextText = 0;
  return rows.map((row) => {
    const values = row.map((value, position): SqlValue => {
      if (typeof value === 'string') {
        if (isHex(value)) return texts[nextText++] ?? '';
        const bytes = fetch(row[0], position);
        return value === LARGE.blob ? bytes : textOfBytes(bytes);
      }
      if (value === null || typeof value === 'bigint' || typeof value === 'number') return value;
      if (value instanceof Uint8Array)
        return new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
      throw new TypeError(`libsql returned a ${typeof value}`);
    });
    return scan.layoutOf(values[0] ?? null).map((position) => values[position] ?? null);
  });
}

function isHex(value: string): boolean {
  return value !== LARGE.text && value !== LARGE.blob;
}
