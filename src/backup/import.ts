/**
 * Import (spec/backup.md): records of a file are staged in tables of their own, judged there, and merged in one transaction: all or
 * nothing. Nothing living is touched before that, and whatever breaks before it leaves everything as it was. Runs in workerd too.
 */
import type { Database, Statement } from '../db/database.ts';
import type { Row } from '../db/row.ts';
import type { LegacyEvent } from './document/legacy.ts';
import { MAX_REFUSALS, type Read, type Refusal, stage } from './import/stage.ts';
import {
  countSql,
  createStaging,
  IMPORT_CONTROL,
  judge,
  type LocalColumn,
  mergeSql,
  type Preference,
  planStaging,
  refusalsSql,
  type StagedImport,
} from './import/staging-sql.ts';
import { whyLeftAside } from './import/tables.ts';
import { sqlLiteral } from './restore/sql-literal.ts';
import { quoteName } from './snapshot/sql-tokens.ts';

export type { Preference } from './import/staging-sql.ts';

export interface ImportOptions {
  /** Names this attempt, so that two imports at once do not mix. */
  readonly id: string;
  readonly prefer: Preference;
  /** Look only: nothing but staging tables, gone again at the end, is written. */
  readonly dryRun: boolean;
  /** After every batch; may throw to stop. */
  readonly onRows?: (rows: number) => Promise<void>;
  /** Right before the merge. */
  readonly beforeMerge?: () => Promise<void>;
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
  /** Rows of tables that are not merged, and why. */
  readonly leftAside: readonly { readonly table: string; readonly rows: number; readonly reason: string }[];
}

/** Statements over staged rows in one transaction: few requests for a Worker, and far from a server's 5 s for files of any usual size. */
const JUDGE_STATEMENTS = 20;

/** @throws when the file breaks off, is none of ours, or the database refuses: nothing was changed then. */
export async function importRecords(
  db: Database,
  records: AsyncIterable<LegacyEvent>,
  options: ImportOptions,
): Promise<ImportReport> {
  await clearImport(db);
  const staged = planStaging(await localColumns(db));
  if (
    !['users', 'anime', 'groups', 'anime_parts'].every((name) =>
      staged.some(({ spec }) => spec.name === name),
    )
  )
    throw new Error('the database has not been set up yet: start the bot once, then import');
  await run(db, [
    `CREATE TABLE ${IMPORT_CONTROL} (id TEXT PRIMARY KEY, is_merged INTEGER NOT NULL DEFAULT 0)`,
    `INSERT INTO ${IMPORT_CONTROL} (id) VALUES (${sqlLiteral(options.id)})`,
    ...staged.flatMap(createStaging),
  ]);
  try {
    const read = await stage(staged, records, async (rows, statement) => {
      await run(db, [guarded(options.id), statement]);
      await options.onRows?.(rows);
    });
    const statements = judge(staged);
    for (let at = 0; at < statements.length; at += JUDGE_STATEMENTS)
      await run(db, [guarded(options.id), ...statements.slice(at, at + JUDGE_STATEMENTS)]);
    const plan = await reports(db, staged, options.prefer, read);
    if (!options.dryRun) await merge(db, staged, options);
    return plan;
  } finally {
    // Only what is ours: another import may have begun since. What can not be removed now, the next import removes.
    await run(db, [guarded(options.id), ...dropStaged(staged), `DROP TABLE ${IMPORT_CONTROL}`]).catch(
      () => undefined,
    );
  }
}

/** Removes what a dead import left; its control table first, so that it can not merge any more. */
async function clearImport(db: Database): Promise<void> {
  const names = await column(
    db,
    "SELECT name FROM sqlite_schema WHERE type = 'table' AND name GLOB 'importing_*'",
  );
  const order = names.toSorted((a, b) => Number(b === IMPORT_CONTROL) - Number(a === IMPORT_CONTROL));
  if (order.length > 0)
    await run(
      db,
      order.map((name) => `DROP TABLE IF EXISTS ${quoteName(name)}`),
    );
}

