/** How another bot's file is laid out: `import --map FILE` (docs/formats.md, "Import map"). */
import * as v from 'valibot';

/** What of a source's row goes where: our field -> their column. */
const fields = <const Names extends readonly [string, ...string[]]>(names: Names) =>
  v.record(
    v.picklist(names, (issue) => `${issue.received} is no field: ${names.join(', ')}`),
    v.pipe(v.string(), v.minLength(1)),
  );

const PART_FIELDS = ['part_number', 'season', 'file_id', 'created_at'] as const;

export const FIELDS = {
  anime: ['id', 'code', 'title', 'description', 'photo_id', 'year', 'genres', 'created_at', ...PART_FIELDS],
  parts: ['anime', 'anime_code', ...PART_FIELDS],
  users: ['id', 'user_id', 'username', 'first_name', 'last_name', 'created_at'],
  history: ['user_id', 'anime', 'anime_code', 'part_number', 'viewed_at'],
  favourites: ['user_id', 'anime', 'anime_code', 'added_at'],
  channels: ['channel_id', 'link', 'name'],
  groups: ['group_id', 'link', 'name'],
} as const;

const source = <const To extends keyof typeof FIELDS>(to: To) =>
  v.strictObject({ from: v.string(), to: v.literal(to), fields: fields(FIELDS[to]) });

const ANIME = v.strictObject({
  from: v.string(),
  to: v.literal('anime'),
  fields: fields(FIELDS.anime),
  /** A column of the row that holds its parts: a list of objects, or of file_ids. */
  parts: v.optional(v.strictObject({ from: v.string(), fields: fields(PART_FIELDS) })),
});

const MAP = v.strictObject({
  format: v.literal('anime-bot-import-map'),
  format_version: v.literal(1),
  sources: v.pipe(
    v.array(
      v.variant('to', [
        ANIME,
        source('parts'),
        source('users'),
        source('history'),
        source('favourites'),
        source('channels'),
        source('groups'),
      ]),
    ),
    v.minLength(1, 'no sources'),
  ),
});

export interface MapSource {
  readonly from: string;
  readonly to: keyof typeof FIELDS;
  readonly fields: Readonly<Record<string, string>>;
  readonly parts?: { readonly from: string; readonly fields: Readonly<Record<string, string>> } | undefined;
}

export interface ImportMap {
  readonly format: 'anime-bot-import-map';
  readonly format_version: 1;
  readonly sources: readonly MapSource[];
}

/** @throws what is wrong with it, and where */
export function readImportMap(text: string): ImportMap {
  let value: unknown;
  try {
    value = JSON.parse(text, (key: string, inner: unknown) => {
      // The checks below pass over it.
      if (key === '__proto__') throw new Error('__proto__ is no field');
      return inner;
    });
  } catch (cause) {
    throw new Error(`the map is no JSON: ${cause instanceof Error ? cause.message : ''}`, { cause });
  }
  const parsed = v.safeParse(MAP, mapIn(value));
  if (parsed.success) return parsed.output;
  const [issue] = parsed.issues;
  throw new Error(`the map is wrong at ${v.getDotPath(issue) ?? 'its beginning'}: ${issue.message}`);
}

/** `import --dry-run --json` prints its guess as the `map` of a report. */
function mapIn(value: unknown): unknown {
  const isReport = typeof value === 'object' && value !== null && !('format' in value) && 'map' in value;
  return isReport ? value.map : value;
}

/** For people: one line a source. */
export function describeMap({ sources }: ImportMap): string[] {
  return sources.map(({ from, to, fields: of, parts }) => {
    const said = Object.entries(of).map(([ours, theirs]) => `${ours} ← ${theirs}`);
    if (parts !== undefined)
      said.push(
        `parts ← ${parts.from} (${Object.entries(parts.fields)
          .map(([ours, theirs]) => `${ours} ← ${theirs}`)
          .join(', ')})`,
      );
    return `${from} → ${to}: ${said.join(', ')}`;
  });
}
