/** `--only`: the contents of some tables, in one transaction, everything else as it is. Pure. */
import { SCHEMA_VERSION } from '../../db/migrate.ts';
import { lackOf, makeTable } from '../../db/own-schema.ts';
import type { DatabaseSchema, TableInfo } from '../model.ts';
import { quoteName } from '../snapshot/sql-tokens.ts';
import { tablesOf } from '../source-check.ts';
import { columnList, copyColumns, type StagedTable } from './staging.ts';

/**
 * Empties the living tables and fills them from the given ones (`name` is what to select from). Triggers run, so that indexes kept by
 * them follow; foreign keys are off and looked at afterwards: rows of other tables must not be deleted by a restore of this one.
 * @param version the number of the living database's last migration; null when it keeps none
 * @throws when the living tables have no place for something of the backup's.
 */
export function replaceContents(
  live: DatabaseSchema,
  version: number | null,
  staged: readonly Pick<StagedTable, 'table' | 'name'>[],
): { readonly statements: string[]; readonly notes: string[] } {
  const tables = new Map(live.tables.map((table) => [table.name, table]));
  const isCurrent = version === SCHEMA_VERSION;
  const lost = isCurrent ? (lackOf(tablesOf(live), version)?.tables ?? []) : [];
  // Tables of ours that somebody's SQL took away, or a column of which. An older database lacks them rightly:
  // its migration makes them, and would fail over one that is there.
  const remade = staged.map(({ table }) => table.name).filter((name) => lost.includes(name));
  const pairs = staged.map(({ table, name }) => {
    // Made anew, it has what the backup has of it.
    const target = remade.includes(table.name) ? table : tables.get(table.name);
    if (target === undefined)
      throw new Error(`the database has no table ${table.name}: restore the whole backup instead`);
    return { target, source: table, name };
  });
  const owners = new Set(pairs.map(({ target }) => target.name));
  const index = owners.has('anime') && !owners.has('anime_search') ? searchIndex(tables) : [];
  const notes = pairs.flatMap(({ target, source }) => {
    const newer = storedNames(target).filter((name) => !storedNames(source).includes(name));
    return newer.length === 0
      ? []
      : [`${target.name}: ${newer.join(', ')} newer than this backup, now at the default in every row`];
  });
  const statements = [
    // Of a name that the living database has not, `IF EXISTS` would find the backup's.
    ...remade.flatMap((name) => [
      ...(tables.has(name) ? [`DROP TABLE ${quoteName(name)}`] : []),
      ...makeTable(name),
    ]),
    ...pairs.map(({ target }) => `DELETE FROM ${quoteName(target.name)}`),
    ...pairs.map(({ target, source, name }) =>
      copyColumns(quoteName(target.name), common(source, target), name),
    ),
    ...index,
  ];
  return { statements, notes };
}

/** Folded texts of anime that are gone go too; the others are made anew by the tick (the insert's trigger has queued them). */
function searchIndex(live: ReadonlyMap<string, TableInfo>): string[] {
  return live.has('anime_search') && live.has('anime_stale')
    ? [
        'DELETE FROM anime_search WHERE anime_id NOT IN (SELECT id FROM anime)',
        'DELETE FROM anime_stale WHERE anime_id NOT IN (SELECT id FROM anime)',
      ]
    : [];
}

function common(source: TableInfo, target: TableInfo): string[] {
  const names = new Set(storedNames(target).map(quoteName));
  const homeless = storedNames(source).filter((name) => !names.has(quoteName(name)));
  if (homeless.length > 0)
    throw new Error(
      `the database's table ${target.name} is older than the backup and has no ${homeless.join(', ')}: start the bot once, which brings it up to date, or restore the whole backup`,
    );
  const hidden = source.rowidAlias === null && target.rowidAlias === null && !target.withoutRowid;
  const list = columnList(source).filter(
    (name) => names.has(name) || (hidden && /^(rowid|_rowid_|oid)$/.test(name)),
  );
  return list;
}

function storedNames({ columns }: TableInfo): string[] {
  return columns.filter(({ generated }) => generated === 'no').map(({ name }) => name);
}
