/** What the migrations make, read from their own statements, so that a new migration is known here without a second list. */
import { kindOfColumn } from '../backup/import/fit.ts';
import { migrations } from '../db/migrations/index.ts';

/** The old Python bot's tables, parents first, with the columns that it wrote. Others of these names mean something else there. */
export const OLD_COLUMNS: Readonly<Record<OldTable, readonly string[]>> = {
  users: ['user_id', 'username', 'first_name', 'last_name', 'created_at', 'last_seen'],
  anime: ['id', 'code', 'description', 'photo_id', 'created_at', 'updated_at'],
  anime_parts: ['id', 'anime_code', 'part_number', 'file_id', 'created_at'],
  groups: ['id', 'group_id', 'link', 'name', 'created_at'],
  anime_groups: ['id', 'anime_code', 'group_id', 'added_at'],
  mandatory_channels: ['id', 'channel_id', 'link', 'name', 'created_at'],
  user_history: ['id', 'user_id', 'anime_code', 'part_number', 'viewed_at'],
};

export type OldTable =
  | 'users'
  | 'anime'
  | 'anime_parts'
  | 'groups'
  | 'anime_groups'
  | 'mandatory_channels'
  | 'user_history';

export const OLD_TABLES = Object.keys(OLD_COLUMNS) as readonly OldTable[];

export interface OurColumn {
  readonly name: string;
  readonly kind: ReturnType<typeof kindOfColumn>;
  readonly notNull: boolean;
  /** SQL of its default, or null. */
  readonly preset: string | null;
  /** `TEXT NOT NULL DEFAULT 'public'` */
  readonly definition: string;
  /** Added by a later step than the one that makes the table. */
  readonly isLater: boolean;
}

export interface OurSchema {
  readonly tables: ReadonlyMap<string, readonly OurColumn[]>;
  /** Everything that the program makes or may make, tables behind virtual ones included; no other object may have such a name. */
  readonly names: ReadonlySet<string>;
}

/** Where a takeover keeps what it could not take as it was. */
export const OLD_SCHEMA = 'old_schema';
export const OLD_VALUES = 'old_values';

const SHADOWS = ['data', 'idx', 'content', 'docsize', 'config'];
/** Names that the program's own work clears away (import, restore). */
const PASSING = /^(importing|restoring|taking|old_rows_of)_/;

export function ourSchema(): OurSchema {
  const tables = new Map<string, OurColumn[]>();
  const names = new Set(['schema_migrations', OLD_SCHEMA, OLD_VALUES]);
  for (const text of migrations.flatMap(({ up }) => up(new Map()))) {
    const made = /^CREATE (?:UNIQUE )?(VIRTUAL TABLE|TABLE|INDEX|TRIGGER|VIEW) (\w+)/.exec(text);
    if (made?.[2] !== undefined) names.add(made[2]);
    if (made?.[1] === 'VIRTUAL TABLE') for (const shadow of SHADOWS) names.add(`${made[2]}_${shadow}`);
    if (made?.[1] === 'TABLE' && made[2] !== undefined)
      tables.set(
        made[2],
        [...text.matchAll(/^ {2}"?([a-z_]+)"? ((?:TEXT|INTEGER).*?),?$/gm)].map(([, name, definition]) =>
          column(name, definition, false),
        ),
      );
    const added = /^ALTER TABLE (\w+) ADD COLUMN (\w+) (.*)$/.exec(text);
    if (added?.[1] !== undefined) tables.get(added[1])?.push(column(added[2], added[3], true));
  }
  return { tables, names };
}

export function isOurName({ names }: OurSchema, name: string): boolean {
  return names.has(name.toLowerCase()) || PASSING.test(name.toLowerCase());
}

function column(name = '', definition = '', isLater: boolean): OurColumn {
  return {
    name,
    kind: kindOfColumn(name, definition.split(' ')[0] ?? ''),
    notNull: definition.includes('NOT NULL'),
    preset: /DEFAULT ('[^']*'|\d+|\(.*\))/.exec(definition)?.[1] ?? null,
    definition,
    isLater,
  };
}
