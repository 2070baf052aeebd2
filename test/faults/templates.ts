/** Databases that seeds start from, and what is compared of them. */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { generateKey, type KeyPair } from '../../src/backup/envelope/keys.ts';
import { runBackup } from '../../src/backup/run/run.ts';
import { openEmbeddedDatabase } from '../../src/db/file/embedded-database.ts';
import { migrate } from '../../src/db/migrate.ts';
import { createRandom } from '../backup/sqlite/random-values.ts';
import type { MemoryStore } from '../support/memory-store.ts';
import { openFileHost } from './fault-hosts.ts';
import { Scene } from './fault-scene.ts';
import { type Good, GoodBackups } from './good-backups.ts';

export interface Template {
  readonly schema: 'small' | 'whole';
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
}

export interface Templates {
  /**
   * `small` has a dozen tables of every kind that an operation touches: a run takes a fraction of
   * the time, with every kind of call in it. `whole` has the schema of today, with its search
   * tables.
   */
  get(schema: Template['schema'], isEncrypted: boolean): Template;
  remove(): void;
}

const BACKUPS = 6;
const DAY_MS = 86_400_000;

const SMALL = new Set([
  'schema_migrations',
  'users',
  'anime',
  'anime_parts',
  'groups',
  'backup_lease',
  'backup_runs',
  'backup_requests',
  'audit_log',
  'counters',
  'anime_stale',
]);
/** Moved on by backups and restores themselves. */
const NOTES = new Set(['backup_lease', 'backup_runs', 'sqlite_sequence']);

/**
 * In memory where the machine has such a directory: what is tested is the order of calls, not the
 * disk.
 */
export function scratchDirectory(name: string): string {
  return mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), name));
}

export async function makeTemplates(): Promise<Templates> {
  const directory = scratchDirectory('fault-template-');
  const made: Template[] = [];
  for (const schema of ['small', 'whole'] as const)
    for (const key of [undefined, await generateKey()]) made.push(await makeTemplate(directory, schema, key));
  return {
    get(schema, isEncrypted) {
      const found = made.find((one) => one.schema === schema && (one.key !== undefined) === isEncrypted);
      if (found === undefined) throw new Error(`no template ${schema}`);
      return found;
    },
    remove: () => rmSync(directory, { recursive: true, force: true, maxRetries: 10 }),
  };
}

async function makeTemplate(
  directory: string,
  schema: Template['schema'],
  key: KeyPair | undefined,
): Promise<Template> {
  const bare = join(directory, 'bare.db');
  const contentsSql = await makeSchema(bare, schema);
  const own = mkdtempSync(join(directory, `${schema}-`));
  const host = await openFileHost(bare, own);
  const scene = new Scene({
    host,
    contentsSql,
    random: createRandom(0),
    directory: own,
    key,
    retentionDays: 90,
  });
  scene.clock.advance(-(BACKUPS - 1) * DAY_MS);
  for (let i = 0; i < BACKUPS; i += 1) {
    if (i > 0) scene.clock.advance(DAY_MS);
    await scene.commit();
    const scheduledAt = scene.clock.now();
    const outcome = await runBackup(await scene.context(), { trigger: 'schedule', scheduledAt });
    if (outcome.kind !== 'done') throw new Error(`no backup of the template: ${JSON.stringify(outcome)}`);
  }
  const backups = new GoodBackups(scene);
  await backups.check();
  await host.close();
  rmSync(bare);
  const path = host.path;
  changeJournal(path);
  return { schema, path, contentsSql, key, objects: scene.store.objects, good: backups.good };
}

/** Out of WAL mode: one file that can be copied. */
function changeJournal(path: string): void {
  const db = new DatabaseSync(path, { timeout: 10_000 });
  db.exec('PRAGMA journal_mode = DELETE');
  db.close();
}

async function makeSchema(path: string, schema: Template['schema']): Promise<string> {
  const db = await openEmbeddedDatabase(path);
  await migrate(db, { now: () => new Date('2026-01-01T00:00:00Z'), backup: async () => {} });
  db.close();
  const own = new DatabaseSync(path, { enableForeignKeyConstraints: false, timeout: 10_000 });
  if (schema === 'small') {
    for (const type of ['trigger', 'table'] as const)
      for (const { name, tableName } of objectsOf(own, type))
        if (!SMALL.has(tableName) && !isOwned(name)) own.exec(`DROP ${type} IF EXISTS "${name}"`);
    // Of a version that has these tables nothing may be missing; with few of the bot's own it may
    // claim none.
    own.exec('DELETE FROM schema_migrations');
    own.exec('ALTER TABLE anime_stale RENAME COLUMN anime_id TO anime');
    own.exec('ALTER TABLE audit_log RENAME COLUMN id TO line');
  }
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
    objects: new Map([...objects].filter(([key]) => names.some((name) => key.includes(name)))),
  };
}

/** Belongs to another table and goes with it. */
function isOwned(name: string): boolean {
  return name.startsWith('sqlite_') || /_(data|idx|content|docsize|config)$/.test(name);
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
    ({ name, sql }) => !NOTES.has(name) && !/^CREATE VIRTUAL/i.test(sql),
  );
  const selects = tables.map(({ name }) => {
    const columns = db.prepare(`PRAGMA table_info("${name}")`).all();
    const values = columns.map((column) => `quote("${String(column['name'])}")`).join(` || ',' || `);
    return `SELECT '${name}' AS name, (SELECT COALESCE(group_concat(v, x'0a'), '') FROM (SELECT ${values} AS v FROM "${name}" ORDER BY v)) AS contents`;
  });
  return selects.join(' UNION ALL ');
}
