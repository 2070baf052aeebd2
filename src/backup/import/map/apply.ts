/**
 * Rows of another bot's file as the records of an import, by a map. The rules for values and
 * refusals are those of every import.
 */
import { isWithin } from '../../../text/edit-distance.ts';
import type { JsonValue } from '../../document/json-value.ts';
import { type LegacyKind, recordsOf } from '../../document/legacy-records.ts';
import type { JsonPath } from '../../document/window.ts';
import { UnsealError } from '../../envelope/types.ts';
import type { ImportEvent } from '../stage.ts';
import { LINE } from './csv.ts';
import type { ImportMap, MapSource } from './format.ts';
import { isCatalogue } from './guess.ts';
import { objectsIn, type SourceRow, type Sources, VALUE } from './sources.ts';

type Record = Map<string, JsonValue>;

const KINDS: Readonly<Partial<{ [To in MapSource['to']]: LegacyKind }>> = {
  users: 'user',
  history: 'history',
  channels: 'channel',
  groups: 'group',
};

/** Tables of ours, for what is refused: their places begin with names of another bot's. */
const TABLES: Readonly<{ [To in MapSource['to']]: string }> = {
  anime: 'anime',
  parts: 'anime_parts',
  users: 'users',
  history: 'user_history',
  favourites: 'favourites',
  channels: 'mandatory_channels',
  groups: 'groups',
};

/** @throws when the map names a source, or a column of one, that the file has not */
export function* mappedRecords(
  sources: Sources,
  map: ImportMap,
  utcOffsetMinutes: number,
): Generator<ImportEvent> {
  requireColumns(sources, map);
  const codes = new Map<string, JsonValue>();
  const people = new Map<string, JsonValue>();
  const rowsOf = ({ from }: MapSource): readonly SourceRow[] => {
    const rows = sources.get(from);
    if (rows !== undefined) return rows;
    throw new Error(`the map names ${from}, and the file has only ${[...sources.keys()].join(', ')}`);
  };
  const record = function* (
    source: MapSource,
    kind: LegacyKind | 'other',
    place: number,
    fields: Record,
  ): Generator<ImportEvent> {
    const path = pathOf(source, place, rowsOf(source)[place]);
    for (const event of recordsOf(kind, source.to, path, fields, utcOffsetMinutes))
      yield event.kind !== 'refusal'
        ? event
        : { ...event, table: TABLES[event.place.includes('.parts[') ? 'parts' : source.to] };
  };
  // In this order, whatever the map's: people are known before what they did.
  const of = (...kinds: readonly MapSource['to'][]): MapSource[] =>
    kinds.flatMap((kind) => map.sources.filter(({ to }) => to === kind));

  for (const source of of('anime')) {
    for (const [place, anime] of animeOf(source, rowsOf(source), codes))
      yield* record(source, 'anime', place, anime);
  }
  for (const source of of('parts')) {
    const rows = rowsOf(source).map((row, place) => ({
      place,
      fields: withCode(pick(row, source.fields), codes),
    }));
    numberSeasons(
      rows.map(({ fields }) => fields),
      (fields) => key(fields.get('anime_code')),
    );
    for (const row of rows) yield* record(source, 'part', row.place, row.fields);
  }
  for (const source of of('users', 'channels', 'groups', 'history', 'favourites'))
    for (const [place, row] of rowsOf(source).entries()) {
      const fields = withCode(pick(row, source.fields), codes);
      if (source.to === 'users') {
        const id = fields.get('id');
        if (id !== undefined) people.set(key(id), fields.get('user_id') ?? null);
        fields.delete('id');
      } else if (fields.has('user_id')) {
        // Their row of the person, where they keep one, or the person's own id.
        const user = fields.get('user_id') ?? null;
        fields.set('user_id', people.get(key(user)) ?? user);
      }
      if (source.to === 'favourites') {
        const anime = fields.get('anime_code') ?? null;
        fields.delete('anime_code');
        // Every anime of the map bears its code as its id.
        fields.set('anime_id', typeof anime === 'string' && /^\d{1,15}$/.test(anime) ? BigInt(anime) : anime);
        if (!fields.has('added_at')) fields.set('added_at', '1970-01-01 00:00:00');
      }
      yield* record(source, KINDS[source.to] ?? 'other', place, fields);
    }
  for (const [from, rows] of sources)
    if (rows.length > 0 && !map.sources.some((source) => source.from === from))
      yield { kind: 'left', source: from, rows: rows.length, isCatalogue: isCatalogue(from, rows) };
}

/**
 * A misspelt name would leave every row without that value, in silence.
 * @throws UnsealError with the columns there are. Rows that are not there say nothing against a
 * map.
 */
