/** The bot's own schema as a takeover needs it: kinds of columns, and every name that is taken. */
import { kindOfColumn } from '../backup/import/fit.ts';
import { type OwnColumn, ownSchema } from '../db/own-tables.ts';

/**
 * The old Python bot's tables, parents first, with the columns that it wrote. Other columns of
 * these names mean something else there.
 */
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

export interface OurColumn extends OwnColumn {
  readonly kind: ReturnType<typeof kindOfColumn>;
  readonly notNull: boolean;
  /** SQL of its default, or null. */
  readonly preset: string | null;
}

export interface OurSchema {
  readonly tables: ReadonlyMap<string, readonly OurColumn[]>;
  /**
   * Everything that the program makes or may make, tables behind virtual ones included; no other
   * object may have such a name.
   */
  readonly names: ReadonlySet<string>;
}

/** Where a takeover keeps what it could not take unchanged. */
export const OLD_SCHEMA = 'old_schema';
export const OLD_VALUES = 'old_values';

const SHADOWS = ['data', 'idx', 'content', 'docsize', 'config'];
/** Names that the program's own work removes (import, restore). */
const PASSING = /^(importing|restoring|taking|old_rows_of)_/;

export function ourSchema(): OurSchema {
  const own = ownSchema();
  const shadows = [...own.virtual].flatMap((name) => SHADOWS.map((shadow) => `${name}_${shadow}`));
  const tables = [...own.tables].filter(([name]) => !own.virtual.has(name));
  return {
    tables: new Map(tables.map(([name, columns]) => [name, columns.map(detailed)])),
    names: new Set(['schema_migrations', OLD_SCHEMA, OLD_VALUES, ...own.names, ...shadows]),
  };
}

export function isOurName({ names }: OurSchema, name: string): boolean {
  return names.has(name.toLowerCase()) || PASSING.test(name.toLowerCase());
}

function detailed(column: OwnColumn): OurColumn {
  const { name, definition } = column;
  return {
    ...column,
    kind: kindOfColumn(name, definition.split(' ')[0] ?? ''),
    notNull: definition.includes('NOT NULL'),
    preset: /DEFAULT ('[^']*'|\d+|\(.*\))/.exec(definition)?.[1] ?? null,
  };
}
