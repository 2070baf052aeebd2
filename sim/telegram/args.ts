import { badRequest } from './api-errors.ts';

/** A file part of a multipart request. */
export interface Upload {
  name: string;
  type: string;
  bytes: Uint8Array;
}

/** Parsed JSON, not yet trusted. */
export type Json = string | number | boolean | null | Json[] | { [key: string]: Json };
export type JsonObject = { [key: string]: Json };

/**
 * A call's parameters as the server sees them: strings, whatever encoding they came in (JSON values
 * that are no strings are written out again, as telegram-bot-api does), and the files of a
 * multipart body.
 */
export class Args {
  readonly #values: Map<string, string>;
  readonly #uploads: Map<string, Upload>;

  constructor(values: Map<string, string>, uploads: Map<string, Upload>) {
    this.#values = values;
    this.#uploads = uploads;
  }

  text(name: string): string {
    return this.#values.get(name) ?? '';
  }

  has(name: string): boolean {
    return this.#values.has(name);
  }

  upload(name: string): Upload | undefined {
    return this.#uploads.get(name);
  }

  /** An integer; 0 when absent or malformed, as the server reads it. */
  int(name: string): number {
    const value = Number(this.text(name));
    return Number.isSafeInteger(value) ? value : 0;
  }

  bool(name: string): boolean {
    return ['true', 'yes', '1'].includes(this.text(name).toLowerCase());
  }

  /** A parameter that carries JSON; undefined when absent or empty. The refusal says `what`. */
  json(name: string, what: string): Json | undefined {
    const source = this.text(name);
    if (source === '') return undefined;
    try {
      return JSON.parse(source) as Json;
    } catch (cause) {
      if (cause instanceof SyntaxError) throw badRequest(`Can't parse ${what} JSON object`);
      throw cause;
    }
  }

  /** All parameters for the call log, JSON ones parsed, files as `{ file, bytes }`. */
  toLog(): Record<string, unknown> {
    const entries = [...this.#values].map(([name, value]): [string, unknown] => [name, readable(value)]);
    const files = [...this.#uploads].map(([name, { name: file, bytes }]): [string, unknown] => [
      name,
      { file, bytes: bytes.length },
    ]);
    return Object.fromEntries([...entries, ...files]);
  }
}

export function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A string field of an object; undefined when absent, refused when of another type. */
export function stringField(object: JsonObject, name: string): string | undefined {
  const value = object[name];
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (typeof value !== 'string') throw badRequest(`Field "${name}" must be of type String`);
  return value;
}

function readable(value: string): unknown {
  if (!/^(?:[[{]|-?\d{1,15}$|true$|false$)/.test(value)) return value;
  try {
    return JSON.parse(value);
  } catch (cause) {
    if (cause instanceof SyntaxError) return value;
    throw cause;
  }
}
