/** What another bot's tables and columns are, by their names: Uzbek, Russian and English words for the same few things. A person confirms it. */
import type { FIELDS, ImportMap, MapSource } from './format.ts';
import { KEY, type SourceRow, type Sources, VALUE } from './sources.ts';

/** Without capitals, spaces and signs; in order of trust. */
const WORDS: Readonly<Record<string, readonly string[]>> = {
  code: [
    'code',
    'kod',
    'kodi',
    'animecode',
    'animekod',
    'animekodi',
    'kinocode',
    'kinokod',
    'kinokodi',
    'filmcode',
    'filmkodi',
    'moviecode',
    'код',
  ],
  title: [
    'title',
    'nomi',
    'nom',
    'name',
    'animename',
    'animenomi',
    'kinonomi',
    'filmname',
    'filmnomi',
    'moviename',
    'sarlavha',
    'название',
  ],
  description: [
    'description',
    'caption',
    'tavsif',
    'tavsifi',
    'izoh',
    'malumot',
    'desc',
    'about',
    'text',
    'matn',
    'описание',
  ],
  photo_id: [
    'photoid',
    'photo',
    'photofileid',
    'rasm',
    'rasmid',
    'poster',
    'posterid',
    'image',
    'imageid',
    'thumb',
  ],
  file_id: [
    'fileid',
    'videofileid',
    'videoid',
    'video',
    'file',
    'fayl',
    'faylid',
    'filefileid',
    'media',
    'mediaid',
    'documentid',
  ],
  genres: ['genres', 'genre', 'janr', 'janri', 'janrlar'],
  year: ['year', 'yil', 'yili'],
  part_number: [
    'partnumber',
    'part',
    'episode',
    'episodenumber',
    'ep',
    'qism',
    'qismraqami',
    'qismi',
    'seriya',
    'seria',
    'series',
    'number',
    'raqam',
    'raqami',
    'nomer',
  ],
  season: ['season', 'seasonnumber', 'fasl', 'sezon', 'mavsum'],
  user_id: ['userid', 'telegramid', 'tgid', 'chatid', 'tguserid', 'foydalanuvchiid'],
  username: ['username', 'login'],
  first_name: ['firstname', 'fullname', 'name', 'ism', 'ismi', 'имя'],
  last_name: ['lastname', 'familiya'],
  created_at: [
    'createdat',
    'created',
    'joinedat',
    'joindate',
    'regdate',
    'registeredat',
    'date',
    'sana',
    'vaqt',
    'qoshilgan',
  ],
  viewed_at: ['viewedat', 'watchedat', 'createdat', 'date', 'sana', 'vaqt', 'time'],
  anime: ['animeid', 'kinoid', 'filmid', 'movieid', 'serialid', 'contentid'],
  anime_code: [
    'animecode',
    'animekod',
    'animekodi',
    'kinokod',
    'kinokodi',
    'kinocode',
    'filmcode',
    'filmkodi',
    'moviecode',
    'code',
    'kod',
    'kodi',
  ],
  channel_id: ['channelid', 'kanalid', 'chatid', 'channel', 'kanal', 'username'],
  group_id: ['groupid', 'guruhid', 'chatid'],
  link: ['link', 'url', 'havola', 'invitelink', 'silka'],
};
const NESTED = [
  'parts',
  'episodes',
  'qismlar',
  'qismlari',
  'seriyalar',
  'series',
  'videos',
  'videolar',
  'files',
  'fayllar',
];
const USERS = /user|foydalanuvchi|member|azo|obunachi|people|odamlar/;
const HISTORY = /histor|tarix|view|watch|korish/;
const FAVOURITES = /fav|sevimli|saqla|bookmark|saved/;
const CHANNELS = /channel|kanal|majburiy|sponsor/;
const GROUPS = /group|guruh/;
const NOT_OURS = /admin|setting|sozlama|payment|tolov|migration|log$/;
/** Rows looked at. */
const LOOKED_AT = 50;

