/**
 * A change file (docs/formats.md, "Change file") before compression and encryption: one JSON value
 * a line. A header, the images of changed rows and the keys of rows that are gone, the numbers of
 * `sqlite_sequence`, and a footer with the SHA-256 of all bytes before it. Nothing in it is SQL.
 */
import { Buffer } from 'node:buffer';
import { createHash } from 'node:crypto';
import * as v from 'valibot';
import { count, positionSchema, previousSchema, sha256, text, time } from '../catalog/change-position.ts';
import { decodeValue, rowDecoder } from '../document/decode.ts';
import { encodeValue, rowEncoder } from '../document/encode.ts';
import { MAX_PIECE_BYTES } from '../document/format.ts';
import { byteAt, literal, string } from '../document/tokens.ts';
import { ByteWindow, DocumentError } from '../document/window.ts';
import type { Row, SqlValue, TableInfo } from '../model/model.ts';

const FORMAT = 'anime-bot-changes';
const VERSION = 1;

/** Unpacked; a usual file has 8 MB at most, a larger one holds a single large row. */
export const MAX_CHANGE_FILE_BYTES: number = 64 * 1024 * 1024;

const headerSchema = v.strictObject({
  format: v.literal(FORMAT),
  version: v.literal(VERSION),
  timeline: positionSchema.entries.timeline,
  /** Entries of the change log that the file covers. */
  first: count,
  last: count,
  /** The database's clock in the transaction that read the rows. */
  time,
  app_version: text,
  schema_version: v.nullable(count),
  schema_sha256: sha256,
  previous: previousSchema,
  /**
   * The file reached the end of the log: replayed up to here, the database is as it was at `time`.
   * Other files hold images that are newer than their last entry.
   */
  restore_point: v.boolean(),
  /**
   * Full backups of the very database that made the file: one with changes that wait goes on with
   * no file of another database. Absent from files of an earlier version.
   */
  backups: v.optional(v.array(text)),
});

export const footerSchema = v.strictObject({ rows: count, deleted: count, sha256 });

export type ChangeHeader = v.InferOutput<typeof headerSchema>;

/** A row that is no longer there: its key as the change log has it. */
export interface DeletedKey {
  readonly key: SqlValue;
  /** Of a longer primary key: schema/change-key.ts, `keySql`. */
  readonly rest: string | null;
}

export interface TableChanges {
  readonly table: TableInfo;
  /** As a scan delivers them (model.ts). */
  readonly images: readonly Row[];
  readonly deleted: readonly DeletedKey[];
}

export interface ChangeFile {
  readonly header: Omit<ChangeHeader, 'format' | 'version'>;
  readonly tables: readonly TableChanges[];
  /** Rows of `sqlite_sequence`, by table. */
  readonly sequence: ReadonlyMap<string, SqlValue>;
}

/** The file's bytes. */
export function encodeChangeFile({ header, tables, sequence }: ChangeFile): Uint8Array {
  const lines = [JSON.stringify({ format: FORMAT, version: VERSION, ...header })];
  let rows = 0;
  let gone = 0;
  for (const { table, images, deleted } of tables) {
    const head = `{"table":${JSON.stringify(table.name)},`;
    const encode = rowEncoder(table, 0);
    for (const row of images) lines.push(`${head}"row":${encode(row)}}}`);
    for (const { key, rest } of deleted)
      lines.push(`${head}"deleted":{"key":${encodeValue(key)},"rest":${encodeValue(rest)}}}`);
    rows += images.length;
    gone += deleted.length;
  }
  const numbers = [...sequence].map(([name, seq]) => `${JSON.stringify(name)}:${encodeValue(seq)}`);
  lines.push(`{"sequence":{${numbers.join(',')}}}`, '');
  const body = Buffer.from(lines.join('\n'));
  const footer = { rows, deleted: gone, sha256: createHash('sha256').update(body).digest('hex') };
  return Buffer.concat([body, Buffer.from(`${JSON.stringify(footer)}\n`)]);
}

/** What a change file holds, in its order. */
export type ChangeEvent =
  | { readonly kind: 'header'; readonly header: ChangeHeader }
  /** `row` is as a scan of the table delivers it, less generated columns. */
  | { readonly kind: 'image'; readonly table: TableInfo; readonly row: Row }
  | ({ readonly kind: 'deleted'; readonly table: TableInfo } & DeletedKey)
  | { readonly kind: 'sequence'; readonly sequence: ReadonlyMap<string, SqlValue> }
  | { readonly kind: 'end' };

/** The file is not what it should be; says what and where. */
export class ChangeFileError extends Error {
  override readonly name = 'ChangeFileError';
}

/** Of a whole file, whose other lines are not looked at. @throws ChangeFileError */
export function readHeader(unpacked: Uint8Array): ChangeHeader {
  try {
    return headerLine(ByteWindow.of(unpacked));
  } catch (error) {
    throw explained(error);
  }
}

/**
 * Reads a file as it is unpacked, some events at a time: waiting for each costs more than reading
 * it. The last event is `end`: before it nothing is proved.
 * @param unpacked a stream, or the whole file
 * @param tableOf the table of that name; undefined makes the file one of another schema
 * @throws ChangeFileError
 */
