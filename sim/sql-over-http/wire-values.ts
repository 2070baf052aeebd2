/** SQL values on the wire (PROTOCOL.md 8.2), spelled as the server's serde_json spells them. */
import { InvalidText } from '../../src/backup/model/model.ts';
import { ProtocolError, SqlFailure, Unencodable } from './sql-errors.ts';

/** What libsql binds: bigint = INTEGER, number = REAL. */
export type BoundValue = null | bigint | number | string | Buffer;

/** What libsql returns in raw mode with safe integers. */
export type NativeValue = null | bigint | number | string | Uint8Array;

/** One value of a request. Throws {@link ProtocolError} for anything but the five exact shapes. */
export function decodeValue(value: unknown): BoundValue {
  if (typeof value !== 'object' || value === null || !('type' in value))
    throw malformed('a value must be an object with a type');
  switch (value.type) {
    case 'null':
      return null;
    case 'integer':
      return decodeInteger('value' in value ? value.value : undefined);
    case 'float':
      if (!('value' in value) || typeof value.value !== 'number')
        throw malformed('a float needs a JSON number');
      return value.value;
    case 'text':
      if (!('value' in value) || typeof value.value !== 'string')
        throw malformed('a text needs a JSON string');
      // serde_json refuses a lone surrogate escape: it is no Unicode text.
      if (!value.value.isWellFormed()) throw malformed('lone surrogate in a text');
      return value.value;
    case 'blob':
      return decodeBlob('base64' in value ? value.base64 : undefined);
    default:
      throw malformed(`unknown value type ${JSON.stringify(value.type)}`);
  }
}

/** One result value as JSON text. Throws {@link Unencodable} for a text that is not UTF-8. */
export function encodeValue(value: NativeValue | InvalidText): string {
  if (value === null) return '{"type":"null"}';
  if (typeof value === 'string') return `{"type":"text","value":${encodeText(value)}}`;
  if (typeof value === 'bigint') return `{"type":"integer","value":"${value}"}`;
  if (typeof value === 'number') return `{"type":"float","value":${encodeFloat(value)}}`;
  if (value instanceof InvalidText) throw new Unencodable('invalid utf-8 sequence in a text');
  return `{"type":"blob","base64":"${toBase64(value)}"}`;
}

/** Base64 of the standard alphabet without padding. */
function toBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64').replaceAll('=', '');
}

/** A double as Rust's ryu prints it: `1.0`, `-0.0`, `1e16`; not finite becomes `null`. */
export function encodeFloat(value: number): string {
  if (!Number.isFinite(value)) return 'null';
  if (value === 0) return Object.is(value, -0) ? '-0.0' : '0.0';
  const [mantissa = '', exponent = '0'] = Math.abs(value).toExponential().split('e');
  const digits = mantissa.replace('.', '');
  const point = Number(exponent) + 1; // digits before the decimal point
  const sign = value < 0 ? '-' : '';
  if (point > digits.length - 1 && point <= 16) return `${sign}${digits.padEnd(point, '0')}.0`;
  if (point > 0 && point <= 16) return `${sign}${digits.slice(0, point)}.${digits.slice(point)}`;
  if (point > -5 && point <= 0) return `${sign}0.${'0'.repeat(-point)}${digits}`;
  const fraction = digits.length > 1 ? `.${digits.slice(1)}` : '';
  return `${sign}${digits.slice(0, 1)}${fraction}e${point - 1}`;
}

function decodeInteger(text: unknown): bigint {
  if (typeof text !== 'string' || !/^[+-]?[0-9]+$/.test(text))
    throw malformed('an integer needs a decimal string');
  const integer = BigInt(text.startsWith('+') ? text.slice(1) : text);
  if (BigInt.asIntN(64, integer) !== integer) throw malformed('an integer must fit into 64 bits');
  return integer;
}

function decodeBlob(base64: unknown): Buffer {
  if (typeof base64 !== 'string') throw malformed('a blob needs a base64 string');
  const bare = base64.replace(/=+$/, '');
  const bytes = Buffer.from(bare, 'base64');
  if (!/^[A-Za-z0-9+/]*$/.test(bare) || toBase64(bytes) !== bare)
    throw malformed('a blob is not valid base64');
  return bytes;
}

const PLAIN = /^[^"\\\u0000-\u001f]*$/;

/** JSON.stringify escapes what serde_json does not: lone surrogates, which cannot come here. */
function encodeText(text: string): string {
  return PLAIN.test(text) ? `"${text}"` : JSON.stringify(text);
}

function malformed(what: string): ProtocolError {
  return new ProtocolError(`Cannot deserialize client message from JSON: ${what}`);
}

/** One statement's arguments in libsql's form, checked as the server does (`Params::bind`). */
export function bindArguments(
  params: readonly (string | undefined)[],
  positional: readonly BoundValue[],
  named: ReadonlyMap<string, BoundValue>,
  lenient: boolean,
): BoundValue[] | Record<string, BoundValue> {
  const given = positional.length + named.size;
  if (given > params.length) throw invalid(`too many parameters, expected ${params.length} found ${given}`);
  if (params.every((name) => name === undefined)) {
    if (positional.length < params.length && !lenient) {
      throw invalid(`value for parameter ${positional.length + 1} not found`);
    }
    return [...positional];
  }
  const bound: Record<string, BoundValue> = {};
  for (const [index, name] of params.entries()) {
    // libsql's binding aborts the process over a mix of named and numbered parameters.
    if (name === undefined) throw invalid(`value for parameter ${index + 1} not found`);
    const value = named.get(name) ?? named.get(name.slice(1));
    if (value === undefined && !named.has(name) && !named.has(name.slice(1)) && !lenient) {
      throw invalid(`value for parameter ${name} not found`);
    }
    bound[name.slice(1)] = value ?? null;
  }
  return bound;
}

function invalid(what: string): SqlFailure {
  return new SqlFailure('ARGS_INVALID', `Arguments do not match SQL parameters: ${what}`);
}
