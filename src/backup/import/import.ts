/**
 * Import (docs/spec/backup.md): records of a file are staged in tables of their own, judged there,
 * and merged in one transaction: all or nothing. Nothing living is touched before that, and
 * whatever breaks before it leaves everything as it was. Runs in workerd too.
 */
import { all, type Database, listed, sql } from '../../db/database.ts';
import type { Row } from '../../db/row.ts';
import { readVerdict } from '../document/reasons.ts';
import { databaseSite, type Staging } from '../staged/database-site.ts';
import { stage } from '../staged/staged-transaction.ts';
import { derive } from './derive-sql.ts';
import { judge, OF_VIEWERS } from './judge-sql.ts';
import { type Merged, merge } from './merge.ts';
import { countSql, refusalsSql } from './merge-sql.ts';
import { type ImportEvent, MAX_REFUSALS, type Read, type Refusal, stageRecords } from './stage.ts';
import { ImportSuperseded, query, queryOwn } from './staging-area.ts';
import {
  createDerived,
  createStaging,
  DERIVED,
  dropStaging,
  indexStaging,
  type LocalColumn,
  type Preference,
  planStaging,
  type StagedImport,
} from './staging-sql.ts';
import { batches, type Range } from './steps.ts';
import { whyLeftAside } from './tables.ts';

export { ImportSuperseded } from './staging-area.ts';
export type { Preference } from './staging-sql.ts';

export interface ImportOptions {
  /** Names this attempt, so that two imports at once do not mix. */
  readonly id: string;
  readonly prefer: Preference;
  /** Who runs the bot by its settings: no file bans them, nor the admins of the database. */
  readonly ownerIds?: readonly number[];
  /** Look only: nothing but staging tables, gone again at the end, is written. */
  readonly dryRun: boolean;
  /** Where staged rows are kept; in the database itself by default. */
  readonly staging?: Staging;
  /** What an earlier attempt of the same id has staged of the same file; then it is not read. */
  readonly staged?: StagedRows | undefined;
  /** Once all rows are staged, and nothing more than staged. */
  readonly onStaged?: (rows: StagedRows) => Promise<void>;
  /** After every step, with the rows read so far; may throw to stop. */
  readonly onRows?: (rows: number) => Promise<unknown>;
  /** Right before the merge. */
  readonly beforeMerge?: () => Promise<unknown>;
}

export interface StagedRows {
  /** What the rows were made for: the columns of the tables, and who is an admin. */
  readonly target: string;
  readonly read: Read;
}

export interface TableReport {
  readonly table: string;
  readonly added: number;
  readonly changed: number;
  readonly same: number;
  /** They differ, and the database's stay. */
  readonly kept: number;
  readonly refused: number;
}

export interface ImportReport {
  readonly tables: readonly TableReport[];
  /** The first of them; `refused` and `values` count all. */
  readonly refusals: readonly Refusal[];
  /** Values of rows that are taken: made readable, or not taken with their row. */
  readonly values: { readonly mended: number; readonly leftOut: number };
  /**
   * Rows of tables that are not merged, values of columns (`anime.rating`) that the database has
   * not, and why.
   */
  readonly leftAside: readonly {
    readonly table: string;
    readonly rows: number;
    readonly reason: string;
    /** Of another bot's file: its name or columns say that it may hold the anime. */
    readonly isCatalogue?: boolean;
    /** What a program keeps for itself, or makes anew of other rows. */
    readonly isState?: true;
  }[];
}

async function adminsOf(db: Database, owners: readonly number[] = []): Promise<ReadonlySet<number>> {
  const [[isThere]] = await db.read([
    all(sql("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'admins'"), () => true),
  ]);
  if (isThere !== true) return new Set(owners);
  const [found] = await db.read([listed(sql('SELECT user_id FROM admins'), (row) => row.int('user_id'))]);
  return new Set([...owners, ...found]);
}

/**
 * @throws when the file breaks off, is none of ours, or the database refuses: nothing was changed
 * then.
 */
export async function importRecords(
  db: Database,
  records: AsyncIterable<ImportEvent>,
  options: ImportOptions,
): Promise<ImportReport> {
  const staged = planStaging(await localColumns(db));
  if (
    !['users', 'anime', 'groups', 'anime_parts'].every((name) =>
      staged.some(({ spec }) => spec.name === name),
    )
  )
    throw new Error('the database has not been set up yet: start the bot once, then import');
  const { id, prefer, dryRun, staging = { db, schema: 'main' } } = options;
  const ownerIds = await adminsOf(db, options.ownerIds);
  const target = JSON.stringify([staged, [...ownerIds].toSorted()]);
  const known = options.staged?.target === target ? options.staged.read : undefined;
  const superseded = (cause: unknown): Error => new ImportSuperseded(cause);
  const transaction = await stage(databaseSite(db, staging), { kind: 'import', id, superseded });
  const read: ReadStaged = (texts) => queryOwn(staging.db, transaction.guard, texts);
  try {
    const names = [DERIVED, ...staged.map((one) => one.staging)];
    const stale = options.staged === undefined ? [] : names.map((name) => dropStaging(name, staging.schema));
    await transaction.create(
      names,
      known === undefined
        ? [
            ...stale,
            ...staged.map((one) => createStaging(one, staging.schema)),
            createDerived(staging.schema),
          ]
        : [],
    );
    let rows = 0;
    const step = async (statements: readonly string[]): Promise<void> => {
      await transaction.load(statements);
      await options.onRows?.(rows);
    };
    const write = async (count: number, statement: string): Promise<void> => {
      rows = count;
      await step([statement]);
    };
    const found = known ?? (await stageRecords(staged, records, write, { now: new Date(), ownerIds }));
    rows = found.rows;
    await options.onStaged?.({ target, read: found });
    const ranges = await allRanges(read, staged, found);
    const steps = [...indexStaging(staged, staging.schema), ...judge(staged), ...derive(staged)];
    for (const statements of batches(steps, ranges)) await step(statements);
    const plan = await reports(read, staged, prefer, found);
    if (dryRun) return plan;
    await options.beforeMerge?.();
    return asDone(plan, await merge(transaction, staged, { prefer, ranges }));
  } catch (error) {
    throw transaction.explained(error);
  } finally {
    await transaction.end();
  }
}

