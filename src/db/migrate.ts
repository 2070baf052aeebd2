/** Brings a database to the program's schema: numbered steps, each in one write transaction, a backup before any that changes existing data. */
import { all, ConstraintFailed, type Database, sql } from './database.ts';
import { migrations } from './migrations/index.ts';
import type { ExistingTables, Migration } from './migrations/types.ts';
import type { Row } from './row.ts';
import { toSqlTime } from './time.ts';

export const SCHEMA_VERSION = migrations.length;

export interface MigrateOptions {
  readonly now: () => Date;
  /** Called once before the first step that would change a database which already holds tables; its failure stops the migration. */
  readonly backup: () => Promise<void>;
}

export interface MigrationReport {
  /** 0 for an empty database, -1 for the old bot's file. */
  readonly from: number;
  readonly to: number;
}

/** The database was written by a newer program: running on would damage what it does not know. */
export class DatabaseTooNew extends Error {
  override readonly name = 'DatabaseTooNew';
}

const LEDGER = `CREATE TABLE schema_migrations (
  version INTEGER PRIMARY KEY,
  name TEXT NOT NULL,
  applied_at TEXT NOT NULL
)`;

/**
 * Applies what is missing. Two programs starting at once can not both apply a step: its line in `schema_migrations` is part of the
 * same transaction, so the loser's whole batch rolls back and it looks again.
 */
export async function migrate(db: Database, options: MigrateOptions): Promise<MigrationReport> {
  const start = await inspect(db);
  let backedUp = start.tables.size === 0;
  let state = start;
  while (state.version < SCHEMA_VERSION) {
    const step = migrations[state.version];
    if (step === undefined) throw new Error(`no migration after version ${state.version}`);
    if (!backedUp) {
      await options.backup();
      backedUp = true;
      // The backup may have taken long; look again before changing anything.
      state = await inspect(db);
      continue;
    }
    await apply(db, step, state.tables, options.now());
    state = await inspect(db);
  }
  return { from: start.version === 0 && start.tables.size > 0 ? -1 : start.version, to: state.version };
}

interface State {
  readonly version: number;
  readonly tables: ExistingTables;
}

/** Two round trips at most; throws {@link DatabaseTooNew}. */
async function inspect(db: Database): Promise<State> {
  const [columns] = await db.read([
    all(
      sql(`SELECT t.name AS "table", c.name AS "column" FROM sqlite_schema AS t, pragma_table_info(t.name) AS c
           WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite\\_%' ESCAPE '\\'`),
      (row: Row) => [row.text('table'), row.text('column')] as const,
    ),
  ]);
  const tables = new Map<string, Set<string>>();
  for (const [table, column] of columns) tables.set(table, (tables.get(table) ?? new Set()).add(column));
  if (!tables.has('schema_migrations')) return { version: 0, tables };
  const [versions] = await db.read([
    all(sql('SELECT version FROM schema_migrations ORDER BY version'), (row) => row.int('version')),
  ]);
  const version = versions.at(-1) ?? 0;
  if (version > SCHEMA_VERSION)
    throw new DatabaseTooNew(
      `database has schema version ${version}, this program knows ${SCHEMA_VERSION}: update the program, or restore a backup made by it`,
    );
  if (versions.length !== version) throw new Error(`schema_migrations has gaps: ${versions.join(', ')}`);
  return { version, tables };
}

async function apply(db: Database, step: Migration, tables: ExistingTables, now: Date): Promise<void> {
  const appliedAt = toSqlTime(now);
  try {
    await db.write([
      ...(step.version === 1 ? [sql(LEDGER)] : []),
      sql(
        'INSERT INTO schema_migrations (version, name, applied_at) VALUES (?, ?, ?)',
        step.version,
        step.name,
        appliedAt,
      ),
      ...step.up(tables).map((text) => sql(text)),
    ]);
  } catch (error) {
    if (await appliedElsewhere(db, step.version, error)) return;
    throw new Error(
      `migration ${step.version} (${step.name}) failed and changed nothing: ${messageOf(error)}`,
      { cause: error },
    );
  }
}

async function appliedElsewhere(db: Database, version: number, error: unknown): Promise<boolean> {
  const lostRace = error instanceof ConstraintFailed || /already exists/.test(messageOf(error));
  return lostRace && (await inspect(db)).version >= version;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
