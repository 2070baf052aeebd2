/**
 * One object of an old document as records of the schema (docs/spec/bot.md, "Data"), and what could
 * not be taken from it.
 */
import type { SqlValue } from '../model/model.ts';
import { PARTS_KEY, ROWID_KEY } from './format.ts';
import type { JsonObject, JsonValue } from './json-value.ts';
import { type FieldKind, fieldValue, Refused } from './legacy-fields.ts';
import { type Reason, reason } from './reasons.ts';
import { type JsonPath, placeOf } from './window.ts';

export type LegacyKind = 'anime' | 'part' | 'group' | 'user' | 'channel' | 'history' | 'anime_group';

export interface LegacyRecord {
  /** `other`: a table that the old bot did not have; `table` names it. */
  readonly kind: LegacyKind | 'other';
  readonly table: string;
  /** `anime[3].parts[0]` */
  readonly place: string;
  /**
   * By column name; only what the document has. Without a prototype: columns may be called
   * anything.
   */
  readonly fields: Readonly<Record<string, SqlValue>>;
}

export interface LegacyRefusal extends Reason {
  readonly kind: 'refusal';
  /** `anime[3].code` */
  readonly place: string;
  /** What is lost: the whole record, or this field of it. */
  readonly scope: 'record' | 'field';
  /** The table that lacks it, where the place does not begin with its name (another bot's file). */
  readonly table?: string;
}

interface KindInfo {
  readonly table: string;
  /** Top-level keys (or keys below `tables`) that hold records of this kind. */
  readonly keys: readonly string[];
  /** Without these a record is nothing; NULL does not do. */
  readonly required: readonly string[];
  readonly fields: Readonly<Record<string, FieldKind>>;
}

const TIMES = {
  created_at: 'time',
  updated_at: 'time',
  last_seen: 'time',
  added_at: 'time',
  viewed_at: 'time',
} as const;

const KINDS: Readonly<Record<LegacyKind, KindInfo>> = {
  anime: {
    table: 'anime',
    keys: ['anime'],
    required: ['code'],
    fields: { id: 'integer', code: 'integer', description: 'text', photo_id: 'text', ...TIMES },
  },
  part: {
    table: 'anime_parts',
    keys: ['parts_without_anime', 'anime_parts', 'parts'],
    required: ['anime_code', 'file_id'],
    fields: { id: 'integer', anime_code: 'integer', part_number: 'integer', file_id: 'text', ...TIMES },
  },
  group: {
    table: 'groups',
    keys: ['groups'],
    required: ['group_id'],
    fields: { id: 'integer', group_id: 'integer', link: 'text', name: 'text', ...TIMES },
  },
  user: {
    table: 'users',
    keys: ['users'],
    required: ['user_id'],
    fields: { user_id: 'integer', username: 'text', first_name: 'text', last_name: 'text', ...TIMES },
  },
  channel: {
    table: 'mandatory_channels',
    keys: ['mandatory_channels', 'channels'],
    required: ['channel_id'],
    fields: { id: 'integer', channel_id: 'text', link: 'text', name: 'text', ...TIMES },
  },
  history: {
    table: 'user_history',
    keys: ['user_history', 'history'],
    required: ['user_id', 'anime_code'],
    fields: { id: 'integer', user_id: 'integer', anime_code: 'integer', part_number: 'integer', ...TIMES },
  },
  anime_group: {
    table: 'anime_groups',
    keys: ['anime_groups'],
    required: ['anime_code', 'group_id'],
    fields: { id: 'integer', anime_code: 'integer', group_id: 'integer', ...TIMES },
  },
};

const KIND_OF_KEY: ReadonlyMap<string, LegacyKind> = new Map(
  (Object.keys(KINDS) as LegacyKind[]).flatMap((kind) => KINDS[kind].keys.map((key) => [key, kind] as const)),
);

/** The kind of the records under a key; undefined when the old bot had no such list. */
export function kindOfKey(key: string): LegacyKind | undefined {
  return KIND_OF_KEY.get(key);
}

/** Fields without which a record of a kind is nothing. */
export function requiredFields(kind: LegacyKind): readonly string[] {
  return KINDS[kind].required;
}

/** The table that a place (`anime[3].parts[0].file_id`, `tables.follows[1]`) speaks of. */
export function tableOfPlace(place: string): string {
  const key = /^(?:tables\.)?([^.[]+)/.exec(place)?.[1] ?? 'file';
  if (KIND_OF_KEY.get(key) === 'anime' && /^[^[]+\[\d+\]\.parts\[/.test(place)) return KINDS.part.table;
  const kind = KIND_OF_KEY.get(key);
  return kind === undefined ? key : KINDS[kind].table;
}

/** Turns one element of the list `path[0]` into its records; an anime is followed by its parts. */
export function* recordsOf(
  kind: LegacyKind | 'other',
  list: string,
  path: JsonPath,
  value: JsonValue,
  utcOffsetMinutes: number,
): Generator<LegacyRecord | LegacyRefusal> {
  if (!(value instanceof Map)) {
    yield refusal(path, reason('not-an-object'), 'record');
    return;
  }
  const { record, refusals } = convert(kind, list, path, value, utcOffsetMinutes);
  yield* refusals;
  if (record !== undefined) yield record;
  if (kind !== 'anime') return;

  const parts = value.get(PARTS_KEY) ?? [];
  if (!Array.isArray(parts)) {
    yield refusal([...path, PARTS_KEY], reason('not-a-list'), 'field');
    return;
  }
  for (const [i, part] of parts.entries()) {
    const place = [...path, PARTS_KEY, i];
    // Inside an anime a part belongs to it, whatever code it may still carry.
    const code = record?.fields['code'];
    const owned =
      part instanceof Map && typeof code === 'bigint' ? new Map(part).set('anime_code', code) : part;
    yield* recordsOf('part', PARTS_KEY, place, owned, utcOffsetMinutes);
  }
}

function convert(
  kind: LegacyKind | 'other',
  list: string,
  path: JsonPath,
  value: JsonObject,
  utcOffsetMinutes: number,
): { record?: LegacyRecord; refusals: LegacyRefusal[] } {
  const info = kind === 'other' ? undefined : KINDS[kind];
  const fields: Record<string, SqlValue> = Object.create(null);
  const refusals: LegacyRefusal[] = [];
  const faults = new Map<string, Reason>();
  for (const [key, raw] of value) {
    if (key === ROWID_KEY || (kind === 'anime' && key === PARTS_KEY)) continue;
    const column = key.startsWith('$') ? key.slice(1) : key;
    const known = info !== undefined && Object.hasOwn(info.fields, column) ? info.fields[column] : undefined;
    const taken = fieldValue(known ?? 'any', raw, utcOffsetMinutes);
    if (!(taken instanceof Refused)) fields[column] = taken;
    else if (info?.required.includes(column)) faults.set(column, taken.reason);
    else refusals.push(refusal([...path, column], taken.reason, 'field'));
  }
  for (const column of info?.required ?? []) {
    const missing = fields[column] ?? null;
    if (missing !== null && missing !== '') continue;
    const why = faults.get(column) ?? reason('missing');
    return { refusals: [refusal([...path, column], why, 'record')] };
  }
  return { record: { kind, table: info?.table ?? list, place: placeOf(path), fields }, refusals };
}

function refusal(path: JsonPath, why: Reason, scope: LegacyRefusal['scope']): LegacyRefusal {
  return { kind: 'refusal', place: placeOf(path), ...why, scope };
}
