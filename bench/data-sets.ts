/**
 * The databases that benches work on: the same bytes at every run, from 1 (some 55 MB) to 100 times
 * that. `npx node bench/data-sets.ts compressible 10 /tmp/ten.db` makes one by hand.
 */
import { createCipheriv } from 'node:crypto';
import { statSync } from 'node:fs';
import process from 'node:process';
import { DatabaseSync } from 'node:sqlite';
import { migrations } from '../src/db/migrations/all-migrations.ts';

/** What each set is like. */
export const DATA_SETS = {
  compressible: "an old bot's schema, small rows much alike: 600,000 views, 200,000 users, 100,000 parts",
  'our own': 'our schema, views at random: 700,000 of them, 2,000 anime, 24,000 parts',
  incompressible: 'a table of pictures as BLOBs and one of random texts: gzip gains nothing',
  wide: '60 columns of all types, NULLs, long texts, 100,000 rows',
} as const;

export type DataSet = keyof typeof DATA_SETS;

export function isDataSet(name: string): name is DataSet {
  return Object.hasOwn(DATA_SETS, name);
}

/** Makes the file `path`, which must not exist; returns its bytes. */
export function makeDataSet(set: DataSet, path: string, scale = 1): number {
  const db = new DatabaseSync(path, { enableForeignKeyConstraints: false });
  db.exec('PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; BEGIN');
  MAKERS[set](db, scale);
  db.exec('COMMIT; PRAGMA journal_mode = WAL');
  db.close();
  return statSync(path).size;
}

const MAKERS: Readonly<Record<DataSet, (db: DatabaseSync, scale: number) => void>> = {
  compressible(db, scale) {
    db.exec(OLD_SCHEMA);
    const [users, anime, parts] = [times(200_000, scale), times(8_000, scale), times(100_000, scale)];
    db.exec(`${upTo(users)} INSERT INTO users (user_id, username, first_name, last_name, created_at, last_seen)
      SELECT 100000000 + i * 7, 'user_' || i, 'Ism ' || i, 'Familiya ' || i % 1000, ${time('i')}, ${time('i + 5000')} FROM n`);
    db.exec(`${upTo(anime)} INSERT INTO anime (code, description, photo_id, created_at, updated_at)
      SELECT i, 'Anime ' || i || ' haqida', 'AgACAgIAAxkBAAIBBGWmNQ' || i, ${time('i')}, ${time('i')} FROM n`);
    db.exec(`${upTo(parts)} INSERT INTO anime_parts (anime_code, part_number, file_id, created_at)
      SELECT 1 + i % ${anime}, 1 + i / ${anime},
        printf('BAACAgIAAxkBAAIBBGWmNQ_t8Z5dJxQ2kq0vXhYwPZ4sAAJ%016dAAhbSVJNgQE', i), ${time('i')} FROM n`);
    db.exec(`${upTo(times(600_000, scale))} INSERT INTO user_history (user_id, anime_code, part_number, viewed_at)
      SELECT 100000000 + 7 * (1 + i * 7919 % ${users}), 1 + i * 31 % ${anime}, 1 + i % 12, ${time('i')} FROM n`);
  },
  'our own'(db, scale) {
    db.exec(
      'CREATE TABLE schema_migrations (version INTEGER PRIMARY KEY, name TEXT NOT NULL, applied_at TEXT NOT NULL)',
    );
    for (const { version, name, up } of migrations) {
      db.prepare("INSERT INTO schema_migrations VALUES (?, ?, '2026-01-01 00:00:00')").run(version, name);
      for (const text of up(new Map())) db.exec(text);
    }
    const draw = bytesOf('our own');
    db.function('token', (length) => draw(Number(length)).toString('hex'));
    db.function('below', (limit) => draw(4).readUInt32LE() % Number(limit));
    db.exec(`${upTo(2_000)} INSERT INTO anime (code, title, description)
      SELECT i, 'Anime ' || i, 'Tavsif ' || token(40) FROM n`);
    db.exec(`INSERT INTO anime_parts (anime_code, part_number, file_id)
      SELECT code, p.value, 'BAACAgIAAxkBAA' || token(20)
      FROM anime, json_each('[1,2,3,4,5,6,7,8,9,10,11,12]') AS p`);
    db.exec(`${upTo(times(700_000, scale))} INSERT INTO user_history (user_id, anime_code, part_number, viewed_at)
      SELECT below(100000), below(2000), below(12), ${time('below(60000000)')} FROM n`);
  },
  incompressible(db, scale) {
    const draw = bytesOf('incompressible');
    db.function('bytes', (length) => draw(Number(length)));
    db.function('token', (length) => draw(Number(length)).toString('base64url'));
    db.exec(`CREATE TABLE users (user_id INTEGER PRIMARY KEY, first_name TEXT);
      CREATE TABLE pictures (id INTEGER PRIMARY KEY, taken_at TEXT, data BLOB NOT NULL);
      CREATE TABLE tokens (id INTEGER PRIMARY KEY, token TEXT NOT NULL UNIQUE);
      INSERT INTO users VALUES (1, 'Ism')`);
    db.exec(`${upTo(times(4_000, scale))} INSERT INTO pictures SELECT i, ${time('i')}, bytes(6000) FROM n`);
    db.exec(`${upTo(times(160_000, scale))} INSERT INTO tokens SELECT i, token(60) FROM n`);
  },
  wide(db, scale) {
    const draw = bytesOf('wide');
    db.function('token', (length) => draw(Number(length)).toString('base64url'));
    const columns = Array.from({ length: 60 }, (_, at) => WIDE[at % WIDE.length] ?? WIDE[0]);
    db.exec(`CREATE TABLE users (user_id INTEGER PRIMARY KEY, first_name TEXT); INSERT INTO users VALUES (1, 'Ism');
      CREATE TABLE wide (id INTEGER PRIMARY KEY, ${columns.map(({ type }, at) => `c${at} ${type}`).join(', ')})`);
    db.exec(
      `${upTo(times(100_000, scale))} INSERT INTO wide SELECT i, ${columns.map(({ sql }) => sql).join(', ')} FROM n`,
    );
  },
};

