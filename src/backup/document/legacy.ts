/**
 * Reads the documents that are merged rather than restored: the old Python bot's backups of any
 * age, our own (also edited by hand), and `/export` files. Forgiving in form, exact in values; what
 * cannot be taken is named, never dropped in silence.
 */
import type { SqlValue } from '../model/model.ts';
import {
  BYTE,
  type JsonPath,
  type JsonValue,
  jsonKey,
  jsonValue,
  nextByte,
  oneOf,
  placeOf,
} from './json-value.ts';
import { fieldValue, Refused } from './legacy-fields.ts';
import { kindOfKey, type LegacyRecord, type LegacyRefusal, recordsOf } from './legacy-records.ts';
import { textInput } from './text-input.ts';
import { ByteWindow } from './window.ts';

/**
 * In the document's order:
 * - `property`: a top-level value that is no list (`backup_timestamp`, `format`, `app_version`), as
 *   it stands;
 * - a {@link LegacyRecord}: columns under their names in today's schema, values in the column's
 *   type (ids as bigint, times as
 *   `YYYY-MM-DD HH:MM:SS` UTC). Columns the document lacks are absent, null ones null. Every part carries its `anime_code`;
 *   its `part_number` may be null or absent. Ids (`id`) are the document's own: `anime_group.group_id` refers to a group's;
 * - a {@link LegacyRefusal}. Not judged here, but by whoever merges: the same code or id twice,
 *   references to records that are nowhere.
 */
export type LegacyEvent =
  | { readonly kind: 'property'; readonly name: string; readonly value: SqlValue }
  | LegacyRecord
  | LegacyRefusal;

export interface LegacyOptions {
  /**
   * How far the old bot's clock was ahead of UTC (Tashkent: 300), for times it wrote in local time.
   * Default 0.
   */
  readonly utcOffsetMinutes?: number;
  /**
   * Longest list element (an anime with all its parts) in bytes of JSON; it is held in memory.
   * Default 32 MiB.
   */
  readonly maxItemBytes?: number;
}

const MAX_ITEM_BYTES = 32 * 1024 * 1024;
/** Lists below this key are tables by name (our own documents). */
const TABLES_KEY = 'tables';

/**
 * Reads a JSON file (unpacked and decrypted): UTF-8 with or without BOM, UTF-16, any line ends and
 * spacing. Throws {@link DocumentError} with place and byte (of the text as UTF-8, after the BOM)
 * when the file is cut, not JSON or no document of the bot: what was delivered before must then not
 * be kept. The generator's normal end says that the file was whole.
 */
export async function* readLegacyDocument(
  body: ReadableStream<Uint8Array> | AsyncIterable<Uint8Array>,
  options: LegacyOptions = {},
): AsyncGenerator<LegacyEvent, void, undefined> {
  const window = new ByteWindow(textInput(body), options.maxItemBytes ?? MAX_ITEM_BYTES);
  const path: JsonPath = [];
  window.place = () => placeOf(path);
  const reader = { window, path, utcOffsetMinutes: options.utcOffsetMinutes ?? 0 };
  let known = false;
  try {
    if ((await window.take(nextByte)) !== BYTE.openBrace) throw window.fault('not a JSON object');
    for await (const key of keys(reader)) {
      if (key === TABLES_KEY && (await window.take(nextByte)) === BYTE.openBrace) {
        for await (const table of keys(reader)) yield* readList(reader, table);
        known = true;
        continue;
      }
      if (kindOfKey(key) !== undefined) known = true;
      yield* (await window.take(nextByte)) === BYTE.open ? readList(reader, key) : readProperty(reader, key);
    }
    path.length = 0;
    if (!(await onlySpaceIsLeft(window))) throw window.fault('something follows the document');
    if (!known) throw window.fault('no anime, groups or users in it: not a document of the bot');
  } finally {
    await window.close();
  }
}

interface Reader {
  readonly window: ByteWindow;
  readonly path: JsonPath;
  readonly utcOffsetMinutes: number;
}

/** The keys of the object at the position; whoever iterates consumes each one's value. */
async function* keys({ window, path }: Reader): AsyncGenerator<string> {
  const depth = path.length;
  const seen = new Set<string>();
  await window.take(() => oneOf(window, BYTE.openBrace));
  if ((await window.take(nextByte)) === BYTE.closeBrace) {
    window.pos += 1;
    return;
  }
  do {
    const key = await window.take(jsonKey);
    if (seen.has(key)) throw window.fault(`the key ${JSON.stringify(key)} stands twice`);
    seen.add(key);
    path.push(key);
    yield key;
    path.length = depth;
  } while ((await window.take(() => oneOf(window, BYTE.comma, BYTE.closeBrace))) === BYTE.comma);
}

/** Reads the list at the position, one element at a time. */
async function* readList(reader: Reader, key: string): AsyncGenerator<LegacyEvent> {
  const { window, path, utcOffsetMinutes } = reader;
  const depth = path.length;
  const kind = kindOfKey(key) ?? 'other';
  await window.take(() => oneOf(window, BYTE.open));
  if ((await window.take(nextByte)) === BYTE.close) {
    window.pos += 1;
    return;
  }
  let index = 0;
  do {
    const value = await takeValue(reader, [...path.slice(0, depth), index]);
    const place = [...path.slice(0, depth), index];
    // SQLite's own bookkeeping is not merged: it follows from the rows.
    if (!key.startsWith('sqlite_')) yield* recordsOf(kind, key, place, value, utcOffsetMinutes);
    path.length = depth;
    index += 1;
  } while ((await window.take(() => oneOf(window, BYTE.comma, BYTE.close))) === BYTE.comma);
}

async function* readProperty(reader: Reader, name: string): AsyncGenerator<LegacyEvent> {
  const { window, path } = reader;
  const list = kindOfKey(name) !== undefined;
  // An old document may say null for a list it does not have; anything else under such a key is not
  // understood.
  if (list && (await window.take(nextByte)) !== BYTE.null) throw window.fault('expected a list');
  const value = await takeValue(reader, [...path]);
  if (list || value instanceof Map) return;
  const taken = fieldValue('any', value, reader.utcOffsetMinutes);
  if (!(taken instanceof Refused)) yield { kind: 'property', name, value: taken };
}

async function takeValue({ window, path }: Reader, place: JsonPath): Promise<JsonValue> {
  return window.take(() => {
    path.length = 0;
    path.push(...place);
    return jsonValue(window, path);
  });
}

async function onlySpaceIsLeft(window: ByteWindow): Promise<boolean> {
  while (!(await window.atEnd())) {
    const byte = window.bytes[window.pos];
    if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) return false;
    window.pos += 1;
  }
  return true;
}
