/** Databases that seeds start from, and what is compared of them. */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { parseChangeKey } from '../../src/backup/changes/change-names.ts';
import { ensureTriggers } from '../../src/backup/changes/ensure-triggers.ts';
import { generateKey, type KeyPair } from '../../src/backup/envelope/keys.ts';
import { runBackup } from '../../src/backup/run/run.ts';
import { openEmbeddedDatabase } from '../../src/db/file/embedded-database.ts';
import { migrate } from '../../src/db/migrate.ts';
import { createRandom } from '../backup/sqlite/random-values.ts';
import type { MemoryStore } from '../support/memory-store.ts';
import { NOTES } from './contents.ts';
import { DatabaseTime } from './database-time.ts';
import { openFileHost } from './fault-hosts.ts';
import { PREFIX, Scene } from './fault-scene.ts';
import { type Good, GoodBackups } from './good-backups.ts';
import { shipAll } from './ship-operation.ts';
import { ShippedHistory } from './shipped-history.ts';

export interface Template {
  readonly path: string;
  /**
   * A query whose rows (`name`, `contents`) are all that the database holds but the engine's own
   * notes.
   */
  readonly contentsSql: string;
  /** Backups are encrypted for it. */
  readonly key: KeyPair | undefined;
  /**
   * A bucket that holds good backups of the database, one a day; the last is of 2026-06-15, 02:00.
   */
  readonly objects: MemoryStore['objects'];
  readonly good: ReadonlyMap<string, Good>;
  /** What its change log tells. */
  readonly history: ShippedHistory['known'];
}

export interface Templates {
  /** Where seeds have their files; it goes with them. */
  readonly directory: string;
  get(isEncrypted: boolean): Template;
  remove(): void;
}

const BACKUPS = 6;
const DAY_MS = 86_400_000;

/**
 * In memory where the machine has such a directory: what is tested is the order of calls, not the
 * disk.
 */
function scratchDirectory(name: string): string {
  return mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), name));
}

export async function makeTemplates(): Promise<Templates> {
  const directory = scratchDirectory('fault-template-');
  const plain = await makeTemplate(directory, undefined);
  const sealed = await makeTemplate(directory, await generateKey());
  return {
    directory,
    get: (isEncrypted) => (isEncrypted ? sealed : plain),
    remove: () => rmSync(directory, { recursive: true, force: true, maxRetries: 10 }),
  };
}

async function makeTemplate(directory: string, key: KeyPair | undefined): Promise<Template> {
  const bare = join(directory, 'bare.db');
  const contentsSql = await makeSchema(bare);
  const own = mkdtempSync(join(directory, 'template-'));
  const time = new DatabaseTime('template');
  const host = await openFileHost(bare, own, time);
  const scene = new Scene({
    host,
    time,
    contentsSql,
    random: createRandom(0),
    directory: own,
    key,
    retentionDays: 90,
    // The second copy comes later.
    remembersFiles: false,
  });
  scene.clock.advance(-(BACKUPS - 1) * DAY_MS);
  const shipping = await scene.shipping();
  const { db, source } = shipping;
  await ensureTriggers(db, source);
  const history = new ShippedHistory(scene);
  const commit = async (): Promise<void> => {
    await scene.commit();
    await history.witness();
  };
  for (let i = 0; i < BACKUPS; i += 1) {
    await commit();
    if (i > 0) await shipAll(scene, shipping);
    // Half of the backups hold what no file has yet.
    if (i % 2 === 1) await commit();
    scene.clock.advance(i === 0 ? 0 : DAY_MS);
    const scheduledAt = scene.clock.now();
    const outcome = await runBackup(await scene.context(), { trigger: 'schedule', scheduledAt });
    if (outcome.kind !== 'done') throw new Error(`no backup of the template: ${JSON.stringify(outcome)}`);
  }
  await history.witness();
  const backups = new GoodBackups(scene);
  await backups.check();
  await host.close();
  rmSync(bare);
  const path = host.path;
  changeJournal(path);
  const { objects } = scene.store;
  return { path, contentsSql, key, objects, good: backups.good, history: history.known };
}

/** Out of WAL mode: one file that can be copied. */
function changeJournal(path: string): void {
  const db = new DatabaseSync(path, { timeout: 10_000 });
  db.exec('PRAGMA journal_mode = DELETE');
  db.close();
}

async function makeSchema(path: string): Promise<string> {
  const db = await openEmbeddedDatabase(path);
  await migrate(db, { now: () => new Date('2026-01-01T00:00:00Z'), backup: async () => {} });
  db.close();
  const own = new DatabaseSync(path, { enableForeignKeyConstraints: false, timeout: 10_000 });
  own.exec('PRAGMA journal_mode = DELETE; VACUUM');
  const contentsSql = contentsQuery(own);
  own.close();
  return contentsSql;
}

/** The template's newest backups only, objects and what is known of them. */
export function newestOf({ objects, good }: Template, count: number): Pick<Template, 'objects' | 'good'> {
  const names = [...good.keys()].toSorted().slice(-count);
  return {
    good: new Map([...good].filter(([name]) => names.includes(name))),
    objects: new Map(
      [...objects].filter(
        ([key]) => names.some((name) => key.includes(name)) || parseChangeKey(PREFIX, key) !== undefined,
      ),
    ),
  };
}

function objectsOf(db: DatabaseSync, type: string): { name: string; tableName: string; sql: string }[] {
  return db
    .prepare('SELECT name, tbl_name AS tableName, sql FROM sqlite_schema WHERE type = ?')
    .all(type)
    .map((row) => ({
      name: String(row['name']),
      tableName: String(row['tableName']),
      sql: String(row['sql']),
    }));
}

/** Written without any code of the engine: what the engine calls exact must be so to others too. */
function contentsQuery(db: DatabaseSync): string {
  const tables = objectsOf(db, 'table').filter(
    ({ name, sql }) => name !== 'sqlite_sequence' && !NOTES.includes(name) && !/^CREATE VIRTUAL/i.test(sql),
  );
  const selects = tables.map(({ name }) => {
    const columns = db.prepare(`PRAGMA table_info("${name}")`).all();
    const values = columns.map((column) => `quote("${String(column['name'])}")`).join(` || ',' || `);
    return `SELECT '${name}' AS name, (SELECT COALESCE(group_concat(v, x'0a'), '') FROM (SELECT ${values} AS v FROM "${name}" ORDER BY v)) AS contents`;
  });
  return selects.join(' UNION ALL ');
}
