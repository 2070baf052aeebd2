/** `--only`: the contents of some tables, in one transaction, everything else as it is. Pure. */
import { SCHEMA_VERSION } from '../../db/migrate.ts';
import { type Lack, lackOf, makeTable } from '../../db/own-schema.ts';
import { quoteName } from '../../lib/sql-tokens.ts';
import { STATE_TABLE } from '../catalog/change-state.ts';
import { beginTimelineSql } from '../changes/timeline.ts';
import type { DatabaseSchema, TableInfo } from '../model/model.ts';
import { keysIn, tablesOf } from '../schema/missing-parts.ts';
import { ownersColumns, ownersObjects } from './added-by-owner.ts';
import { cannotOnly, missingForTrigger, type OnlyWanted, takenName } from './only-obstacles.ts';
import { columnList, copyColumns, type StagedTable } from './staging.ts';

export interface Replacement {
  /** The backup or file, for people. */
  readonly origin: string;
  /** The living database's schema. */
  readonly live: DatabaseSchema;
  /** The number of its last migration; null when it keeps none. */
  readonly version: number | null;
  /** The backup's schema. */
  readonly from: DatabaseSchema;
  /** `name` is what to select from. */
  readonly staged: readonly Pick<StagedTable, 'table' | 'name'>[];
}

/** What the living database lacks of its own. */
export function lackOfLive({ live, version }: Pick<Replacement, 'live' | 'version'>): Lack | undefined {
  return version === null ? undefined : lackOf(tablesOf(live), version, keysIn(live));
}

/**
 * Empties the living tables and fills them from the given ones. Triggers run, so that indexes kept
 * by them follow; foreign keys are off and looked at afterwards: rows of other tables must not be
 * deleted by a restore of this one.
 * @throws when the living tables have no place for something of the backup's, or something is in
 * the way.
 */
export function replaceContents(replacement: Replacement): {
  readonly statements: string[];
  readonly notes: string[];
} {
  const { live, version, from, staged, origin } = replacement;
  const only = staged.map(({ table }) => table.name);
  const wanted = { only, origin };
  const tables = new Map(live.tables.map((table) => [table.name, table]));
  const isCurrent = version === SCHEMA_VERSION;
  const lack = lackOfLive(replacement);
  // Tables of ours that somebody's SQL dropped, or whose columns it dropped. An older database may
  // lack them: its migration makes them, and would fail over one that is there.
  const remade = only.filter((name) => isCurrent && lack?.tables.includes(name) === true);
  const pairs = staged.map(({ table, name }) => {
    // Made anew, it has what the backup has of it.
    const target = remade.includes(table.name) ? table : tables.get(table.name);
    if (target === undefined) throw cannotOnly(wanted, `the database has no table ${table.name}`);
    return { target, source: table, name };
  });
  const owners = new Set(pairs.map(({ target }) => target.name));
  const index = owners.has('anime') && !owners.has('anime_search') ? searchIndex(tables) : [];
  const added = remade.flatMap((name) => {
    const source = staged.find(({ table }) => table.name === name)?.table;
    return [...(source === undefined ? [] : [ownersColumns(source)]), ownersObjects(name, { live, from })];
  });
  const dropped = remade.filter((name) => tables.has(name));
  const made = remade.flatMap(makeTable);
  const written = new Set([...owners, ...(index.length === 0 ? [] : INDEX_TABLES)]);
  const triggers = [
    ...live.objects.filter(({ type, tableName }) => type === 'trigger' && written.has(tableName)),
    ...made
      .filter((sql) => sql.startsWith('CREATE TRIGGER'))
      .map((sql) => ({ name: `on ${only.join(', ')}`, sql })),
  ].flatMap(({ name, sql }) => (sql === null ? [] : [{ name, sql }]));
  const found = tablesOf(live);
  const missing = lack?.tables.filter((name) => !found.has(name) && !remade.includes(name)) ?? [];
  const obstacle =
    takenName(live, made, dropped) ??
    missingForTrigger(triggers, missing) ??
    added.find((one) => one.obstacle !== undefined)?.obstacle;
  if (obstacle !== undefined) throw cannotOnly(wanted, obstacle);
  const notes = pairs.flatMap(({ target, source }) => {
    const newer = storedNames(target).filter((name) => !storedNames(source).includes(name));
    return newer.length === 0
      ? []
      : [`${target.name}: ${newer.join(', ')} newer than this backup, now at the default in every row`];
  });
  const statements = [
    // If the living database lacks the name, `IF EXISTS` would drop the backup's table.
    ...dropped.map((name) => `DROP TABLE ${quoteName(name)}`),
    ...made,
    ...added.flatMap((one) => one.statements),
    ...pairs.map(({ target }) => `DELETE FROM ${quoteName(target.name)}`),
    ...pairs.map(({ target, source, name }) =>
      copyColumns(quoteName(target.name), common(wanted, source, target), name),
    ),
    ...index,
    // The triggers have logged it, but not what is made anew.
    ...(tables.has(STATE_TABLE) ? [beginTimelineSql('restore')] : []),
  ];
  return { statements, notes: [...notes, ...added.flatMap((one) => one.notes)] };
}

/** What {@link searchIndex} writes to. */
const INDEX_TABLES = ['anime_search', 'anime_stale'];

/**
 * Folded texts of anime that are gone go too; the others are made anew by the tick (the insert's
 * trigger has queued them).
 */
function searchIndex(live: ReadonlyMap<string, TableInfo>): string[] {
  return live.has('anime_search') && live.has('anime_stale')
    ? [
        'DELETE FROM anime_search WHERE anime_id NOT IN (SELECT id FROM anime)',
        'DELETE FROM anime_stale WHERE anime_id NOT IN (SELECT id FROM anime)',
      ]
    : [];
}

function common(wanted: OnlyWanted, source: TableInfo, target: TableInfo): string[] {
  const names = new Set(storedNames(target).map(quoteName));
  const homeless = storedNames(source).filter((name) => !names.has(quoteName(name)));
  if (homeless.length > 0)
    throw cannotOnly(
      wanted,
      `the database's table ${target.name} has no ${homeless.join(', ')}, which the backup has (of an older bot's: start the bot once, which brings it up to date)`,
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
