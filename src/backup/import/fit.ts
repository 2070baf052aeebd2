/**
 * Values of a file as the bot can read them again. A row's other readers are not as forgiving as
 * SQLite: libsql's native binding ends a text at its first NUL and aborts the whole process over
 * one that is not UTF-8, and a word in a column of numbers breaks every list that the row stands in
 * (docs/decisions.md, "What an import does to values"). Pure.
 */
import { isTelegramLink } from '../../lib/telegram-link.ts';
import { cut, limitOfText } from '../../text/text-limits.ts';
import { quoted, type Reason, reason } from '../document/reasons.ts';
import { InvalidText, type SqlValue } from '../model/model.ts';
import { valueFault } from '../model/values.ts';

/**
 * What a column takes. `token`: an id of Telegram's that is text; `file`: such an id of a file;
 * `link`: a chat's address; `time`: a time, or nothing; `any`: of a column whose type says nothing.
 */
export type ColumnKind = 'integer' | 'id' | 'text' | 'token' | 'file' | 'link' | 'time' | 'any';

export interface Fitted {
  readonly value: SqlValue;
  /** What was done to it, and why; undefined when it is as it was. */
  readonly note?: Reason;
  /** `mended`: the value is another now. `left out`: there is none any more. */
  readonly change?: 'mended' | 'left out';
}

/** By declared type, and by name where it is an id or a time. */
export function kindOfColumn(name: string, declaredType: string): ColumnKind {
  if (/INT/i.test(declaredType)) return name.endsWith('id') ? 'id' : 'integer';
  if (!/CHAR|CLOB|TEXT/i.test(declaredType)) return 'any';
  if (/^(file|photo)_id$/.test(name)) return 'file';
  if (/^(invite_)?link$/.test(name)) return 'link';
  if (/^(banned|blocked|deleted)_at$/.test(name)) return 'time';
  return name.endsWith('_id') ? 'token' : 'text';
}

/** The most characters of a value that comes from a file; undefined for what is no text. */
export function limitOf(kind: ColumnKind, name: string): number | undefined {
  if (kind === 'integer' || kind === 'id' || kind === 'any') return undefined;
  return kind === 'token' || kind === 'file' ? MOST_OF_ID : limitOfText(name);
}

/** Several times Telegram's longest ids. */
const MOST_OF_ID = 512;

/** @param limit {@link limitOf}; left out for values of the bot's own database, which stay whole */
export function fitValue(kind: ColumnKind, value: SqlValue, limit?: number): Fitted {
  const fitted = fitKind(kind, value);
  if (limit === undefined || typeof fitted.value !== 'string') return fitted;
  const short = cut(fitted.value, limit);
  if (short === fitted.value) return fitted;
  const note = reason('too-long', String(limit));
  // With a character missing it is another id, or none.
  return isId(kind) ? leftOut(note) : { value: short, change: 'mended', note };
}

function isId(kind: ColumnKind): boolean {
  return kind === 'token' || kind === 'file' || kind === 'link';
}

function fitKind(kind: ColumnKind, value: SqlValue): Fitted {
  if (value === null) return { value };
  if (kind === 'integer' || kind === 'id') return integer(value, kind);
  if (typeof value === 'string' || value instanceof InvalidText) return text(kind, value);
  if (kind === 'any') return { value };
  if (value instanceof Uint8Array) return leftOut(reason('not-a-text'));
  return text(kind, String(value));
}

/**
 * Base64 for addresses, which is what Telegram's ids of files are made of; dots are no part of it,
 * but stand in nobody's link or path alone.
 */
const FILE_ID = /^[\w.-]+$/;
/** How a program says "no" where a time belongs. */
const NO_TIME = /^(0|0\.0|false|no|none|null|yo['‘ʻ]?q)?$/i;

function text(kind: ColumnKind, value: string | InvalidText): Fitted {
  if (typeof value !== 'string' || value.includes('\0')) return unreadable(kind, value);
  if (kind === 'file') {
    if (value.trim() === '') return { value: null };
    return FILE_ID.test(value) ? { value } : leftOut(reason('no-file-id', quoted(value)));
  }
  // Viewers are sent there: as when an admin types it, it leads into Telegram or nowhere.
  if (kind === 'link') {
    if (value.trim() === '') return { value: null };
    return isTelegramLink(value) ? { value } : leftOut(reason('no-chat-link', quoted(value)));
  }
  if (kind !== 'time') return { value };
  if (NO_TIME.test(value.trim())) return { value: null };
  return /^\d{4}-\d\d-\d\d/.test(value)
    ? { value }
    : { value: SOME_TIME, change: 'mended', note: reason('is-no-time', quoted(value)) };
}

/** Since when is not known; that it is so (a ban) matters more. */
const SOME_TIME = '1970-01-01 00:00:00';

function unreadable(kind: ColumnKind, value: string | InvalidText): Fitted {
  const isValid = typeof value === 'string';
  // With a character missing it is another id, or none.
  if (isId(kind)) return leftOut(reason(isValid ? 'nul' : 'not-utf8'));
  const whole = isValid ? value : new TextDecoder('utf-8', { ignoreBOM: true }).decode(value.bytes);
  const note = reason(isValid ? 'nul-removed' : 'not-utf8-replaced');
  return { value: whole.replaceAll('\0', ''), change: 'mended', note };
}

/**
 * The bot reads every number as a double. What it counts on must have room to grow in one; an id
 * need not.
 */
export function largest(kind: 'integer' | 'id'): number {
  return kind === 'id' ? Number.MAX_SAFE_INTEGER : 2 ** 52;
}

function integer(value: SqlValue, kind: 'integer' | 'id'): Fitted {
  const exact = exactInteger(value);
  if (exact === undefined || valueFault(exact) !== null) return leftOut(reason('not-an-integer'));
  if (exact !== null && Math.abs(Number(exact)) > largest(kind))
    return leftOut(reason('too-large', String(exact)));
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

function leftOut(note: Reason): Fitted {
  return { value: null, change: 'left out', note };
}