/** In turn, to 60 columns; 12 of each. */
const WIDE = [
  { type: 'INTEGER', sql: 'i * 2654435761 % 1000003' },
  { type: 'TEXT', sql: "iif(i % 20 = 0, token(90), 'matn ''ʻ\"' || i)" },
  { type: 'REAL', sql: 'i / 7.0' },
  { type: 'TEXT', sql: 'NULL' },
  { type: '', sql: "CASE i % 3 WHEN 0 THEN i WHEN 1 THEN i * 0.5 ELSE x'00ff7f' END" },
] as const;

/** As the Python bot made it. */
const OLD_SCHEMA = `
CREATE TABLE users (user_id INTEGER PRIMARY KEY, username TEXT, first_name TEXT, last_name TEXT,
  created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP, last_seen TIMESTAMP DEFAULT CURRENT_TIMESTAMP);
CREATE TABLE anime (id INTEGER PRIMARY KEY AUTOINCREMENT, code INTEGER UNIQUE NOT NULL, description TEXT,
  photo_id TEXT, created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP, updated_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP);
CREATE TABLE anime_parts (id INTEGER PRIMARY KEY AUTOINCREMENT, anime_code INTEGER NOT NULL,
  part_number INTEGER NOT NULL, file_id TEXT NOT NULL, created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
  FOREIGN KEY (anime_code) REFERENCES anime(code), UNIQUE(anime_code, part_number));
CREATE TABLE groups (id INTEGER PRIMARY KEY AUTOINCREMENT, group_id INTEGER UNIQUE NOT NULL, link TEXT,
  name TEXT NOT NULL, created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP);
CREATE TABLE user_history (id INTEGER PRIMARY KEY AUTOINCREMENT, user_id INTEGER NOT NULL, anime_code INTEGER,
  part_number INTEGER, viewed_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
  FOREIGN KEY (user_id) REFERENCES users(user_id))`;

function times(count: number, scale: number): number {
  return Math.max(1, Math.round(count * scale));
}

function upTo(count: number): string {
  return `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${count})`;
}

function time(seconds: string): string {
  return `datetime(1700000000 + ${seconds}, 'unixepoch')`;
}

const POOL_BYTES = 1_000_000;

/** Random to look at, and the same at every run: the key stream of a cipher. */
function bytesOf(seed: string): (length: number) => Buffer {
  const cipher = createCipheriv('aes-128-ctr', Buffer.alloc(16, seed), Buffer.alloc(16));
  let pool = Buffer.alloc(0);
  let at = 0;
  return (length) => {
    if (at + length > pool.length) {
      pool = cipher.update(Buffer.alloc(POOL_BYTES));
      at = 0;
    }
    at += length;
    return pool.subarray(at - length, at);
  };
}

if (import.meta.main) {
  const [set = '', scale = '1', path = ''] = process.argv.slice(2);
  if (!isDataSet(set) || path === '') {
    console.error(`usage: bench/data-sets.ts <${Object.keys(DATA_SETS).join(' | ')}> <scale> <new file>`);
    process.exit(2);
  }
  console.log(`${path}: ${(makeDataSet(set, path, Number(scale)) / 1e6).toFixed(1)} MB`);
}
