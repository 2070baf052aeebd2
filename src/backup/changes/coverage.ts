/**
 * Which tables the change log covers, and which not and why. The SQL of its triggers stands in
 * schema/change-triggers.ts. Pure.
 */
import { nameIn, tokenizeSql } from '../../lib/sql-tokens.ts';
import { moduleOf } from '../../lib/table-sql.ts';
import { STATE_TABLE } from '../catalog/change-state.ts';
import type { DatabaseSchema, IndexInfo, SchemaObject, TableInfo } from '../model/model.ts';
import { keyOf } from '../schema/change-key.ts';
import { isChangeTrigger, LOG_TABLE, triggerNames } from '../schema/change-triggers.ts';
import { conflictsOf } from '../schema/conflict-triggers.ts';
import { ENGINE_TABLES } from '../schema/engine-tables.ts';
import { tooWideForChanges } from '../snapshot/too-wide.ts';
import { isStaging } from '../staged/staged-transaction.ts';

/** Tables that do not go back in time with the others, each with its reason. */
const LEFT_OUT: ReadonlyMap<string, string> = new Map([
  ...ENGINE_TABLES.map((name): [string, string] => [name, 'the record of backups does not go back in time']),
  [LOG_TABLE, 'it is the change log'],
  [STATE_TABLE, 'it says where the change log stands'],
  ['job_leases', 'it says who works now'],
]);

export interface LeftOut {
  readonly table: string;
  readonly reason: string;
  /**
   * What was left out is data that only full backups have; false for what is derived from other
   * rows, or tells of now.
   */
  readonly isData: boolean;
}

export interface Coverage {
  readonly covered: readonly TableInfo[];
  readonly left: readonly LeftOut[];
}

/** Whether a table tells of the engine and of now, so that it is in no change file. */
export function isLeftOut(table: string): boolean {
  return LEFT_OUT.has(table.toLowerCase()) || isStaging(table);
}

export function coverageOf({
  tables,
  objects,
  indexes,
}: Pick<DatabaseSchema, 'tables' | 'objects' | 'indexes'>): Coverage {
  const left: LeftOut[] = objects.flatMap(({ type, name, sql, hasStorage }) => {
    if (type !== 'table' || hasStorage) return [];
    const reason = virtualReason(sql ?? '');
    return reason === undefined ? [] : [{ table: name, reason, isData: true }];
  });
  const covered: TableInfo[] = [];
  const triggers = new Map(
    objects.filter(({ type }) => type === 'trigger').map((trigger) => [trigger.name.toLowerCase(), trigger]),
  );
  for (const table of tables) {
    if (table.kind !== 'table' || isStaging(table.name)) continue;
    const known = LEFT_OUT.get(table.name.toLowerCase());
    const reason =
      known ??
      foreignTrigger(table, triggers) ??
      noKey(table) ??
      tooWideForChanges(table) ??
      unfollowed(table, indexes);
    if (reason === undefined) covered.push(table);
    else left.push({ table: table.name, reason, isData: known === undefined });
  }
  return { covered, left };
}

/**
 * Such rows would come back in a replay, or keep others from coming: a table that is a day old says
 * so, one that is wrong does not.
 */
function unfollowed(table: TableInfo, indexes: readonly IndexInfo[]): string | undefined {
  const [index] = conflictsOf(table, indexes).unknown;
  return index && `no trigger can tell which rows OR REPLACE takes away for its unique index ${index}`;
}

/**
 * FTS5 over the rows of another table is made again from them; what any other virtual table holds,
 * no trigger can see.
 */
function virtualReason(sql: string): string | undefined {
  const tokens = tokenizeSql(sql);
  const module = moduleOf(tokens) ?? 'unknown';
  const at = tokens.findIndex(({ kind, text }) => kind === 'word' && text.toLowerCase() === 'content');
  const content = nameIn(tokens[at + 2]) ?? '';
  const isOverOthers = module === 'fts5' && at >= 0 && tokens[at + 1]?.text === '=' && content !== '';
  return isOverOthers || module === 'fts5vocab'
    ? undefined
    : `it is a virtual table (${module}), which can have no triggers`;
}

function noKey(table: TableInfo): string | undefined {
  return keyOf(table) === undefined ? 'it hides its rowid behind columns of all three names' : undefined;
}

/** Somebody else's trigger under a name that one of ours needs: it is not taken away. */
function foreignTrigger(table: TableInfo, triggers: ReadonlyMap<string, SchemaObject>): string | undefined {
  const named = triggerNames(table.name).flatMap((name) => triggers.get(name.toLowerCase()) ?? []);
  const taken = named.find((trigger) => !isChangeTrigger(trigger));
  return taken && `somebody else's trigger has the name ${taken.name}`;
}
