/**
 * What the owner added to a table of the bot's that `--only` makes again: columns, indexes and
 * triggers. Pure.
 */
import { ownSchema } from '../../db/own-tables.ts';
import { quoteName } from '../../lib/sql-tokens.ts';
import type { ColumnInfo, DatabaseSchema, SchemaObject, TableInfo } from '../model/model.ts';
import { isChangeTrigger } from '../schema/change-triggers.ts';
import { mentions } from './only-obstacles.ts';

/** The backup is somebody else's: of its text only what is surely a type or a value is run. */
const PLAIN_TYPE = /^(?:\w+(?: \w+)*(?: ?\(\d+(?:, ?\d+)?\))?)?$/;
const PLAIN_VALUE =
  /^(?:[+-]?\d+(?:\.\d+)?|'(?:[^']|'')*'|null|true|false|current_(?:time|date|timestamp))$/i;

export interface Added {
  readonly statements: readonly string[];
  readonly notes: readonly string[];
  /** A column that these statements cannot make. */
  readonly obstacle?: string;
}

/** Columns of the backup's table that are none of the bot's, for the empty table made anew. */
export function ownersColumns({ name, columns }: TableInfo): Added {
  const own = new Set(
    ownSchema()
      .tables.get(name)
      ?.map((column) => column.name),
  );
  const added = columns.filter((column) => !own.has(column.name.toLowerCase()));
  const strange = added.find((column) => !isPlain(column));
  if (strange !== undefined)
    return {
      statements: [],
      notes: [],
      obstacle: `column ${strange.name} of the backup’s table ${name} is none of the bot’s and no plain one`,
    };
  const names = added.map((column) => column.name).join(', ');
  return {
    statements: added.map((column) => `ALTER TABLE ${quoteName(name)} ADD COLUMN ${definition(column)}`),
    notes:
      added.length === 0
        ? []
        : [`${name}: ${names}, no column of the bot’s, is made again with its type and default alone`],
  };
}

function isPlain({ declaredType, defaultValue, generated, primaryKey }: ColumnInfo): boolean {
  return (
    generated === 'no' &&
    primaryKey === 0 &&
    PLAIN_TYPE.test(declaredType) &&
    (defaultValue === null || PLAIN_VALUE.test(defaultValue))
  );
}

function definition({ name, declaredType, defaultValue, notNull }: ColumnInfo): string {
  const parts = [quoteName(name), declaredType];
  if (notNull) parts.push('NOT NULL');
  if (defaultValue !== null) parts.push(`DEFAULT ${defaultValue}`);
  return parts.filter((part) => part !== '').join(' ');
}

/**
 * Indexes and triggers of the owner's on the table `name`, which is made again: by the living
 * database's own text where it has the table still; the backup's text is not run, its objects are
 * named.
 */
export function ownersObjects(
  name: string,
  { live, from }: { readonly live: DatabaseSchema; readonly from: DatabaseSchema },
): Added {
  const table = live.tables.find((one) => one.name === name);
  const { names } = ownSchema();
  const isOwners = ({ type, tableName, name: own, sql }: SchemaObject): boolean =>
    (type === 'index' || type === 'trigger') &&
    sql !== null &&
    tableName.toLowerCase() === name.toLowerCase() &&
    !names.has(own.toLowerCase());
  const backup = from.tables.find((one) => one.name === name);
  const kept = new Set([
    ...(ownSchema()
      .tables.get(name)
      ?.map((column) => column.name) ?? []),
    ...(backup?.columns.map((column) => column.name.toLowerCase()) ?? []),
  ]);
  const gone =
    table?.columns.map((column) => column.name).filter((one) => !kept.has(one.toLowerCase())) ?? [];
  const objects = (table === undefined ? from : live).objects.filter(isOwners);
  const again = objects.filter(
    ({ sql }) => table !== undefined && !gone.some((column) => mentions(sql ?? '', column)),
  );
  // The change log's own are no loss: the next start makes them, and a new full backup after it.
  const lost = objects.filter((object) => !again.includes(object) && !isChangeTrigger(object));
  return {
    statements: again.flatMap(({ sql }) => sql ?? []),
    notes: [
      ...(gone.length === 0
        ? []
        : [`${name}: ${gone.join(', ')}, which neither the backup nor the bot has, went with the old table`]),
      ...(lost.length === 0
        ? []
        : [
            `${name}: ${lost.map((one) => `${one.type} ${one.name}`).join(', ')} ${lost.length > 1 ? 'are' : 'is'} not made again`,
          ]),
    ],
  };
}