export async function* readChangeBatches(
  unpacked: AsyncIterable<Uint8Array> | Uint8Array,
  tableOf: (name: string) => TableInfo | undefined,
): AsyncGenerator<readonly ChangeEvent[]> {
  const hash = createHash('sha256');
  const consumed = (bytes: Uint8Array): unknown => hash.update(bytes);
  const window =
    unpacked instanceof Uint8Array
      ? ByteWindow.of(unpacked, consumed)
      : new ByteWindow(limited(unpacked), MAX_PIECE_BYTES, consumed);
  try {
    yield [{ kind: 'header', header: await window.take(headerLine) }];
    const counts = { rows: 0, deleted: 0 };
    const read = lineReader(tableOf);
    let events: ChangeEvent[] = [];
    const more = (from: ByteWindow): boolean => {
      const event = read(from);
      events.push(event);
      counts.rows += event.kind === 'image' ? 1 : 0;
      counts.deleted += event.kind === 'deleted' ? 1 : 0;
      return event.kind !== 'sequence';
    };
    const taken = (): readonly ChangeEvent[] => {
      const made = events;
      events = [];
      return made;
    };
    yield* window.batches(more, taken);
    window.release();
    const digest = hash.copy().digest('hex');
    const { rows, deleted, sha256: written } = await window.take(footerLine);
    if (written !== digest) throw window.fault('its SHA-256 does not match: it was changed');
    if (rows !== counts.rows || deleted !== counts.deleted) throw window.fault('its counts do not match');
    if (!(await window.atEnd())) throw window.fault('something follows its last line');
    yield [{ kind: 'end' }];
  } catch (error) {
    throw explained(error);
  } finally {
    await window.close();
  }
}

function explained(error: unknown): unknown {
  return error instanceof DocumentError
    ? new ChangeFileError(`change file: ${error.message}`, { cause: error })
    : error;
}

async function* limited(unpacked: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let bytes = 0;
  for await (const chunk of unpacked) {
    bytes += chunk.byteLength;
    if (bytes > MAX_CHANGE_FILE_BYTES)
      throw new ChangeFileError(`change file: it unpacks to more than ${MAX_CHANGE_FILE_BYTES} bytes`);
    yield chunk;
  }
}

const TABLE = Buffer.from('{"table":');
const ROW = Buffer.from(',"row":');
const DELETED = Buffer.from(',"deleted":{"key":');
const REST = Buffer.from(',"rest":');
const SEQUENCE = Buffer.from('{"sequence":{');
const END = Buffer.from('}}\n');
const COLON = Buffer.from(':');
const COMMA = Buffer.from(',');
/** Index of the letter by which the two kinds of a line's beginning, or of its middle, differ. */
const LETTER = 2;

type LineEvent = Exclude<ChangeEvent, { kind: 'header' | 'end' }>;

function lineReader(tableOf: (name: string) => TableInfo | undefined): (window: ByteWindow) => LineEvent {
  const decoders = new Map<string, { table: TableInfo; decode: (window: ByteWindow) => Row }>();
  const known = (window: ByteWindow, name: string) => {
    const found = decoders.get(name);
    if (found !== undefined) return found;
    const table = tableOf(name);
    if (table === undefined) throw window.fault(`it has rows of table ${name}, which does not exist`);
    const made = { table, decode: rowDecoder(table) };
    decoders.set(name, made);
    return made;
  };
  return (window) => {
    if (letter(window) === SEQUENCE[LETTER]) return sequenceLine(window);
    literal(window, TABLE);
    const { table, decode } = known(window, string(window));
    if (letter(window) === ROW[LETTER]) {
      literal(window, ROW);
      const row = decode(window);
      literal(window, END);
      return { kind: 'image', table, row };
    }
    literal(window, DELETED);
    const key = decodeValue(window);
    literal(window, REST);
    const rest = decodeValue(window);
    if (rest !== null && typeof rest !== 'string') throw window.fault('the rest of a key that is no text');
    literal(window, END);
    return { kind: 'deleted', table, key, rest };
  };
}

function sequenceLine(window: ByteWindow): LineEvent {
  const sequence = new Map<string, SqlValue>();
  literal(window, SEQUENCE);
  while (byteAt(window) !== END[0]) {
    if (sequence.size > 0) literal(window, COMMA);
    const name = string(window);
    literal(window, COLON);
    sequence.set(name, decodeValue(window));
  }
  literal(window, END);
  return { kind: 'sequence', sequence };
}

function letter(window: ByteWindow): number | undefined {
  if (window.pos + LETTER >= window.end) throw window.short();
  return window.bytes[window.pos + LETTER];
}

function headerLine(window: ByteWindow): ChangeHeader {
  const value = jsonLine(window);
  const result = v.safeParse(headerSchema, value);
  if (result.success) {
    if (result.output.first < 1 || result.output.first > result.output.last)
      throw window.fault('its first entry comes after its last');
    return result.output;
  }
  const head = v.safeParse(v.object({ format: v.literal(FORMAT), version: v.number() }), value);
  if (!head.success) throw window.fault('it is not a change file of this program');
  if (head.output.version > VERSION)
    throw window.fault(`version ${head.output.version} is newer than this program: update it`);
  const [issue] = result.issues;
  throw window.fault(`its header is wrong: ${v.getDotPath(issue) ?? 'as a whole'} ${issue.message}`);
}

function footerLine(window: ByteWindow): v.InferOutput<typeof footerSchema> {
  const result = v.safeParse(footerSchema, jsonLine(window));
  if (!result.success) throw window.fault('its last line is not what it should be');
  return result.output;
}

/** A line that is JSON, written as `JSON.stringify` writes it. */
function jsonLine(window: ByteWindow): unknown {
  const { pos, bytes, end } = window;
  const feed = bytes.subarray(0, end).indexOf(0x0a, pos);
  if (feed < 0) throw window.short();
  const line = bytes.toString('utf8', pos, feed);
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (cause) {
    throw window.fault('a line that is not JSON', pos, cause);
  }
  if (JSON.stringify(value) !== line)
    throw window.fault('a line that is not written as this program writes it');
  window.pos = feed + 1;
  return value;
}
