/**
 * A small database with every kind of table that the change log covers, its real triggers, and what
 * ships its log: as plainly as can be, to hold the program's own reading of change files against.
 */
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { gzipSync } from 'node:zlib';
import type { ManifestChanges, Previous } from '../../src/backup/catalog/change-position.ts';
import {
  createManifest,
  parseManifest,
  serializeManifest,
  type Trigger,
} from '../../src/backup/catalog/manifest.ts';
import { manifestKey } from '../../src/backup/catalog/names.ts';
import { readSmall } from '../../src/backup/catalog/small-object.ts';
import {
  type ChangeFile,
  encodeChangeFile,
  type TableChanges,
} from '../../src/backup/changes/change-file.ts';
import { changeKey } from '../../src/backup/changes/change-names.ts';
import { coverageOf } from '../../src/backup/changes/coverage.ts';
import type { Row, SqlValue } from '../../src/backup/model/model.ts';
import { runBackup } from '../../src/backup/run/run.ts';
import { fileRest, keySql } from '../../src/backup/schema/change-key.ts';
import { LOG_TABLE, triggersOf } from '../../src/backup/schema/change-triggers.ts';
import { openFileSnapshotSource } from '../../src/backup/snapshot/file.ts';
import { createDirectoryStore } from '../../src/backup/store/directory.ts';
import { digestFile } from '../../src/backup/verify/file-digests.ts';
import { createWorld, type World } from './backup-world.ts';

const SCHEMA_SHA = 'ab'.repeat(32);

const TABLES = `
  CREATE TABLE change_log (seq INTEGER PRIMARY KEY AUTOINCREMENT, tbl TEXT NOT NULL, key, rest TEXT);
  CREATE TABLE counted (id INTEGER PRIMARY KEY AUTOINCREMENT, code TEXT UNIQUE, note);
  CREATE TABLE hidden (value, twice GENERATED ALWAYS AS (value || value) VIRTUAL);
  CREATE TABLE pairs (a TEXT COLLATE NOCASE, b, note, PRIMARY KEY (a, b)) WITHOUT ROWID;
  CREATE TABLE words (id INTEGER PRIMARY KEY, word TEXT);
  CREATE VIRTUAL TABLE found USING fts5 (word, content = 'words', content_rowid = 'id');
  CREATE TRIGGER words_added AFTER INSERT ON words BEGIN
    INSERT INTO found (rowid, word) VALUES (new.id, new.word);
  END;
  CREATE TRIGGER words_gone AFTER DELETE ON words BEGIN
    INSERT INTO found (found, rowid, word) VALUES ('delete', old.id, old.word);
  END;
  CREATE TABLE children (id INTEGER PRIMARY KEY, parent INTEGER REFERENCES counted (id) ON DELETE CASCADE);`;

export interface Place {
  timeline: string;
  shipped: number;
  previous: Previous;
  since: Date;
  parent: ManifestChanges['parent'];
  reason: ManifestChanges['reason'];
  schema: string;
}

export interface ChangeWorld extends World {
  readonly place: Place;
  /** SQL by hand, with foreign keys. */
  sql(text: string): void;
  /** Entries of the log that are in no file. */
  waiting(): number;
  /** One file with at most so many entries; its key without the prefix. */
  ship(most?: number, change?: Partial<ChangeFile['header']>): Promise<string>;
  /** One more row a minute later, shipped; the file's key without the prefix. */
  change(text?: string): Promise<string>;
  /** A full backup that says where the log stands. With `trim` it takes the place of what waits. */
  full(options?: { readonly trim?: boolean; readonly trigger?: Trigger }): Promise<string>;
  /** Digests of all covered tables. */
  digests(path?: string): Promise<Record<string, string>>;
  newTimeline(reason: Place['reason']): void;
  pathOf(file: string): string;
}

