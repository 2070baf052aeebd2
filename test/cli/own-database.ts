/** A bot's own database and bucket in a directory for each test, the CLI in it, and SQL by hand. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach } from 'vitest';
import { type EmbeddedDatabase, openEmbeddedDatabase } from '../../src/db/file/embedded-database.ts';
import { type MigrationReport, migrate } from '../../src/db/migrate.ts';
import { type CliResult, runCli } from './spawn-cli.ts';

export interface OwnDatabase {
  readonly directory: string;
  cli(...args: readonly string[]): Promise<CliResult>;
  /** Makes a backup; returns its name. */
  full(): Promise<string>;
  /** SQL by hand, which no foreign key stops. */
  run(sql: string): void;
  rows(sql: string): readonly object[];
  count(table: string): unknown;
  open<T>(use: (db: EmbeddedDatabase) => Promise<T>): Promise<T>;
  migrate(): Promise<MigrationReport>;
}

/** Call it at the top of a test file: it makes and removes the directory around each test. */
export function ownDatabase(name: string): OwnDatabase {
  let directory = '';
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), `${name}-`));
  });
  afterEach(() => rmSync(directory, { recursive: true, force: true, maxRetries: 10 }));

  const byHand = <T>(use: (db: DatabaseSync) => T): T => {
    const db = new DatabaseSync(join(directory, 'bot.db'), {
      enableForeignKeyConstraints: false,
      timeout: 10_000,
    });
    try {
      return use(db);
    } finally {
      db.close();
    }
  };
  const own: OwnDatabase = {
    get directory() {
      return directory;
    },
    cli: (...args) => runCli(directory, { DATABASE_URL: 'file:bot.db', BACKUP_DIR: 'bucket' }, ...args),
    full: async () => String((await own.cli('full', '--json')).json()['name']),
    run: (sql) => byHand((db) => db.exec(sql)),
    rows: (sql) =>
      byHand((db) =>
        db
          .prepare(sql)
          .all()
          .map((row) => ({ ...row })),
      ),
    count: (table) => byHand((db) => db.prepare(`SELECT COUNT(*) AS n FROM ${table}`).get()?.['n']),
    async open(use) {
      const db = await openEmbeddedDatabase(join(directory, 'bot.db'));
      try {
        return await use(db);
      } finally {
        await db.closeWhole();
      }
    },
    migrate: () => own.open((db) => migrate(db, { now: () => new Date(0), backup: async () => {} })),
  };
  return own;
}
