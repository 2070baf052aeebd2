/** Rows and values of a backup document: the inverse of encode.ts. */
import { Buffer } from 'node:buffer';
import { InvalidText, type Row, type SqlValue, type TableInfo } from '../model/model.ts';
import { rowLayout, valueFault } from '../model/values.ts';
import { BLOB_TAG, columnKey, isAnime, REAL_TAG, ROWID_KEY, TEXT_TAG } from './format.ts';
import { BYTE, type JsonObject, jsonKey, jsonObject, nextByte, punctuation } from './json-value.ts';
import { literal, matches, numeral, string } from './tokens.ts';
import type { ByteWindow } from './window.ts';

const NULL = Buffer.from('null');

/**
 * Returns a function that consumes one row of `table`, up to, not including, its closing brace (an
 * anime's parts may follow). The columns may stand in any order; all must be there. The row is as
 * model.ts delivers rows of the table, less its generated columns: `[rowid, ...columns]`, or
 * `[...columns]` for a WITHOUT ROWID table.
 */
export function rowDecoder(table: TableInfo): (window: ByteWindow) => Row {
  const { rowid, columns } = rowLayout(table);
  const keys = columns.map(({ name }) => columnKey(name, isAnime(table)));
  if (rowid === 'hidden') keys.unshift(ROWID_KEY);
  // As encode.ts spells them, which spares looking each key up.
  const heads = keys.map((key, i) => Buffer.from(`${i === 0 ? '{' : ','}${JSON.stringify(key)}:`));
  const alias =
    rowid === 'alias' ? columns.findIndex((column) => column === table.columns[table.rowidAlias ?? -1]) : -1;
  const rowidAt = rowid === 'hidden' ? 0 : alias;
  /** Before the columns stands the rowid that one of them carries. */
  const before = rowid === 'alias' ? 1 : 0;

  function columnAt(window: ByteWindow, number: number): number {
    punctuation(window, number === 0 ? BYTE.openBrace : BYTE.comma);
    const key = jsonKey(window);
    const at = keys.indexOf(key);
    if (at < 0) throw window.fault(`${JSON.stringify(key)} is no column`);
    return at;
  }
  return (window) => {
    const { path } = window;
    const row: SqlValue[] = [];
    if (rowid === 'alias') row.push(null);
    let inOrder = true;
    nextByte(window);
    for (let i = 0; i < heads.length; i += 1) {
      const at = matches(window, heads[i] as Buffer) ? i : columnAt(window, i);
      path.push(keys[at] as string);
      const value = decodeValue(window);
      if (at === rowidAt && typeof value !== 'bigint') throw window.fault('a rowid that is no integer');
      path.pop();
      inOrder &&= at === i;
      row[before + at] = value;
    }
    if (rowid === 'alias') row[0] = row[alias + 1] ?? null;
    const missing = inOrder ? -1 : keys.findIndex((_, i) => row[before + i] === undefined);
    if (missing >= 0) throw window.fault(`no ${JSON.stringify(keys[missing])}, and another key twice`);
    return row;
  };
}

/** Consumes one value and the space before it. */
export function decodeValue(window: ByteWindow): SqlValue {
  const byte = nextByte(window);
  if (byte === BYTE.quote) return string(window);
  if (byte === BYTE.null) {
    literal(window, NULL);
    return null;
  }
  const start = window.pos;
  if (byte === BYTE.openBrace) {
    const value = untagged(jsonObject(window));
    if (typeof value === 'string') throw window.fault(value, start);
    return value;
  }
  const value = numeral(window);
  const isBeyond = value === Infinity || value === -Infinity;
  const fault = isBeyond ? 'a number beyond the range of a double' : valueFault(value);
  if (fault !== null) throw window.fault(fault, start);
  return value;
}

/** The value that a tagged object stands for; a text says what is wrong with the object. */
export function untagged(object: JsonObject): Uint8Array | InvalidText | number | string {
  const [[tag, content] = []] = object;
  if (object.size !== 1 || typeof content !== 'string') return 'an object where a value belongs';
  if (tag === REAL_TAG) {
    if (content === 'inf') return Infinity;
    return content === '-inf' ? -Infinity : 'not an infinity';
  }
  if (tag !== BLOB_TAG && tag !== TEXT_TAG) return 'an object where a value belongs';
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(content) || content.length % 4 !== 0) return 'not base64';
  const bytes = new Uint8Array(Buffer.from(content, 'base64'));
  return tag === BLOB_TAG ? bytes : new InvalidText(bytes);
}
