/**
 * Brings a database to the program's schema: numbered steps, each in one write transaction, with a
 * backup before any step that changes existing data.
 */
import {
  always,
  ConstraintFailed,
  type Database,
  DatabaseUnavailable,
  type Query,
  type Statement,
  sql,
} from './database.ts';
import { DatabaseUnfit } from './database-unfit.ts';
import { existingNames, existingTables, existingViews, recordedVersions } from './existing-schema.ts';
import { DatabaseLacks, lacksCatalogue } from './lack-words.ts';
import { migrations } from './migrations/all-migrations.ts';
import type { ExistingTables, Migration } from './migrations/migration.ts';
import { existingKeys } from './own-keys.ts';
import { goneIndexes, hasOwnLedger, type Lack, LEDGER, lackOfAll } from './own-schema.ts';
import { toSqlTime } from './time.ts';

export const SCHEMA_VERSION = migrations.length;

export interface MigrateOptions {
  readonly now: () => Date;
  /**
   * Called once before the first step that would change a database with tables in it; its failure
   * stops the migration.
   */
  readonly backup: () => Promise<void>;
  /** Called before the first table is made in an empty database; its failure leaves it empty. */
  readonly beforeFirst?: (() => Promise<void>) | undefined;
  /**
   * How an old bot's database becomes this bot's; absent in the Worker, which leaves that to `npm
   * run deploy`.
   */
  readonly takeOver?: TakeOver;
}

/** Runs around the statements of the first step, and after the last step. */
export interface TakeOver {
  /** Changes nothing. @throws DatabaseUnfit */
  readonly plan: (
    db: Database,
  ) => Promise<{ readonly before: readonly Statement[]; readonly after: readonly Statement[] }>;
  /** What was not taken over unchanged, in sentences. Does nothing where nothing is left to do. */
  readonly finish: (db: Database) => Promise<string[]>;
  /**
   * The statements that make values readable in a database that is already ours; changes nothing
   * itself.
   */
  readonly mend?: (
    db: Database,
  ) => Promise<{ readonly statements: readonly Statement[]; readonly notes: readonly string[] }>;
}

export interface MigrationReport {
  /** 0 for an empty database, -1 for the old bot's file. */
  readonly from: number;
  readonly to: number;
  /** What of an old database is not as it was, one sentence each. */
  readonly notes: readonly string[];
  /** What somebody removed of the bot's own tables; the catalogue is there. */
  readonly lack: Lack | undefined;
}

/** A newer program wrote the database: running on would damage what this program does not know. */
export class DatabaseTooNew extends DatabaseUnfit {
  override readonly name = 'DatabaseTooNew';
}

/** The word for {@link MigrationReport.from}. */
export function schemaName(version: number): string {
  return version < 0 ? 'the old bot’s' : version === 0 ? 'none' : String(version);
}

/**
 * Applies what is missing. Two programs that start at once cannot both apply a step: its line in
 * `schema_migrations` is part of the same transaction, so the loser's whole batch rolls back and
 * the loser looks again.
 */
export async function migrate(db: Database, options: MigrateOptions): Promise<MigrationReport> {
  const { takeOver } = options;
  const { state: start, notes: remade } = await withIndexes(db, await inspect(db));
  requireCatalogue(start);
  if (start.isEmpty) await options.beforeFirst?.();
  let backedUp = start.isEmpty;
  const backUp = async (): Promise<void> => {
    if (!backedUp) await options.backup();
    backedUp = true;
  };
  const notes = [...remade, ...(start.version === 0 ? [] : await mend(db, takeOver, backUp))];
  let state = start;
  while (state.version < SCHEMA_VERSION) {
    const step = migrations[state.version];
    if (step === undefined) throw new Error(`no migration after version ${state.version}`);
    // Looked at before the backup too: what cannot be taken over needs none.
    const around = state.version === 0 && !state.isEmpty ? await planned(db, takeOver) : NOTHING;
    if (!backedUp) {
      await backUp();
      // The backup may have taken long; look again before changing anything.
      state = await inspect(db);
      continue;
    }
    await apply(db, step, around, state.tables, options.now());
    state = await inspect(db);
  }
  // A person may have made a table of that name.
  const record = state.tables.get('old_schema');
  if (
    takeOver !== undefined &&
    ['type', 'name', 'table_name', 'sql', 'why'].every((name) => record?.has(name))
  )
    notes.push(...(await takeOver.finish(db)));
  const from = start.version === 0 && !start.isEmpty ? -1 : start.version;
  return { from, to: state.version, notes, lack: requireCatalogue(state) };
}

/**
 * Indexes that somebody's SQL dropped are made again; a unique one that the rows contradict stays a
 * lost key.
 */