function dropStaged(staged: readonly StagedImport[]): string[] {
  return staged.map(({ staging }) => `DROP TABLE IF EXISTS ${staging}`);
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
  db: Database,
  staged: readonly StagedImport[],
  prefer: Preference,
  read: Read,
): Promise<ImportReport> {
  const tables: TableReport[] = [];
  const refusals = [...read.refusals];
  const counts = await db.read(
    staged.map((one) => ({ sql: countSql(one, prefer), args: [], parse: ([row]: readonly Row[]) => row })),
  );
  for (const [i, one] of staged.entries()) {
    const row = counts[i];
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
    if ((judged ?? 0) > 0 && refusals.length < MAX_REFUSALS)
      for (const refusal of await query(db, refusalsSql(one, MAX_REFUSALS - refusals.length)))
        refusals.push({
          table: one.spec.name,
          place: refusal.text('place'),
          reason: refusal.text('verdict'),
          what: 'row',
        });
  }
  for (const [table, rows] of read.refused)
    if (!tables.some((known) => known.table === table))
      tables.push({ table, added: 0, changed: 0, same: 0, kept: 0, refused: rows });
  const leftAside = [...read.leftAside].map(([table, rows]) => ({
    table,
    rows,
    reason: whyLeftAside(table),
  }));
  return { tables, refusals, values: read.values, leftAside };
}

/** One transaction, which marks itself: when its answer is lost, the mark tells whether it took effect. */
async function merge(db: Database, staged: readonly StagedImport[], options: ImportOptions): Promise<void> {
  await options.beforeMerge?.();
  const { id, prefer } = options;
  try {
    await run(db, [
      guarded(id, 0),
      ...staged.flatMap((one) => mergeSql(one, prefer)),
      ...dropStaged(staged),
      `UPDATE ${IMPORT_CONTROL} SET is_merged = 1`,
    ]);
  } catch (cause) {
    if (!(await isMerged(db, staged, id, cause)))
      throw new Error('the merge failed, nothing was changed', { cause });
  }
}

/**
 * Gives the merge up by a write, which comes after a request that is still on its way; when it can not, the merge was first.
 * @throws when neither can be found out.
 */
async function isMerged(
  db: Database,
  staged: readonly StagedImport[],
  id: string,
  cause: unknown,
): Promise<boolean> {
  const isGivenUp = await run(db, [
    guarded(id, 0),
    ...dropStaged(staged),
    `DROP TABLE ${IMPORT_CONTROL}`,
  ]).then(
    () => true,
    () => false,
  );
  if (isGivenUp) return false;
  const marks = await query(db, `SELECT is_merged FROM ${IMPORT_CONTROL} WHERE id = ${sqlLiteral(id)}`).catch(
    (): Row[] => [],
  );
  if (marks[0]?.bool('is_merged') === true) return true;
  throw new Error(
    'whether the import happened is not known, for the database did not say: import the file again, what is there already stays the same',
    { cause },
  );
}

/** Fails the batch when another import has taken over (its rows must not mix with ours), or when this one is merged. */
function guarded(id: string, merged?: 0): string {
  const own = `id = ${sqlLiteral(id)}${merged === undefined ? '' : ' AND is_merged = 0'}`;
  return `SELECT json_extract('{}', iif((SELECT COUNT(*) FROM ${IMPORT_CONTROL} WHERE ${own}) = 1, '$', 'another import has begun since'))`;
}

async function run(db: Database, statements: readonly string[]): Promise<void> {
  await db.write(statements.map((text): Statement => ({ sql: text, args: [] })));
}

async function query(db: Database, text: string): Promise<readonly Row[]> {
  const [rows] = await db.read([{ sql: text, args: [], parse: (found: readonly Row[]) => found }]);
  return rows;
}

async function column(db: Database, text: string): Promise<string[]> {
  return (await query(db, text)).map((row) => row.text('name'));
}
