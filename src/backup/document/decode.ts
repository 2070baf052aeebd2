/**
 * Rows and values of a backup document: the inverse of encode.ts. Only the form that encode.ts
 * writes is read.
 */
import { Buffer } from 'node:buffer';
import { InvalidText, type Row, type SqlValue, type TableInfo } from '../model/model.ts';
import { rowLayout, valueFault } from '../model/values.ts';
import { BLOB_TAG, columnKey, isAnime, REAL_TAG, ROWID_KEY, TEXT_TAG } from './format.ts';
import { byteAt, literal, numeral, string } from './tokens.ts';
import type { ByteWindow } from './window.ts';

const NULL = Buffer.from('null');
const BLOB = Buffer.from(`{"${BLOB_TAG}":`);
const TEXT = Buffer.from(`{"${TEXT_TAG}":`);
const REAL = Buffer.from(`{"${REAL_TAG}":`);
const CLOSE = Buffer.from('}');
/** Index of the letter that tells the tags apart. */
const TAG_LETTER = '{"$'.length;

export interface RowDecoder {
  /**
   * Consumes a row up to, not including, its closing brace. The row is as model.ts delivers rows of
   * the table, less its generated columns: `[rowid, ...columns]`, or `[...columns]` for a WITHOUT
   * ROWID table.
   */
  decode(window: ByteWindow): Row;
  /** Name of the column being decoded, for messages. */
  column(): string;
}

export function rowDecoder(table: TableInfo): RowDecoder {
  const { rowid, columns } = rowLayout(table);
  const keys = columns.map(({ name }) => columnKey(name, isAnime(table)));
  if (rowid === 'hidden') keys.unshift(ROWID_KEY);
  const heads = keys.map((key, i) => Buffer.from(`${i === 0 ? '{' : ','}${JSON.stringify(key)}:`));
  const alias =
    rowid === 'alias' ? columns.findIndex((column) => column === table.columns[table.rowidAlias ?? -1]) : -1;
  let column = 0;

  return {
    column: () => keys[column] ?? '',
    decode(window) {
      const row: SqlValue[] = [];
      if (rowid === 'alias') row.push(null);
      for (column = 0; column < heads.length; column += 1) {
        literal(window, heads[column] as Buffer);
        const value = decodeValue(window);
        const isRowid = rowid === 'hidden' ? column === 0 : column === alias;
        if (isRowid && typeof value !== 'bigint') throw window.fault('a rowid that is no integer');
        row.push(value);
      }
      if (rowid === 'alias') row[0] = row[alias + 1] ?? null;
      return row;
    },
  };
}

/** Consumes one value. */
export function decodeValue(window: ByteWindow): SqlValue {
  const byte = byteAt(window);
  if (byte === 0x22) return string(window);
  if (byte === 0x7b) return decodeTagged(window);
  if (byte === 0x6e) {
    literal(window, NULL);
    return null;
  }
  const start = window.pos;
  const value = numeral(window);
  const isBeyond = value === Infinity || value === -Infinity;
  const fault = isBeyond ? 'a number beyond the range of a double' : valueFault(value);
  if (fault !== null) throw window.fault(fault, start);
  return value;
}

function decodeTagged(window: ByteWindow): SqlValue {
  const letter = window.pos + TAG_LETTER;
  if (letter >= window.end) throw window.short();
  const tag = window.bytes[letter];
  const start = window.pos;
  literal(window, tag === TEXT[TAG_LETTER] ? TEXT : tag === REAL[TAG_LETTER] ? REAL : BLOB);
  if (byteAt(window) !== 0x22) throw window.fault('expected a string');
  const text = string(window);
  literal(window, CLOSE);
  if (tag === REAL[TAG_LETTER]) {
    if (text !== 'inf' && text !== '-inf') throw window.fault('not an infinity', start);
    return text === 'inf' ? Infinity : -Infinity;
  }
  const bytes = fromBase64(text);
  if (bytes === null) throw window.fault('not base64', start);
  return tag === TEXT[TAG_LETTER] ? new InvalidText(bytes) : bytes;
}

/** Null for anything but what an encoder would write. */
function fromBase64(text: string): Uint8Array | null {
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(text) || text.length % 4 !== 0) return null;
  return new Uint8Array(Buffer.from(text, 'base64'));
}
