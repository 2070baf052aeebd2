/** Rows on their way to JSON, and the longest value that the server takes. */
import { decodeHexTexts } from './hex-texts.ts';
import { SqlFailure } from './sql-errors.ts';
import { encodeValue, type NativeValue } from './wire-values.ts';

/** What is encoded and sent at once: a chunk worth a write, in a millisecond or so. */
const BATCH_ROWS = 250;
const BATCH_BYTES = 64 * 1024;

/**
 * Rows on their way to JSON; their texts are decoded together. RETURNING and PRAGMA cannot stand
 * inside another query: their texts are taken as the binding reads them.
 */
export class RowBatch {
  readonly #rows: NativeValue[][] = [];
  readonly #texts: string[] = [];
  readonly #isHex: boolean;
  readonly #rowBytes: number;
  #bytes = 0;

  constructor(isHex: boolean, rowBytes: number) {
    this.#isHex = isHex;
    this.#rowBytes = rowBytes;
  }

  get hasRoom(): boolean {
    return this.#rows.length < BATCH_ROWS && this.#bytes < BATCH_BYTES;
  }

  add(values: NativeValue[]): void {
    for (const value of values) {
      if (typeof value === 'string') {
        const bytes = this.#isHex ? value.length / 2 : value.length;
        if (bytes > this.#rowBytes) throw tooBig();
        this.#bytes += bytes;
        this.#texts.push(value);
      } else if (value instanceof Uint8Array) {
        checkSize(value, this.#rowBytes);
        this.#bytes += value.byteLength;
      }
    }
    this.#rows.push(values);
  }

  /** Each row as a JSON array. */
  encode(): string[] {
    const texts = this.#isHex ? decodeHexTexts(this.#texts) : this.#texts;
    let next = 0;
    return this.#rows.map((values) => {
      let json = '';
      for (const value of values) {
        if (json !== '') json += ',';
        json += encodeValue(typeof value === 'string' ? (texts[next++] ?? '') : value);
      }
      return `[${json}]`;
    });
  }
}

export function checkSize(value: NativeValue, limit: number): void {
  const bytes = typeof value === 'string' ? value.length : value instanceof Uint8Array ? value.byteLength : 0;
  if (bytes > limit) throw tooBig();
}

function tooBig(): SqlFailure {
  return new SqlFailure('SQLITE_TOOBIG', 'SQLite error: string or blob too big');
}
