/** The document's first lines: what it is, when and from what it was made, and the schema. */
import { FORMAT_NAME, FORMAT_VERSION, sectionsOf } from './format.ts';
import { type DocumentSchema, schemaFromJson } from './schema-json.ts';
import type { ByteWindow } from './window.ts';

export interface DocumentHeader {
  /** UTC, `YYYY-MM-DDTHH:MM:SS`. */
  readonly backupTimestamp: string;
  readonly appVersion: string;
  /** The program's schema version: number of its last migration. */
  readonly schemaVersion: number;
  readonly schema: DocumentSchema;
  /** Whether parts stand inside their anime. */
  readonly partsNested: boolean;
}

const LINE_FEED = 0x0a;
/** How much of a wrong value a message quotes. */
const QUOTED_UNITS = 40;

/** Consumes the header: everything before the first section. */
export async function readHeader(window: ByteWindow): Promise<DocumentHeader> {
  const first = await window.take(line);
  if (first.text !== '{') {
    throw window.fault(`not a document of this program: it begins with ${quote(first.text)}`, first.start);
  }
  const backupTimestamp = await property(window, 'backup_timestamp', isTimestamp);
  await property(window, 'format', (value) => value === FORMAT_NAME);
  await property(window, 'format_version', (value) => value === FORMAT_VERSION);
  const appVersion = await property(window, 'app_version', isString);
  const schemaVersion = await property(window, 'schema_version', isInteger);
  const partsNested = await property(window, 'parts_nested', isBoolean);
  let schema: DocumentSchema | undefined;
  await property(window, 'schema', (value) => {
    schema = schemaFromJson(value);
    return true;
  });
  if (schema === undefined) throw window.fault('no schema');
  if (partsNested && !sectionsOf(schema.tables, true).some(({ parts }) => parts !== null)) {
    throw window.fault('parts are said to be nested, but there are no tables of anime and parts');
  }
  return { backupTimestamp, appVersion, schemaVersion, schema, partsNested };
}

/** Consumes one line `"key":value,` and returns the value. */
async function property<T>(window: ByteWindow, key: string, is: (value: unknown) => value is T): Promise<T>;
async function property(window: ByteWindow, key: string, is: (value: unknown) => boolean): Promise<unknown>;
async function property(window: ByteWindow, key: string, is: (value: unknown) => boolean): Promise<unknown> {
  const { text, start } = await window.take(line);
  const head = `"${key}":`;
  if (!text.startsWith(head) || !text.endsWith(',')) {
    throw window.fault(`expected a line ${head}…, not ${quote(text)}`, start);
  }
  let value: unknown;
  let right: boolean;
  try {
    value = JSON.parse(text.slice(head.length, -1));
    right = is(value);
  } catch (cause) {
    throw window.fault(`${key}: ${cause instanceof Error ? cause.message : 'wrong'}`, start, cause);
  }
  if (!right) throw window.fault(`${key} cannot be ${quote(text.slice(head.length, -1))} here`, start);
  return value;
}

/** Consumes a line; the writer breaks lines nowhere inside a value. */
function line(window: ByteWindow): { text: string; start: number } {
  const start = window.pos;
  const feed = window.bytes.subarray(0, window.end).indexOf(LINE_FEED, start);
  if (feed < 0) throw window.short();
  window.pos = feed + 1;
  return { text: window.bytes.toString('utf8', start, feed), start };
}

function quote(text: string): string {
  return JSON.stringify(text.length > QUOTED_UNITS ? `${text.slice(0, QUOTED_UNITS)}…` : text);
}

function isString(value: unknown): value is string {
  return typeof value === 'string';
}
function isTimestamp(value: unknown): value is string {
  return isString(value) && /^[+-]?\d{4,6}-\d\d-\d\dT\d\d:\d\d:\d\d$/.test(value);
}
function isInteger(value: unknown): value is number {
  return Number.isSafeInteger(value);
}
function isBoolean(value: unknown): value is boolean {
  return typeof value === 'boolean';
}
