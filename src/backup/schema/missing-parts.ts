/** What of the bot's own is missing in a database. Pure. */
import { type Keys, keepsText, keysOf } from '../../db/own-keys.ts';
import { hasOwnLedger, lackOfAll } from '../../db/own-schema.ts';
import type { DatabaseSchema } from '../model/model.ts';

/**
 * What of the bot's own tables, columns, triggers and record of migrations somebody took away; none
 * of a database that no migration of ours made.
 * @param versions of the migrations on record, in order
 */
export function missingParts(schema: DatabaseSchema, versions: readonly number[]): readonly string[] {
  const found = tablesOf(schema);
  const triggers = schema.objects.filter(({ type }) => type === 'trigger');
  const names = new Set(triggers.map(({ name }) => name.toLowerCase()));
  return (
    lackOfAll(found, hasOwnLedger(found) ? versions : undefined, { names, keys: keysIn(schema) })?.findings ??
    []
  );
}

/** Of every table, in lower case. */
export function keysIn({ tables, indexes }: DatabaseSchema): Keys {
  const primary = tables.flatMap(({ name, columns, rowidAlias }) =>
    columns
      .filter(({ primaryKey }) => primaryKey > 0)
      .map((column) => ({
        table: name.toLowerCase(),
        key: '',
        column: column.name.toLowerCase(),
        mark: rowidAlias === null ? ('' as const) : (' rowid' as const),
      })),
  );
  const unique = indexes
    .filter((index) => index.unique && index.origin !== 'pk')
    .flatMap(({ name, table, partial, columns }) =>
      columns
        .filter(({ key }) => key)
        .map((column) => ({
          table: table.toLowerCase(),
          key: name,
          column: column.name?.toLowerCase() ?? '',
          mark: partial ? (' where' as const) : ('' as const),
        })),
    );
  const texts = tables.flatMap(({ name, columns }) =>
    columns
      .filter(({ declaredType }) => keepsText(declaredType))
      .map((column) => ({
        table: name.toLowerCase(),
        key: ` text ${column.name}`,
        column: column.name.toLowerCase(),
        mark: ' text' as const,
      })),
  );
  return keysOf([...primary, ...unique, ...texts]);
}

/** Names of tables and their columns in lower case; virtual ones are there without columns. */
export function tablesOf(schema: DatabaseSchema): ReadonlyMap<string, ReadonlySet<string>> {
  const found = new Map(
    schema.objects
      .filter(({ type }) => type === 'table')
      .map(({ name }) => [name.toLowerCase(), new Set<string>()] as const),
  );
  for (const { name, columns } of schema.tables)
    found.set(name.toLowerCase(), new Set(columns.map((column) => column.name.toLowerCase())));
  return found;
}
