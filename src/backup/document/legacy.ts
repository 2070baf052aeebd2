/**
 * Reads the documents that are merged rather than restored: the old Python bot's backups of any
 * age, our own (also edited by hand), and `/export` files. Forgiving in form, exact in values; what
 * cannot be taken is named, never dropped in silence.
 */
import { elementsOf, keysOf, requireEnd } from './json-stream.ts';
import { BYTE, jsonValue, nextByte } from './json-value.ts';
import { kindOfKey, type LegacyRecord, type LegacyRefusal, recordsOf } from './legacy-records.ts';
import { textInput } from './text-input.ts';
import { ByteWindow } from './window.ts';

/**
 * In the document's order:
 * - a {@link LegacyRecord}: columns under their names in today's schema, values in the column's
 *   type (ids as bigint, times as
 *   `YYYY-MM-DD HH:MM:SS` UTC). Columns the document lacks are absent, null ones null. Every part carries its `anime_code`;
 *   its `part_number` may be null or absent. Ids (`id`) are the document's own: `anime_group.group_id` refers to a group's;
 * - a {@link LegacyRefusal}. Not judged here, but by whoever merges: the same code or id twice,
 *   references to records that are nowhere.
 */
export type LegacyEvent = LegacyRecord | LegacyRefusal;

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
  { utcOffsetMinutes = 0, maxItemBytes = MAX_ITEM_BYTES }: LegacyOptions = {},
): AsyncGenerator<LegacyEvent, void, undefined> {
  const window = new ByteWindow(textInput(body), maxItemBytes);
  let known = false;
  try {
    for await (const key of keysOf(window)) {
      const next = await window.take(nextByte);
      const isTables = key === TABLES_KEY && next === BYTE.openBrace;
      if (isTables || kindOfKey(key) !== undefined) known = true;
      if (isTables)
        for await (const table of keysOf(window)) yield* readList(window, table, utcOffsetMinutes);
      else if (next === BYTE.open) yield* readList(window, key, utcOffsetMinutes);
      else await skipProperty(window, key);
    }
    await requireEnd(window);
    if (!known) throw window.fault('no anime, groups or users in it: not a document of the bot');
  } finally {
    await window.close();
  }
}

/** Reads the list at the position. */
async function* readList(
  window: ByteWindow,
  key: string,
  utcOffsetMinutes: number,
): AsyncGenerator<LegacyEvent> {
  const kind = kindOfKey(key) ?? 'other';
  const list = [...window.path];
  let index = 0;
  for await (const values of elementsOf(window, jsonValue)) {
    // SQLite's own bookkeeping is not merged: it follows from the rows.
    if (key.startsWith('sqlite_')) continue;
    for (const value of values) {
      yield* recordsOf(kind, key, [...list, index], value, utcOffsetMinutes);
      index += 1;
    }
  }
}

/** A top-level value that is no list: `backup_timestamp`, `format`, `app_version`. */
async function skipProperty(window: ByteWindow, name: string): Promise<void> {
  // An old document may say null for a list it does not have; anything else under such a key is not
  // understood.
  if (kindOfKey(name) !== undefined && (await window.take(nextByte)) !== BYTE.null)
    throw window.fault('expected a list');
  await window.take(jsonValue);
}
