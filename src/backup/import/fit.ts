/**
 * Values of a file as the bot can read them again. A row's other readers are not as forgiving as SQLite: libsql's native binding ends a
 * text at its first NUL and aborts the whole process over one that is not UTF-8, and a word in a column of numbers breaks every list
 * that the row stands in (docs/decisions.md, "What an import does to values"). Pure.
 */
import { InvalidText, type SqlValue } from '../model.ts';
import { valueFault } from '../values.ts';

/** What a column takes. `token`: an id of Telegram's that is text (`file_id`); `any`: of a column whose type says nothing. */
export type ColumnKind = 'integer' | 'id' | 'text' | 'token' | 'any';

export interface Fitted {
  readonly value: SqlValue;
  /** What was done to it, in words; undefined when it is as it was. */
  readonly note?: string;
  /** `mended`: the value is another now. `left out`: there is none any more. */
  readonly change?: 'mended' | 'left out';
}

/** By declared type, and by name where it is an id. */
export function kindOfColumn(name: string, declaredType: string): ColumnKind {
  if (/INT/i.test(declaredType)) return name.endsWith('id') ? 'id' : 'integer';
  if (/CHAR|CLOB|TEXT/i.test(declaredType)) return name.endsWith('_id') ? 'token' : 'text';
  return 'any';
}

export function fitValue(kind: ColumnKind, value: SqlValue): Fitted {
  if (value === null) return { value };
  if (kind === 'integer' || kind === 'id') return integer(value, kind);
  if (typeof value === 'string' || value instanceof InvalidText) return text(kind, value);
  if (kind === 'any') return { value };
  if (value instanceof Uint8Array) return leftOut('not a text');
  return { value: String(value) };
}

function text(kind: ColumnKind, value: string | InvalidText): Fitted {
  const isValid = typeof value === 'string';
  if (isValid && !value.includes('\0')) return { value };
  const fault = isValid ? 'a NUL character in it' : 'bytes in it that are not UTF-8';
  // With a character missing it is another id, or none.
  if (kind === 'token') return leftOut(fault);
  const whole = isValid ? value : new TextDecoder('utf-8', { ignoreBOM: true }).decode(value.bytes);
  const note = `${fault}: ${isValid ? 'left out' : 'each became U+FFFD'}`;
  return { value: whole.replaceAll('\0', ''), change: 'mended', note };
}

/** Ids keep every digit SQLite can hold; numbers to reckon with must be exact in a double, too. */
function integer(value: SqlValue, kind: 'integer' | 'id'): Fitted {
  const exact = exactInteger(value);
  if (exact === undefined || valueFault(exact) !== null) return leftOut('not an integer');
  if (kind === 'integer' && exact !== null && !Number.isSafeInteger(Number(exact)))
    return leftOut(`${exact} is too large`);
  return { value: exact };
}

function exactInteger(value: SqlValue): bigint | null | undefined {
  if (typeof value === 'bigint') return value;
  if (typeof value === 'number') return Number.isSafeInteger(value) ? BigInt(value) : undefined;
  if (typeof value !== 'string') return undefined;
  const digits = value.trim();
  if (digits === '') return null;
  return /^[+-]?\d{1,20}$/.test(digits) ? BigInt(digits.replace('+', '')) : undefined;
}

function leftOut(note: string): Fitted {
  return { value: null, change: 'left out', note };
}
