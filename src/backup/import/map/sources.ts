/**
 * A foreign file as named lists of rows: tables of a database, lists (or objects by code) of a
 * JSON, the rows of a CSV. Node only.
 */
import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { BLOB_TAG, REAL_TAG, TEXT_TAG } from '../../document/format.ts';
import { requireEnd } from '../../document/json-stream.ts';
import { type JsonValue, jsonValue } from '../../document/json-value.ts';
import { textInput } from '../../document/text-input.ts';
import { ByteWindow } from '../../document/window.ts';
import { UnsealError } from '../../envelope/types.ts';
import { InvalidText, type Row, type SqlValue } from '../../model/model.ts';
import { type RowLayout, rowLayout } from '../../model/values.ts';
import { openFileSnapshotSource } from '../../snapshot/file.ts';
import { copyDatabase } from '../../verify/copy-database.ts';
import { requireIntact } from '../../verify/file-integrity.ts';
import { readCsv } from './csv.ts';

export type SourceRow = ReadonlyMap<string, JsonValue>;
export type Sources = ReadonlyMap<string, readonly SourceRow[]>;

export type SourceKind = 'json' | 'sqlite' | 'csv';

/** The rows of a CSV, as a map names them. */
const CSV_ROWS = 'rows';

/** What Excel writes on a Russian or Uzbek Windows. */
const NOT_UTF8 =
  'the file is not UTF-8 but probably Windows-1251 (Excel writes it): convert it with "iconv -f CP1251 -t UTF-8 FILE > new.csv", or save it as "CSV UTF-8", and import that';

/** The document itself, where it is a list or an object by code. */
const ROOT = '$';
/** Columns of rows that are no objects: an object's key, a bare value. */
export const KEY = '$key';
export const VALUE = '$value';

/** Held in memory; the process has its limit. */
export const MOST_JSON_BYTES = 256 * 1024 * 1024;
/** Lists deeper in a document are none of a bot's. */
const DEPTH = 3;

/** `rows`: at most so many of each table of a database, for a look. */
export async function readSources(
  path: string,
  kind: SourceKind,
  { scratch, rows = Number.POSITIVE_INFINITY }: { readonly scratch: string; readonly rows?: number },
): Promise<Sources> {
  if (kind === 'csv') return new Map([[CSV_ROWS, readCsv(await readText(path))]]);
  return kind === 'json' ? readJson(path) : readDatabase(path, scratch, rows);
}

/** @throws UnsealError with the encoding, where it is neither UTF-8 nor UTF-16 */
async function readText(path: string): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of textInput(createReadStream(path))) chunks.push(chunk);
  const bytes = Buffer.concat(chunks);
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    if (!text.includes('\0')) return text;
  } catch (cause) {
    throw new UnsealError('foreign', NOT_UTF8, { cause });
  }
  throw new UnsealError('foreign', 'the file holds zero bytes, so it is no text: save it as CSV in UTF-8');
}

async function readJson(path: string): Promise<Sources> {
  const window = new ByteWindow(textInput(createReadStream(path)), MOST_JSON_BYTES);
  try {
    const sources = new Map<string, SourceRow[]>();
    collect(sources, ROOT, await window.take(jsonValue), 0);
    await requireEnd(window);
    return sources;
  } finally {
    await window.close();
  }
}

function collect(sources: Map<string, SourceRow[]>, name: string, value: JsonValue, depth: number): void {
  if (Array.isArray(value)) {
    if (value.length > 0)
      sources.set(
        name,
        value.map((item) => (item instanceof Map ? item : new Map([[VALUE, item]]))),
      );
    return;
  }
  if (!(value instanceof Map) || depth > DEPTH) return;
  const isByCode = value.size > 0 && [...value.keys()].every((key) => /^-?\d+$/.test(key));
  if (isByCode) {
    sources.set(
      name,
      [...value].map(
        ([key, item]) => new Map([...(item instanceof Map ? item : [[VALUE, item] as const]), [KEY, key]]),
      ),
    );
    return;
  }
  for (const [key, item] of value) collect(sources, depth === 0 ? key : `${name}.${key}`, item, depth + 1);
}

async function readDatabase(path: string, scratch: string, most: number): Promise<Sources> {
  const copy = join(scratch, 'foreign.db');
  await copyDatabase(path, copy, 'the file');
  requireIntact(copy, 'the file');
  return openFileSnapshotSource({ path: copy }).read(async (snapshot) => {
    const tables = snapshot.schema.tables.filter(
      ({ kind, name }) => kind === 'table' && !name.startsWith('sqlite_'),
    );
    const sources = new Map<string, SourceRow[]>(tables.map(({ name }) => [name, []]));
    for await (const scan of snapshot.scans(tables.map((table) => ({ kind: 'table', table })))) {
      if (scan.target.kind !== 'table') continue;
      const { table } = scan.target;
      const layout = rowLayout(table);
      const found = sources.get(table.name) ?? [];
      for await (const rows of scan.rows)
        for (const row of rows) if (found.length < most) found.push(recordOf(row, layout));
    }
    return sources;
  });
}

/** The objects within a column. */
export function objectsIn(rows: readonly SourceRow[], column: string): SourceRow[] {
  return rows.flatMap((row) => {
    const value = row.get(column);
    const items = Array.isArray(value) ? value : value instanceof Map ? [...value.values()] : [];
    return items.filter((item) => item instanceof Map);
  });
}

/** A row of a database as the document spells it. */
export function recordOf(row: Row, { columns, at }: RowLayout): Map<string, JsonValue> {
  return new Map(columns.map(({ name }, i) => [name, jsonOf(row[at[i] ?? 0] ?? null)]));
}

/** What JSON has no word for gets a tag. */
function jsonOf(value: SqlValue): JsonValue {
  if (value instanceof InvalidText) return new Map([[TEXT_TAG, Buffer.from(value.bytes).toString('base64')]]);
  if (value instanceof Uint8Array) return new Map([[BLOB_TAG, Buffer.from(value).toString('base64')]]);
  if (value === Infinity) return new Map([[REAL_TAG, 'inf']]);
  return value === -Infinity ? new Map([[REAL_TAG, '-inf']]) : value;
}
