/** A database file of our schema with some content, and everything a run needs around it. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Ledger, RequestLedger } from '../../src/backup/catalog/ledger.ts';
import { createBackupLedger } from '../../src/backup/run/backup-runs.ts';
import type { BackupAlert, BackupContext } from '../../src/backup/run/context.ts';
import { openEmbeddedSnapshotSource } from '../../src/backup/snapshot/embedded.ts';
import { createDirectoryStore } from '../../src/backup/store/directory.ts';
import { type Database, sql } from '../../src/db/database.ts';
import { openEmbeddedDatabase } from '../../src/db/file/embedded-database.ts';
import { migrate } from '../../src/db/migrate.ts';
import { backup } from '../../src/db/migrations/0002-backup.ts';
import type { Clock } from '../../src/lib/clock.ts';
import { fromTemplate } from './template-file.ts';

export interface TestClock extends Clock {
  advance(ms: number): void;
  set(time: Date): void;
}

/**
 * Moves only when told; sleeping moves it at once, but a time-out (a long sleep) never comes by
 * itself.
 */
export function testClock(start = '2026-06-15T02:00:00Z'): TestClock {
  let now = new Date(start);
  return {
    now: () => now,
    advance: (ms) => {
      now = new Date(now.getTime() + ms);
    },
    set: (time) => {
      now = time;
    },
    sleep: (ms, signal) => {
      if (ms < 30_000) {
        now = new Date(now.getTime() + ms);
        return Promise.resolve();
      }
      return new Promise((resolve) => signal?.addEventListener('abort', () => resolve()));
    },
  };
}

export interface World {
  readonly directory: string;
  readonly path: string;
  readonly db: Database;
  readonly ledger: Ledger & RequestLedger;
  readonly clock: TestClock;
  readonly alerts: BackupAlert[];
  readonly context: BackupContext;
  close(): void;
}

/**
 * `small` has the engine's tables and two more only: a run takes a fraction of the time, with every
 * kind of call in it.
 */
export async function createWorld(
  change: Partial<BackupContext> = {},
  size: 'whole' | 'small' = 'whole',
): Promise<World> {
  const directory = mkdtempSync(join(tmpdir(), 'backup-world-'));
  const path = join(directory, 'anime_bot.db');
  await fromTemplate(size, path, async (template) => {
    const filled = await openEmbeddedDatabase(template);
    await (size === 'small' ? fillSmall(filled) : fill(filled));
    filled.close();
  });
  const db = await openEmbeddedDatabase(path);
  const clock = testClock();
  const alerts: BackupAlert[] = [];
  const ledger = createBackupLedger(db);
  const context: BackupContext = {
    source: openEmbeddedSnapshotSource({ path }),
    store: createDirectoryStore(join(directory, 'bucket')),
    prefix: 'backups/',
    ledger,
    clock,
    random: () => 0.5,
    holder: 'test',
    appVersion: '0.1.0',
    libraries: { test: '1' },
    encryption: undefined,
    keys: undefined,
    retention: { days: 90 },
    gzipLevel: 1,
    timeoutMs: 600_000,
    alert: async (alert) => {
      alerts.push(alert);
    },
    ...change,
  };
  return {
    directory,
    path,
    db,
    ledger,
    clock,
    alerts,
    context,
    close() {
      db.close();
      rmSync(directory, { recursive: true, force: true, maxRetries: 10 });
    },
  };
}

async function fillSmall(db: Database): Promise<void> {
  await db.write([
    ...backup.up(new Map()).map((text) => sql(text)),
    sql('CREATE TABLE anime (id INTEGER PRIMARY KEY, code INTEGER UNIQUE NOT NULL)'),
    sql('CREATE TABLE anime_parts (id INTEGER PRIMARY KEY, anime_code INTEGER, part_number INTEGER)'),
    sql('INSERT INTO anime (code) VALUES (1), (2)'),
    sql('INSERT INTO anime_parts (anime_code, part_number) VALUES (1, 1), (1, 2), (9, 1)'),
  ]);
}

async function fill(db: Database): Promise<void> {
  await migrate(db, { now: () => new Date('2026-01-01T00:00:00Z'), backup: async () => {} });
  await db.write([
    sql(
      "INSERT INTO users (user_id, username, first_name) VALUES (9007199254740993, 'kim', 'O‘tkir'), (7, NULL, '')",
    ),
    sql(`WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 40)
         INSERT INTO anime (code, title, description) SELECT 100 - i, 'Naruto ' || i, 'Tavsif ' || i FROM n`),
    sql(`INSERT INTO anime_parts (anime_code, part_number, file_id)
         SELECT code, p.value, 'file-' || code || '-' || p.value FROM anime, json_each('[1,2,3]') AS p`),
    sql("INSERT INTO groups (group_id, name) VALUES (-1001234567890, 'Guruh')"),
  ]);
}
