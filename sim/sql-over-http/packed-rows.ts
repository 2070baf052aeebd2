/**
 * Rows of stored columns, a whole row to a value: SQLite itself writes each row as a JSON array, which comes through libsql's binding as
 * one hex string. A value through the binding costs as much as reading the row, and this is what a cursor over a whole database spends
 * its time on. Only for plain columns of tables: an expression may yield JSON that SQLite would put in as it is.
 */
import { isUtf8 } from 'node:buffer';
import { SqlFailure, Unencodable } from './sql-errors.ts';
import { encodeFloat } from './wire-values.ts';

/** What the binding tells of a result column. */
export interface ResultColumn {
  readonly column: string | null;
  readonly table: string | null;
  readonly type: string | null;
}

/** The query with each row as the hex of a JSON array; undefined where rows can not be packed. */
export function packedSql(sql: string, columns: readonly ResultColumn[]): string | undefined {
  if (columns.length === 0 || columns.some(({ column, table }) => column === null || table === null))
    return undefined;
  // Table-valued functions have columns too.
  if (/json/i.test(sql)) return undefined;
  const values = columns.map(({ type }, i) => packedValue(`c${i}`, type ?? ''));
  const names = columns.map((_, i) => `c${i}`);
  // The line break ends a comment that the text may close with.
  return `WITH "result set"(${names.join(', ')}) AS (${sql}\n) SELECT hex(json_array(${values.join(', ')})) FROM "result set"`;
}

/** Integers, texts and NULL as JSON has them; a blob as an array of its hex, a REAL as one of its digits (19 tell any apart) and sign. */
function packedValue(name: string, type: string): string {
  const blob = `WHEN ${name} >= x'' THEN json_array(hex(${name}))`;
  // A column of TEXT affinity turns numbers into texts (sqlite.org/datatype3.html 3.1).
  const real = /INT/i.test(type) || !/CHAR|CLOB|TEXT/i.test(type);
  if (!real) return `CASE ${blob} ELSE ${name} END`;
  // -0.0 is told from 0.0 by its angle alone.
  const digits = `CASE WHEN ${name} = 0.0 AND atan2(${name}, -1) < 0 THEN '-0.0' ELSE printf('%!.19g', ${name}) END`;
  return `CASE WHEN typeof(${name}) = 'real' THEN json_array(${digits}, 0) ${blob} ELSE ${name} END`;
}

/** What is encoded and sent at once. */
const BATCH_ROWS = 500;
const BATCH_BYTES = 64 * 1024;

const ROW = Buffer.from('{"type":"row","row":[');
const ROW_END = Buffer.from(']}\n');
const INTEGER = Buffer.from('{"type":"integer","value":"');
const TEXT = Buffer.from('{"type":"text","value":');
const NULL = Buffer.from('{"type":"null"}');
/** More than any of these adds to a value, and to a row. */
const FRAME_BYTES = 48;

const [QUOTE, BACKSLASH, COMMA, OPEN, CLOSE, BRACE, LETTER_N] = [0x22, 0x5c, 0x2c, 0x5b, 0x5d, 0x7d, 0x6e];

/** Packed rows on their way to the cursor's lines. */
export class PackedBatch {
  readonly #columns: number;
  readonly #rowBytes: number;
  readonly #rows: string[] = [];
  #characters = 0;

  constructor(columns: number, rowBytes: number) {
    this.#columns = columns;
    this.#rowBytes = rowBytes;
  }

  get hasRoom(): boolean {
    return this.#rows.length < BATCH_ROWS && this.#characters < 2 * BATCH_BYTES;
  }

  add([hex]: readonly unknown[]): void {
    if (typeof hex !== 'string') throw new TypeError('a packed row is no text');
    this.#rows.push(hex);
    this.#characters += hex.length;
  }