/** Undefined when nothing in it looks like anything of a bot's. */
export function guessMap(sources: Sources): ImportMap | undefined {
  const found = [...sources].flatMap(([from, rows]) => guessSource(from, rows) ?? []);
  return found.length === 0
    ? undefined
    : { format: 'anime-bot-import-map', format_version: 1, sources: found };
}

function guessSource(from: string, rows: readonly SourceRow[]): MapSource | undefined {
  const columns = [...new Set(rows.slice(0, LOOKED_AT).flatMap((row) => [...row.keys()]))];
  const table = plain(from);
  const find = (field: string): string | undefined =>
    WORDS[field]
      ?.map((word) => columns.find((column) => plain(column) === word))
      .find((column) => column !== undefined);
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
  if (NOT_OURS.test(table)) return undefined;
  if (CHANNELS.test(table) && find('channel_id') !== undefined)
    return source('channels', ['channel_id', 'link'], { name: find('title') });
  if (GROUPS.test(table) && find('group_id') !== undefined)
    return source('groups', ['group_id', 'link'], { name: find('title') });
  const user = find('user_id');
  const anime = find('anime') ?? find('anime_code');
  if (user !== undefined && anime !== undefined && find('file_id') === undefined)
    return FAVOURITES.test(table)
      ? source('favourites', ['user_id', 'anime', ...(find('anime') === undefined ? ['anime_code'] : [])])
      : HISTORY.test(table)
        ? source('history', [
            'user_id',
            'anime',
            ...(find('anime') === undefined ? ['anime_code'] : []),
            'part_number',
            'viewed_at',
          ])
        : undefined;
  if (columns.length === 1 && columns[0] === VALUE)
    return USERS.test(table) ? { from, to: 'users', fields: { user_id: VALUE } } : undefined;
  if (user !== undefined || USERS.test(table)) {
    const person = user ?? id;
    if (person === undefined) return undefined;
    const names = ['username', 'first_name', 'last_name', 'created_at'];
    return source('users', names, { user_id: person, id: person === id ? undefined : id });
  }
  return guessAnime(source, { columns, rows, find, id });
}

function guessAnime(
  source: (
    to: 'anime' | 'parts',
    names: readonly string[],
    more?: Readonly<Record<string, string | undefined>>,
  ) => MapSource,
  {
    columns,
    rows,
    find,
    id,
  }: {
    readonly columns: readonly string[];
    readonly rows: readonly SourceRow[];
    readonly find: (field: string) => string | undefined;
    readonly id: string | undefined;
  },
): MapSource | undefined {
  const file = find('file_id');
  const ref = find('anime');
  if (ref !== undefined && file !== undefined)
    return source('parts', ['anime', 'part_number', 'season', 'file_id', 'created_at']);
  const code = find('code') ?? id;
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
  const guessed = source('anime', names, { code, ...(code === id ? {} : { id }) });
  if (nested === undefined) return guessed;
  const inner = rows.flatMap((row) => {
    const value = row.get(nested);
    const items = Array.isArray(value) ? value : value instanceof Map ? [...value.values()] : [];
    return items.filter((item) => item instanceof Map);
  });
  const within = guessFields(inner);
  return { ...guessed, parts: { from: nested, fields: within } };
}

function guessFields(rows: readonly SourceRow[]): Record<string, string> {
  const columns = [...new Set(rows.slice(0, LOOKED_AT).flatMap((row) => [...row.keys()]))];
  const fields: Record<string, string> = {};
  for (const name of ['file_id', 'part_number', 'season']) {
    const column = WORDS[name]
      ?.map((word) => columns.find((one) => plain(one) === word))
      .find((one) => one !== undefined);
    if (column !== undefined) fields[name] = column;
  }
  return fields;
}

function plain(name: string): string {
  return name.toLowerCase().replaceAll(/[^\p{L}\p{N}]/gu, '');
}