function requireColumns(sources: Sources, map: ImportMap): void {
  for (const { from, fields, parts } of map.sources) {
    const rows = sources.get(from) ?? [];
    require(rows, from, parts === undefined ? fields : { ...fields, parts: parts.from });
    if (parts !== undefined) require(objectsIn(rows, parts.from), `${from}.${parts.from}`, parts.fields);
  }
}

function require(rows: readonly SourceRow[], from: string, fields: MapSource['fields']): void {
  if (rows.length === 0) return;
  const wrong = Object.entries(fields).find(([, theirs]) => !rows.some((row) => row.has(theirs)));
  if (wrong === undefined) return;
  const [ours, theirs] = wrong;
  const columns = [...new Set(rows.flatMap((row) => [...row.keys()]))].filter((name) => name !== LINE);
  const similar = columns.find((name) => isWithin(name.toLowerCase(), theirs.toLowerCase(), 2));
  throw new UnsealError(
    'foreign',
    `the map takes ${ours} from ${JSON.stringify(theirs)}, which ${from} does not have${
      similar === undefined ? '' : ` (did you mean ${JSON.stringify(similar)}?)`
    }; it has ${columns.join(', ')}`,
  );
}

/** Of a CSV the line: nobody counts its rows from nought. */
function pathOf({ from }: MapSource, place: number, row: SourceRow | undefined): JsonPath {
  const line = row?.get(LINE);
  return typeof line === 'string' ? [`line ${line}`] : [from, place];
}

/** Rows with one code are one anime: bots keep a row for each part as well as for each anime. */
function animeOf(
  source: MapSource,
  rows: readonly SourceRow[],
  codes: Map<string, JsonValue>,
): Map<number, Record> {
  const found = new Map<number, Record>();
  const first = new Map<string, Record[]>();
  for (const [place, row] of rows.entries()) {
    const anime = pick(row, source.fields);
    const code = anime.get('code') ?? anime.get('id') ?? null;
    // Where their rows have no number of their own, their code is what others name them by.
    codes.set(key(anime.get('id') ?? code), code);
    const parts = [...partOf(anime), ...nestedParts(source, row)];
    const known = first.get(key(code));
    if (known !== undefined && parts.length > 0) {
      known.push(...parts);
      continue;
    }
    anime.set('code', code);
    anime.set('id', code);
    found.set(place, anime);
    first.set(key(code), parts);
    anime.set('parts', parts);
  }
  for (const parts of first.values()) numberSeasons(parts, () => '');
  return found;
}

function partOf(anime: Record): Record[] {
  const part: Record = new Map();
  for (const name of ['file_id', 'part_number', 'season']) {
    const value = anime.get(name);
    anime.delete(name);
    if (value !== undefined) part.set(name, value);
  }
  const file = part.get('file_id') ?? '';
  return file === '' ? [] : [part];
}

function nestedParts({ parts }: MapSource, row: SourceRow): Record[] {
  if (parts === undefined) return [];
  const value = row.get(parts.from) ?? null;
  const items: (readonly [JsonValue, JsonValue])[] = Array.isArray(value)
    ? value.map((item) => [null, item] as const)
    : value instanceof Map
      ? [...value]
      : [];
  return items.map(([number, item]) => {
    const part = pick(
      item instanceof Map ? item : new Map([[VALUE, item]]),
      item instanceof Map ? parts.fields : { file_id: VALUE },
    );
    if (!part.has('part_number') && number !== null) part.set('part_number', number);
    return part;
  });
}

/** With more than one season, parts are counted through: a part of ours has one number. */
function numberSeasons(parts: readonly Record[], group: (part: Record) => string): void {
  for (const own of Map.groupBy(parts, group).values()) {
    const seasons = new Set(own.map((part) => key(part.get('season'))));
    const ordered = own.toSorted(
      (a, b) =>
        number(a, 'season') - number(b, 'season') || number(a, 'part_number') - number(b, 'part_number'),
    );
    if (seasons.size > 1) for (const [i, part] of ordered.entries()) part.set('part_number', BigInt(i + 1));
    for (const part of own) part.delete('season');
  }
}

function withCode(record: Record, codes: ReadonlyMap<string, JsonValue>): Record {
  const anime = record.get('anime');
  record.delete('anime');
  if (anime !== undefined && !record.has('anime_code'))
    record.set('anime_code', codes.get(key(anime)) ?? null);
  return record;
}

function pick(row: SourceRow, fields: MapSource['fields']): Record {
  return new Map(
    Object.entries(fields).flatMap(([ours, theirs]) => {
      const value = row.get(theirs);
      return value === undefined ? [] : [[ours, value] as const];
    }),
  );
}

function number(part: Record, name: string): number {
  const value = Number(part.get(name) ?? 0);
  return Number.isFinite(value) ? value : 0;
}

function key(value: JsonValue | undefined): string {
  return typeof value === 'string' ? value.trim() : String(value ?? '');
}