export async function createChangeWorld(): Promise<ChangeWorld> {
  // In a file of its own: two SQLite libraries on one file undo each other's locks.
  const directory = mkdtempSync(join(tmpdir(), 'change-world-'));
  const path = join(directory, 'data.db');
  const world = await createWorld(
    { source: openFileSnapshotSource({ path }), store: createDirectoryStore(join(directory, 'bucket')) },
    'small',
  );
  const { clock, context } = world;
  const { store, prefix } = context;
  const within = <T>(use: (db: DatabaseSync) => T): T => {
    const db = new DatabaseSync(path, { timeout: 10_000 });
    try {
      return use(db);
    } finally {
      db.close();
    }
  };
  const schema = () => openFileSnapshotSource({ path }).schema();
  const tables = async () => coverageOf(await schema()).covered;
  within((db) => db.exec(TABLES));
  const covered = await tables();
  const { indexes } = await schema();
  within((db) => {
    for (const table of covered) for (const trigger of triggersOf(table, indexes)) db.exec(trigger.sql);
  });
  const place: Place = {
    timeline: '1'.padStart(32, '0'),
    shipped: 0,
    previous: null,
    since: clock.now(),
    parent: null,
    reason: 'new',
    schema: SCHEMA_SHA,
  };
  const rowsIn = (db: DatabaseSync, text: string, ...values: (string | bigint | null)[]): Row[] => {
    const statement = db.prepare(text);
    statement.setReadBigInts(true);
    return statement.all(...values).map((row) => Object.values(row) as SqlValue[]);
  };
  const made: ChangeWorld = {
    ...world,
    path,
    directory,
    close() {
      world.close();
      rmSync(directory, { recursive: true, force: true, maxRetries: 10 });
    },
    place,
    sql: (text) => within((db) => db.exec(text)),
    waiting: () => within((db) => Number(rowsIn(db, `SELECT count(*) FROM ${LOG_TABLE}`)[0]?.[0] ?? 0)),
    pathOf: (file) => join(directory, 'bucket', prefix, file),
    async ship(most = Number.MAX_SAFE_INTEGER, change = {}) {
      const file = within((db): ChangeFile => {
        const log = rowsIn(
          db,
          `SELECT seq, tbl, key, rest FROM ${LOG_TABLE} WHERE seq > ${place.shipped} ORDER BY seq`,
        );
        const part = log.slice(0, most);
        const last = Number(part.at(-1)?.[0] ?? 0);
        const found = covered.flatMap((table): TableChanges[] => {
          const images: Row[] = [];
          const deleted: TableChanges['deleted'][number][] = [];
          const name = `"${table.name}"`;
          const { key, rest } = keySql(table, name);
          const columns = table.columns.filter(({ generated }) => generated !== 'virtual');
          const wanted = `${table.withoutRowid ? '' : 'rowid AS r, '}${columns.map((c) => `"${c.name}"`).join(', ')}`;
          const keys = new Map(
            part
              .filter(([, tbl]) => tbl === table.name)
              .map((entry) => [JSON.stringify([String(entry[2]), entry[3]]), entry]),
          );
          for (const [, , of = null, more] of keys.values()) {
            const [row] = rowsIn(
              db,
              `SELECT ${wanted} FROM ${name} WHERE ${key} COLLATE BINARY IS ? AND ${rest} IS ?`,
              of as string,
              more as string,
            );
            if (row === undefined)
              deleted.push({ key: of, rest: typeof more === 'string' ? fileRest(more) : null });
            else images.push(row);
          }
          return images.length + deleted.length === 0 ? [] : [{ table, images, deleted }];
        });
        return {
          header: {
            timeline: place.timeline,
            first: place.shipped + 1,
            last,
            time: clock.now().toISOString(),
            app_version: '0.1.0',
            schema_version: null,
            schema_sha256: place.schema,
            previous: place.previous,
            restore_point: part.length === log.length,
            ...change,
          },
          tables: found,
          sequence: new Map(
            rowsIn(db, "SELECT name, seq FROM sqlite_sequence WHERE name <> 'change_log'").map(
              ([name, seq = null]): [string, SqlValue] => [String(name), seq],
            ),
          ),
        };
      });
      const body = gzipSync(encodeChangeFile(file));
      const { timeline, first, last, time } = file.header;
      const key = changeKey(prefix, { timeline, first, last, time: new Date(time), encrypted: false });
      await store.put(key, body);
      place.shipped = last;
      place.previous = {
        file: key.slice(prefix.length),
        sha256: createHash('sha256').update(body).digest('hex'),
      };
      within((db) => db.exec(`DELETE FROM ${LOG_TABLE} WHERE seq <= ${last}`));
      return key.slice(prefix.length);
    },
    change(text = 'INSERT INTO counted (note) VALUES (1)') {
      clock.advance(60_000);
      made.sql(text);
      return made.ship();
    },
    async full({ trim = false, trigger = 'command' } = {}) {
      const seq = within((db) => Number(rowsIn(db, `SELECT max(seq) FROM ${LOG_TABLE}`)[0]?.[0] ?? 0));
      const outcome = await runBackup(context, { trigger, scheduledAt: clock.now() });
      if (outcome.kind !== 'done') throw new Error(`no backup: ${JSON.stringify(outcome)}`);
      const { name } = outcome;
      const key = manifestKey(prefix, name);
      const manifest = parseManifest((await readSmall(store, key)) ?? new Uint8Array());
      const { state: _, format: __, version: ___, ...draft } = manifest;
      const changes: ManifestChanges = {
        timeline: place.timeline,
        seq: Math.max(seq, place.shipped),
        previous: place.previous,
        since: place.since.toISOString(),
        parent: place.parent,
        reason: place.reason,
        schema_sha256: place.schema,
      };
      await store.delete([key]);
      await store.put(key, serializeManifest(createManifest({ ...draft, changes })));
      if (trim) {
        place.shipped = changes.seq;
        place.previous = { base: name };
        within((db) => db.exec(`DELETE FROM ${LOG_TABLE} WHERE seq <= ${changes.seq}`));
      }
      clock.advance(60_000);
      return name;
    },
    async digests(of = path) {
      const found = await digestFile(of, { only: covered.map(({ name }) => name) });
      return Object.fromEntries(found.tables.map(({ table, sha256 }) => [table, sha256]));
    },
    newTimeline(reason) {
      place.parent = { timeline: place.timeline, seq: place.shipped };
      place.timeline = String(Number(place.timeline) + 1).padStart(32, '0');
      place.previous = null;
      place.reason = reason;
      place.since = clock.now();
    },
  };
  return made;
}