async function withIndexes(
  db: Database,
  state: State,
): Promise<{ readonly state: State; readonly notes: string[] }> {
  if (state.version !== SCHEMA_VERSION) return { state, notes: [] };
  const notes: string[] = [];
  for (const [name, text] of goneIndexes(state.tables, state.names))
    try {
      await db.write([sql(text)]);
      notes.push(`index ${name} was missing and was made again`);
    } catch (error) {
      if (error instanceof DatabaseUnavailable) throw error;
    }
  return { state: notes.length === 0 ? state : await inspect(db), notes };
}

/**
 * Each viewer would see an error, and the backups of an emptied database would push the good ones
 * out.
 */
function requireCatalogue({ lack }: State): Lack | undefined {
  if (lack !== undefined && lacksCatalogue(lack)) throw new DatabaseLacks(lack);
  return lack;
}

/**
 * Makes unreadable values readable before anything reads them; without a backup nothing changes.
 */
async function mend(
  db: Database,
  takeOver: TakeOver | undefined,
  backUp: () => Promise<void>,
): Promise<string[]> {
  if (takeOver?.mend === undefined || (await takeOver.mend(db)).statements.length === 0) return [];
  await backUp();
  const { statements, notes } = await takeOver.mend(db);
  if (statements.length > 0) await db.write(statements);
  return [...notes];
}

type Around = Awaited<ReturnType<TakeOver['plan']>>;
const NOTHING: Around = { before: [], after: [] };

async function planned(db: Database, takeOver: TakeOver | undefined): Promise<Around> {
  if (takeOver !== undefined) return takeOver.plan(db);
  throw new DatabaseUnfit(
    'the database holds tables of another program: "npm run deploy" takes an old bot\'s database over, and says so when it is none',
  );
}

interface State {
  readonly version: number;
  /** Neither tables nor views: a new database. */
  readonly isEmpty: boolean;
  /** Names in lower case, since SQLite compares names so. */
  readonly tables: ExistingTables;
  /** Of triggers and indexes, in lower case. */
  readonly names: ReadonlySet<string>;
  readonly lack: Lack | undefined;
}

/** Whether there is neither table nor view. */
export const emptyDatabase: Query<boolean> = always(
  sql(`SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE name NOT LIKE 'sqlite\\_%' ESCAPE '\\') AS found`),
  (row) => !row.bool('found'),
);

/** Two round trips at most. @throws DatabaseUnfit, {@link DatabaseTooNew} */
async function inspect(db: Database): Promise<State> {
  const [tables, names, views, keys, isEmpty] = await db.read([
    existingTables,
    existingNames,
    existingViews,
    existingKeys,
    emptyDatabase,
  ]);
  const isRecorded = hasOwnLedger(tables);
  const [versions] = isRecorded ? await db.read([recordedVersions]) : [[]];
  const version = versions.at(-1) ?? 0;
  if (version > SCHEMA_VERSION)
    throw new DatabaseTooNew(
      `database has schema version ${version}, this program knows ${SCHEMA_VERSION}: update the program, or restore a backup made by it`,
    );
  // Its own tables would be taken for the old bot's, or be made a second time.
  const lack = lackOfAll(tables, isRecorded ? versions : undefined, { names, keys });
  if (lack?.tables.includes('schema_migrations') === true) throw new DatabaseLacks(lack);
  // The bot would read the view in its place, and there are views that take SQLite hours.
  const view = lack?.tables.find((name) => views.has(name));
  if (lack !== undefined && view !== undefined)
    throw new DatabaseLacks(lack, `a view stands where table ${view} must be (DROP VIEW ${view}); `);
  return { version, isEmpty, tables, names, lack };
}

async function apply(
  db: Database,
  step: Migration,
  around: Around,
  tables: ExistingTables,
  now: Date,
): Promise<void> {
  const appliedAt = toSqlTime(now);
  try {
    await db.write([
      ...around.before,
      ...(step.version === 1 ? [sql(LEDGER)] : []),
      sql(
        'INSERT INTO schema_migrations (version, name, applied_at) VALUES (?, ?, ?)',
        step.version,
        step.name,
        appliedAt,
      ),
      ...step.up(tables).map((text) => sql(text)),
      ...around.after,
    ]);
  } catch (error) {
    if (await appliedElsewhere(db, step.version, error)) return;
    throw new DatabaseUnfit(
      `migration ${step.version} (${step.name}) failed and changed nothing: ${messageOf(error)}`,
      { cause: error },
    );
  }
}

async function appliedElsewhere(db: Database, version: number, error: unknown): Promise<boolean> {
  const lostRace = error instanceof ConstraintFailed || /already exists|no such/.test(messageOf(error));
  return lostRace && (await inspect(db)).version >= version;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
