/**
 * The engine's own tables and one of the bot's, in memory: enough for change files, jobs, runs on
 * record and notes, at a thousandth of what a file on a disk costs. One for each process; a seed
 * fills it from what another one has put by.
 */
import { createHash } from 'node:crypto';
import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';
import { ensureTriggers } from '../../../src/backup/changes/ensure-triggers.ts';
import type { SnapshotSource } from '../../../src/backup/model/model.ts';
import { answerTo } from '../../../src/backup/snapshot/file.ts';
import { questionsBy } from '../../../src/backup/snapshot/questions.ts';
import { type BatchClient, type Database, fromClient } from '../../../src/db/database.ts';
import { migrate } from '../../../src/db/migrate.ts';
import type { RowValue } from '../../../src/db/row.ts';

const TABLES = [
  'admin_notices',
  'backup_lease',
  'backup_requests',
  'backup_runs',
  'bucket_notes',
  'change_log',
  'change_state',
  'counters',
  'job_leases',
];
const FILLED = [...TABLES, 'sqlite_sequence'];

/** By table, its rows. */
export type Contents = ReadonlyMap<string, readonly SQLInputValue[][]>;

export interface SmallDatabase {
  readonly db: Database;
  readonly source: Pick<SnapshotSource, 'schema'>;
  contents(): Contents;
  fill(contents: Contents): void;
  /** Its clock and its dice from now on: so a seed can be run again. */
  begin(name: string, now: () => Date): void;
}

/** With the triggers of the change log, and nothing in it. */
export async function openSmallDatabase(): Promise<SmallDatabase> {
  const raw = new DatabaseSync(':memory:');
  for (const text of await schemaTexts()) raw.exec(text);
  const chance = new Chance();
  raw.function('strftime', { varargs: true }, (format, value) => chance.time(String(format), value));
  raw.function('randomblob', (bytes) => chance.bytes(Number(bytes)));
  const client = clientOf(raw);
  const db = fromClient(client);
  const source = questionsBy(async (queries) => queries.map((query) => answerTo(raw, query)));
  await db.write([
    { sql: "INSERT INTO backup_lease (id, fence, holder, expires_ms) VALUES (1, 0, '', 0)", args: [] },
  ]);
  await ensureTriggers(db, source);
  return {
    db,
    source,
    begin: (...of) => chance.begin(...of),
    contents: () => new Map(FILLED.map((name) => [name, rowsOf(raw, name)])),
    fill(contents) {
      // Triggers write to the log while it is filled.
      const ordered = FILLED.toSorted((a, b) => Number(isLog(a)) - Number(isLog(b)));
      raw.exec('BEGIN');
      for (const name of ordered) {
        raw.exec(`DELETE FROM ${name}`);
        for (const row of contents.get(name) ?? [])
          client.run(`INSERT INTO ${name} VALUES (${row.map(() => '?').join(', ')})`, row);
      }
      raw.exec('COMMIT');
    },
  };
}

/** In the place of two functions of SQLite's own. */
class Chance {
  #name = '';
  #now = (): Date => new Date();
  #drawn = 0;

  begin(name: string, now: () => Date): void {
    this.#name = name;
    this.#now = now;
    this.#drawn = 0;
  }

  /** As the engine asks for it: an ISO time, of now or of a text that is one. */
  time(format: string, value: unknown): string | null {
    if (format !== '%Y-%m-%dT%H:%M:%fZ') throw new Error(`no seed knows ${format}`);
    if (value === 'now') return this.#now().toISOString();
    return typeof value === 'string' && !Number.isNaN(Date.parse(value))
      ? new Date(value).toISOString()
      : null;
  }

  bytes(count: number): Uint8Array {
    this.#drawn += 1;
    return createHash('sha256').update(`${this.#name} ${this.#drawn}`).digest().subarray(0, count);
  }
}

const isLog = (table: string): boolean => table === 'change_log' || table === 'sqlite_sequence';

async function schemaTexts(): Promise<string[]> {
  const whole = new DatabaseSync(':memory:');
  await migrate(fromClient(clientOf(whole)), { now: () => new Date('2026-01-01'), backup: async () => {} });
  const names = TABLES.map((name) => `'${name}'`).join(', ');
  const rows = whole.prepare(
    `SELECT sql FROM sqlite_schema WHERE tbl_name IN (${names}) AND type <> 'trigger' AND sql IS NOT NULL`,
  );
  const texts = rows.all().map((row) => String(row['sql']));
  whole.close();
  return texts;
}

function rowsOf(raw: DatabaseSync, table: string): SQLInputValue[][] {
  const statement = raw.prepare(`SELECT * FROM ${table}`);
  statement.setReturnArrays(true);
  statement.setReadBigInts(true);
  return statement.all() as unknown as SQLInputValue[][];
}

interface Kept {
  readonly statement: StatementSync;
  readonly columns: readonly string[];
}

function clientOf(
  raw: DatabaseSync,
): BatchClient & { run(text: string, args: readonly SQLInputValue[]): unknown[][] } {
  const kept = new Map<string, Kept>();
  const keptOf = (text: string): Kept => {
    const found = kept.get(text);
    if (found !== undefined) return found;
    const statement = raw.prepare(text);
    statement.setReadBigInts(true);
    statement.setReturnArrays(true);
    const made = { statement, columns: statement.columns().map(({ name }) => name) };
    if (kept.size > 300) kept.clear();
    kept.set(text, made);
    return made;
  };
  const run = (text: string, args: readonly SQLInputValue[]): unknown[][] =>
    keptOf(text).statement.all(...args) as unknown as unknown[][];
  return {
    run,
    async batch(statements) {
      raw.exec('BEGIN');
      try {
        const results = statements.map(({ sql, args }) => ({
          rows: run(sql, args) as RowValue[][],
          columns: keptOf(sql).columns,
        }));
        raw.exec('COMMIT');
        return results;
      } catch (error) {
        raw.exec('ROLLBACK');
        throw error;
      }
    },
    close: () => raw.close(),
  };
}
