/** What another bot's tables and columns are, by their names. A person confirms it. */
import {
  CATALOGUE,
  CHANNELS,
  FAVOURITES,
  findColumn,
  GROUPS,
  HISTORY,
  LOG,
  NESTED,
  NOT_OURS,
  plain,
  USERS,
} from './column-names.ts';
import { LINE } from './csv.ts';
import type { FIELDS, ImportMap, MapSource } from './format.ts';
import { KEY, objectsIn, type SourceRow, type Sources, VALUE } from './sources.ts';

/** Rows looked at. */
const LOOKED_AT = 50;

/** Undefined when nothing in it looks like anything of a bot's. */
export function guessMap(sources: Sources): ImportMap | undefined {
  const found = [...sources].flatMap(([from, rows]) => guessSource(from, rows) ?? []);
  return found.length === 0
    ? undefined
    : { format: 'anime-bot-import-map', format_version: 1, sources: found };
}

/**
 * Whether a table that no map names may hold the anime or their parts: by its name, or by a column
 * of file_ids.
 */
export function isCatalogue(from: string, rows: readonly SourceRow[]): boolean {
  const table = plain(from);
  if (NOT_OURS(table) || LOG.test(table)) return false;
  const columns = columnsOf(rows);
  const isOfUsers = USERS(table) || HISTORY(table) || FAVOURITES(table) || CHANNELS(table) || GROUPS(table);
  return findColumn(columns, 'file_id') !== undefined || (CATALOGUE(table) && !isOfUsers);
}

/** Names of the columns of the first rows, but for the one that we added. */
function columnsOf(rows: readonly SourceRow[]): string[] {
  const names = new Set(rows.slice(0, LOOKED_AT).flatMap((row) => [...row.keys()]));
  names.delete(LINE);
  return [...names];
}

function guessSource(from: string, rows: readonly SourceRow[]): MapSource | undefined {
  const columns = columnsOf(rows);
  const table = plain(from);
  const find = (field: string): string | undefined => findColumn(columns, field);
  const id = columns.find((column) => plain(column) === 'id') ?? (columns.includes(KEY) ? KEY : undefined);
  const source = <To extends keyof typeof FIELDS>(
    to: To,
    names: readonly string[],
    more: Readonly<Record<string, string | undefined>> = {},
  ): MapSource => {
    const fields: Record<string, string> = {};
    for (const [name, column] of [
      ...names.map((name) => [name, find(name)] as const),
      ...Object.entries(more),
    ])
      if (column !== undefined && !Object.values(fields).includes(column)) fields[name] = column;
    return { from, to, fields };
  };
  if (NOT_OURS(table) || LOG.test(table)) return undefined;
  if (CHANNELS(table) && find('channel_id') !== undefined)
    return source('channels', ['channel_id', 'link'], { name: find('title') });
  if (GROUPS(table) && find('group_id') !== undefined)
    return source('groups', ['group_id', 'link'], { name: find('title') });
  const user = find('user_id');
  const anime = find('anime') === undefined ? 'anime_code' : 'anime';
  if (user !== undefined && find(anime) !== undefined && find('file_id') === undefined) {
    if (FAVOURITES(table)) return source('favourites', ['user_id', anime]);
    return HISTORY(table) ? source('history', ['user_id', anime, 'part_number', 'viewed_at']) : undefined;
  }
  if (columns.length === 1 && columns[0] === VALUE)
    return USERS(table) ? { from, to: 'users', fields: { user_id: VALUE } } : undefined;
  if (user !== undefined || USERS(table)) {
    const person = user ?? id;
    if (person === undefined) return undefined;
    const names = ['username', 'first_name', 'last_name', 'created_at'];
    return source('users', names, { user_id: person, id: person === id ? undefined : id });
  }
  return guessAnime(source, { columns, rows, find, id });
}

interface Seen {
  readonly columns: readonly string[];
  readonly rows: readonly SourceRow[];
  readonly find: (field: string) => string | undefined;
  readonly id: string | undefined;
}

function guessAnime(
  source: (
    to: 'anime' | 'parts',
    names: readonly string[],
    more?: Readonly<Record<string, string | undefined>>,
  ) => MapSource,
  { columns, rows, find, id }: Seen,
): MapSource | undefined {
  const file = find('file_id');
  const ref = find('anime');
  // movies(movie_id, title, code, file_id) and anime(anime_id, name) name themselves: each has its
  // row once, with a title.
  const isOwn =
    ref !== undefined &&
    find('title') !== undefined &&
    (file === undefined || find('code') !== undefined) &&
    new Set(rows.map((row) => row.get(ref))).size === rows.length;
  if (ref !== undefined && file !== undefined && !isOwn)
    return source('parts', ['anime', 'part_number', 'season', 'file_id', 'created_at']);
  const key = id ?? (isOwn ? ref : undefined);
  const code = find('code') ?? key;
  if (code === undefined) return undefined;
  const nested = columns.find(
    (column) =>
      NESTED.includes(plain(column)) &&
      rows.some((row) => typeof row.get(column) === 'object' && row.get(column) !== null),
  );
  // By code, with nothing but the file: {"12": "BAAC…"}.
  if (columns.includes(VALUE) && code === KEY)
    return { from: source('anime', []).from, to: 'anime', fields: { code: KEY, file_id: VALUE } };
  if (
    find('title') === undefined &&
    file === undefined &&
    nested === undefined &&
    find('description') === undefined
  )
    return undefined;
  const names = [
    'title',
    'description',
    'photo_id',
    'year',
    'genres',
    'created_at',
    'file_id',
    ...(file === undefined ? [] : ['part_number', 'season']),
  ];
  const guessed = source('anime', names, { code, ...(code === key ? {} : { id: key }) });
  if (nested === undefined) return guessed;
  return { ...guessed, parts: { from: nested, fields: guessFields(objectsIn(rows, nested)) } };
}

function guessFields(rows: readonly SourceRow[]): Record<string, string> {
  const columns = columnsOf(rows);
  const fields: Record<string, string> = {};
  for (const name of ['file_id', 'part_number', 'season']) {
    const column = findColumn(columns, name);
    if (column !== undefined) fields[name] = column;
  }
  return fields;
}
