/** Fields of old documents as the columns of the schema (docs/spec/bot.md, "Data") want them. */
import type { SqlValue } from '../model/model.ts';
import { valueFault } from '../model/values.ts';
import { untagged } from './decode.ts';
import type { JsonValue } from './json-value.ts';
import { quoted, type Reason, type ReasonCode, reason } from './reasons.ts';

/** A value that could not be taken, and why. */
export class Refused {
  readonly reason: Reason;
  constructor(code: ReasonCode, detail = '') {
    this.reason = reason(code, detail);
  }
}

export type FieldKind = 'integer' | 'text' | 'time' | 'any';

/**
 * - integer: JSON integers, integral reals that are still exact, and digits in a string; an empty
 *   string is NULL.
 * - text: strings, and text that is not UTF-8; numbers become their digits.
 * - time: see {@link utcTime}.
 * - any: scalars as they are (booleans as 1 and 0), the tagged objects of our own documents.
 */
export function fieldValue(kind: FieldKind, value: JsonValue, utcOffsetMinutes: number): SqlValue | Refused {
  if (value === null) return null;
  // A number beyond a double's range: an infinity of ours is a tagged object.
  if (value === Infinity || value === -Infinity)
    return new Refused('too-large', value > 0 ? '> 1.8e308' : '< -1.8e308');
  if (kind === 'integer') return integer(value);
  if (value instanceof Map) {
    const tagged = untagged(value);
    return typeof tagged === 'string' ? new Refused('is-an-object') : tagged;
  }
  if (kind === 'text' && (typeof value === 'bigint' || typeof value === 'number')) return String(value);
  if (kind === 'text' && typeof value !== 'string') return new Refused('not-a-text');
  if (kind === 'time')
    return typeof value === 'string' ? utcTime(value, utcOffsetMinutes) : new Refused('not-a-time');
  if (typeof value === 'boolean') return value ? 1n : 0n;
  if (Array.isArray(value)) return new Refused('is-a-list');
  return valueFault(value) === null ? value : faulty(value);
}

function integer(value: JsonValue): bigint | null | Refused {
  let exact: bigint;
  if (typeof value === 'bigint') {
    exact = value;
  } else if (typeof value === 'number') {
    if (!Number.isSafeInteger(value)) return new Refused('not-exact', String(value));
    exact = BigInt(value);
  } else if (typeof value === 'string') {
    const digits = value.trim();
    if (digits === '') return null;
    if (!/^[+-]?\d{1,20}$/.test(digits)) return new Refused('is-no-integer', quoted(value));
    exact = BigInt(digits.replace('+', ''));
  } else {
    return new Refused('not-an-integer');
  }
  return valueFault(exact) === null ? exact : faulty(exact);
}

function faulty(value: string | number | bigint): Refused {
  if (typeof value === 'bigint') return new Refused('too-large', String(value));
  return new Refused(typeof value === 'number' ? 'not-a-number' : 'lone-surrogate');
}

/**
 * Times as `YYYY-MM-DD HH:MM:SS` in UTC. SQLite's CURRENT_TIMESTAMP wrote exactly this; Python's
 * datetime.now() wrote local time, told apart by its `T` or its fraction, and is shifted by
 * `utcOffsetMinutes`; a zone in the text (`Z`, `+05:00`) outweighs both.
 */
function utcTime(text: string, utcOffsetMinutes: number): string | null | Refused {
  if (isUtcTime(text)) return text;
  const trimmed = text.trim();
  if (trimmed === '') return null;
  const match = /^(\d{4}-\d\d-\d\d)(?:([T ])(\d\d:\d\d)(?:(:\d\d)(\.\d+)?)?\s?(Z|[+-]\d\d:?\d\d)?)?$/.exec(
    trimmed,
  );
  if (match === null) return new Refused('is-no-time', quoted(text));
  const [, date, separator, minutes = '00:00', seconds = ':00', fraction, zone] = match;
  const wall = Date.parse(`${date}T${minutes}${seconds}Z`);
  // Date.parse turns 31 February into March: what does not come back was no date.
  if (Number.isNaN(wall) || !new Date(wall).toISOString().startsWith(`${date}T${minutes}${seconds}`)) {
    return new Refused('is-no-time', quoted(text));
  }
  const local = separator === 'T' || fraction !== undefined;
  const offset = zone !== undefined ? zoneMinutes(zone) : local ? utcOffsetMinutes : 0;
  return new Date(wall - offset * 60_000)
    .toISOString()
    .slice(0, 'YYYY-MM-DDTHH:MM:SS'.length)
    .replace('T', ' ');
}

/** The form that almost all times have, told without a Date: a file may have millions. */
function isUtcTime(text: string): boolean {
  const match = /^(\d{4})-(\d\d)-(\d\d) ([01]\d|2[0-3]):[0-5]\d:[0-5]\d$/.exec(text);
  if (match === null) return false;
  const [, year, month, day] = match.map(Number) as [number, number, number, number];
  const isLeap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  const days = month === 2 && isLeap ? 29 : (DAYS[month - 1] ?? 0);
  return day >= 1 && day <= days;
}

const DAYS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

function zoneMinutes(zone: string): number {
  if (zone === 'Z') return 0;
  const minutes = Number(zone.slice(1, 3)) * 60 + Number(zone.slice(-2));
  return zone.startsWith('-') ? -minutes : minutes;
}