type ReadStaged = (texts: readonly string[]) => Promise<(readonly Row[])[]>;

/** Of staged rows, and of the living ones that they are compared with. */
async function allRanges(
  read: ReadStaged,
  staged: readonly StagedImport[],
  records: Read,
): Promise<Map<string, Range>> {
  const ranges = new Map(records.ranges);
  const users = 'importing_users';
  // Viewers whom only their history names are staged when the rows are judged.
  if (!ranges.has(users) && OF_VIEWERS.some((table) => ranges.has(`importing_${table}`)))
    ranges.set(users, { from: 1, to: 0 });
  const events = staged.filter(({ spec, staging }) => spec.events === true && ranges.has(staging));
  const found = await read(
    events.map(
      ({ spec }) => `SELECT COALESCE(MIN(id), 1) AS "from", COALESCE(MAX(id), 0) AS "to" FROM ${spec.name}`,
    ),
  );
  for (const [i, { spec }] of events.entries()) {
    const row = found[i]?.[0];
    if (row !== undefined) ranges.set(spec.name, { from: row.int('from'), to: row.int('to') });
  }
  return ranges;
}

/** The bot goes on while the plan is made: what the merge itself counted is what happened. */
function asDone(plan: ImportReport, merged: ReadonlyMap<string, Merged> | undefined): ImportReport {
  const tables = plan.tables.map((table) => {
    const done = merged?.get(table.table);
    if (done === undefined) return table;
    const rest = table.added + table.changed + table.same + table.kept - done.added - done.changed;
    const kept = Math.min(table.kept, rest);
    return { ...table, ...done, kept, same: rest - kept };
  });
  return { ...plan, tables };
}

async function localColumns(db: Database): Promise<Map<string, LocalColumn[]>> {
  const rows = await query(
    db,
    `SELECT t.name AS "table", c.name AS "column", c."notnull" AS required, c.dflt_value AS preset, c.type AS type
     FROM sqlite_schema AS t, pragma_table_info(t.name) AS c WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite\\_%' ESCAPE '\\'`,
  );
  const tables = new Map<string, LocalColumn[]>();
  for (const row of rows) {
    const table = row.text('table');
    const columns = tables.get(table) ?? [];
    const preset = row.textOrNull('preset');
    columns.push({
      name: row.text('column'),
      declaredType: row.text('type'),
      notNull: row.bool('required'),
      defaultValue: preset === null ? null : `(${preset})`,
    });
    tables.set(table, columns);
  }
  return tables;
}

async function reports(
  query: ReadStaged,
  staged: readonly StagedImport[],
  prefer: Preference,
  read: Read,
): Promise<ImportReport> {
  const tables: TableReport[] = [];
  const refusals = [...read.refusals];
  const counts = await query(staged.map((one) => countSql(one, prefer)));
  for (const [i, one] of staged.entries()) {
    const row = counts[i]?.[0];
    if (row === undefined) throw new Error(`no counts of ${one.spec.name}`);
    const [all, added, changed, kept, judged] = ['all', 'added', 'changed', 'kept', 'refused'].map((name) =>
      row.int(name),
    );
    const refused = (judged ?? 0) + (read.refused.get(one.spec.name) ?? 0);
    const same = (all ?? 0) - (added ?? 0) - (changed ?? 0) - (kept ?? 0) - (judged ?? 0);
    if ((all ?? 0) + refused > 0)
      tables.push({
        table: one.spec.name,
        added: added ?? 0,
        changed: changed ?? 0,
        same,
        kept: kept ?? 0,
        refused,
      });
    if ((judged ?? 0) === 0 || refusals.length >= MAX_REFUSALS) continue;
    const [found = []] = await query([refusalsSql(one, MAX_REFUSALS - refusals.length)]);
    for (const refusal of found)
      refusals.push({
        table: one.spec.name,
        place: refusal.text('place'),
        ...readVerdict(refusal.text('verdict')),
        what: 'row',
      });
  }
  for (const [table, rows] of read.refused)
    if (!tables.some((known) => known.table === table))
      tables.push({ table, added: 0, changed: 0, same: 0, kept: 0, refused: rows });
  const leftAside = [
    ...read.left.map(({ source, rows, isCatalogue }) => ({
      table: source,
      rows,
      reason: isCatalogue ? 'not understood, and it may hold the anime' : 'not understood',
      isCatalogue,
    })),
    ...[...read.leftAside].map(([table, rows]) => ({ table, rows, ...whyLeftAside(table) })),
  ];
  return { tables, refusals, values: read.values, leftAside };
}