  /** Row entries, each with its line break. Throws {@link Unencodable} for a text that is not UTF-8, {@link SqlFailure} for a value too long. */
  encode(): Buffer {
    const packed = Buffer.from(this.#rows.join(''), 'hex');
    if (!isUtf8(packed)) throw new Unencodable('invalid utf-8 sequence in a text');
    const most = packed.length + this.#rows.length * (this.#columns + 1) * FRAME_BYTES;
    const writer = new LineWriter(packed, Buffer.allocUnsafe(most), this.#rowBytes);
    for (let i = 0; i < this.#rows.length; i += 1) writer.row();
    return writer.done();
  }
}

class LineWriter {
  readonly #from: Buffer;
  readonly #to: Buffer;
  readonly #valueBytes: number;
  #at = 0;
  #end = 0;

  constructor(from: Buffer, to: Buffer, valueBytes: number) {
    this.#from = from;
    this.#to = to;
    this.#valueBytes = valueBytes;
  }

  row(): void {
    this.#put(ROW);
    this.#expect(OPEN);
    for (;;) {
      this.#value();
      if (this.#from[this.#at] !== COMMA) break;
      this.#at += 1;
      this.#to[this.#end++] = COMMA;
    }
    this.#expect(CLOSE);
    this.#put(ROW_END);
  }

  done(): Buffer {
    if (this.#at !== this.#from.length) throw new TypeError('packed rows go on after their end');
    return this.#to.subarray(0, this.#end);
  }

  #value(): void {
    const first = this.#from[this.#at];
    if (first === QUOTE) {
      const end = this.#stringEnd();
      this.#checkText(end);
      this.#put(TEXT);
      this.#copy(end);
      this.#to[this.#end++] = BRACE;
    } else if (first === OPEN) this.#special();
    else if (first === LETTER_N) {
      this.#at += 4; // null
      this.#put(NULL);
    } else {
      this.#put(INTEGER);
      this.#copy(this.#integerEnd());
      this.#to[this.#end++] = QUOTE;
      this.#to[this.#end++] = BRACE;
    }
  }

  /** `["00FF"]` a blob, `["1.5",0]` a REAL. */
  #special(): void {
    this.#expect(OPEN);
    const end = this.#stringEnd();
    const text = this.#from.toString('latin1', this.#at + 1, end - 1);
    this.#at = end;
    if (this.#from[this.#at] === COMMA) {
      this.#at += 2;
      this.#write(`{"type":"float","value":${encodeFloat(Number(text.replace('Inf', 'Infinity')))}}`);
    } else {
      if (text.length / 2 > this.#valueBytes) throw tooBig();
      const base64 = Buffer.from(text, 'hex').toString('base64').replaceAll('=', '');
      this.#write(`{"type":"blob","base64":"${base64}"}`);
    }
    this.#expect(CLOSE);
  }

  /** Where the string that begins here ends, quotes included. */
  #stringEnd(): number {
    const from = this.#from;
    let at = this.#at + 1;
    while (from[at] !== QUOTE) {
      if (at >= from.length) throw new TypeError('a packed text has no end');
      at += from[at] === BACKSLASH ? 2 : 1;
    }
    return at + 1;
  }

  #integerEnd(): number {
    let at = this.#at;
    for (;;) {
      const byte = this.#from[at];
      if (byte === COMMA || byte === CLOSE) break;
      // Digits and a sign: whatever else is a value that was not foreseen, and would be sent wrong.
      if (byte !== 0x2d && (byte === undefined || byte < 0x30 || byte > 0x39))
        throw new TypeError('a packed value is neither text nor integer');
      at += 1;
    }
    return at;
  }

  #checkText(end: number): void {
    // Escapes only make a text longer.
    if (end - this.#at - 2 <= this.#valueBytes) return;
    const text: unknown = JSON.parse(this.#from.toString('utf8', this.#at, end));
    if (Buffer.byteLength(String(text)) > this.#valueBytes) throw tooBig();
  }

  #copy(end: number): void {
    if (end - this.#at > 64) {
      this.#from.copy(this.#to, this.#end, this.#at, end);
      this.#end += end - this.#at;
      this.#at = end;
    } else while (this.#at < end) this.#to[this.#end++] = this.#from[this.#at++] ?? 0;
  }

  #put(bytes: Uint8Array): void {
    const { length } = bytes;
    for (let i = 0; i < length; i += 1) this.#to[this.#end++] = bytes[i] ?? 0;
  }

  #write(text: string): void {
    this.#end += this.#to.write(text, this.#end, 'latin1');
  }

  #expect(byte: number): void {
    if (this.#from[this.#at] !== byte) throw new TypeError('a packed row is not as SQLite writes it');
    this.#at += 1;
  }
}

function tooBig(): SqlFailure {
  return new SqlFailure('SQLITE_TOOBIG', 'SQLite error: string or blob too big');
}
