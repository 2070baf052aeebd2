/** Tables and changes of every kind, for what must not escape the change log. */
import fc from 'fast-check';

export const TABLES = [
  'CREATE TABLE parent (id INTEGER PRIMARY KEY, code UNIQUE, n INTEGER DEFAULT 0)',
  'CREATE TABLE child (id INTEGER PRIMARY KEY AUTOINCREMENT, parent REFERENCES parent(id) ON DELETE CASCADE ON UPDATE CASCADE, x)',
  'CREATE TABLE pairs (a, b TEXT COLLATE NOCASE, v, PRIMARY KEY (b, a)) WITHOUT ROWID',
  'CREATE TABLE loose (x, y)',
  'CREATE TABLE audit (id INTEGER PRIMARY KEY, what)',
  'CREATE TABLE wide (k TEXT PRIMARY KEY, a UNIQUE ON CONFLICT REPLACE, b TEXT COLLATE NOCASE, c, g AS (b || c), d NOT NULL ON CONFLICT REPLACE DEFAULT 1 UNIQUE, UNIQUE (b, c), UNIQUE (g))',
  'CREATE TABLE short (k, r, u UNIQUE, v, PRIMARY KEY (k, r)) WITHOUT ROWID',
  'CREATE TABLE folded (a COLLATE RTRIM, k TEXT COLLATE NOCASE, v, PRIMARY KEY (k, a)) WITHOUT ROWID',
  'CREATE TABLE part (id INTEGER PRIMARY KEY, a, b, is_open DEFAULT 1)',
  'CREATE UNIQUE INDEX open_parts ON part (a COLLATE NOCASE) WHERE is_open = 1 AND b IS NULL',
  'CREATE TRIGGER noted AFTER UPDATE OF n ON parent BEGIN INSERT INTO audit (what) VALUES (NEW.n); END',
];

const id = fc.integer({ min: 1, max: 5 });
const value = fc.constantFrom(
  'NULL',
  '1',
  '1.0',
  "'a'",
  "'A'",
  "x'61'",
  "'a' || char(0)",
  '9e999',
  "CAST(x'ff' AS TEXT)",
  '-0.0',
  '0.0',
  '0',
  '0.1 + 0.2',
  '-1e15 / 3',
  '-9e999',
  "'A  '",
);
/** Few, so that they meet. */
const some = fc.constantFrom("'a'", "'A'", '1', '1.0', "'A  '", '0.1 + 0.2', 'NULL');

/** Rows that hold a unique value go without a word. */
export const REPLACES = fc.oneof(
  fc.tuple(id, some).map(([i, v]) => `INSERT OR REPLACE INTO parent (id, code) VALUES (${i}, ${v})`),
  fc.tuple(id, some).map(([i, v]) => `UPDATE OR REPLACE parent SET code = ${v} WHERE id = ${i}`),
  fc.tuple(id, id).map(([i, j]) => `UPDATE OR REPLACE parent SET id = ${i}, code = id WHERE id = ${j}`),
  fc
    .tuple(some, some, some, some)
    .map(([k, a, b, c]) => `INSERT OR REPLACE INTO wide (k, a, b, c) VALUES (${k}, ${a}, ${b}, ${c})`),
  fc
    .tuple(some, some, some)
    .map(([k, a, d]) => `INSERT OR IGNORE INTO wide (k, a, b, c, d) VALUES (${k}, ${a}, ${k}, ${k}, ${d})`),
  fc.tuple(some, some).map(([a, k]) => `UPDATE wide SET a = ${a} WHERE k IS ${k}`),
  fc.tuple(some, id).map(([b, i]) => `UPDATE OR REPLACE wide SET b = ${b}, c = k WHERE rowid = ${i}`),
  id.map((i) => `UPDATE OR REPLACE wide SET rowid = ${i}, d = NULL WHERE rowid < ${i}`),
  fc.tuple(some, some).map(([k, v]) => `REPLACE INTO wide (k, a, c) VALUES (${v}, 7, ${k})`),
  fc.tuple(some, some, some).map(([k, r, u]) => `INSERT OR REPLACE INTO short VALUES (${k}, ${r}, ${u}, 1)`),
  fc.tuple(some, some).map(([k, u]) => `UPDATE OR REPLACE short SET u = ${u} WHERE k IS ${k}`),
  fc.tuple(some, some).map(([r, u]) => `UPDATE OR REPLACE short SET r = ${r} WHERE u IS ${u}`),
  some.map((r) => `DELETE FROM short WHERE r IS ${r}`),
  fc.tuple(some, some).map(([a, k]) => `INSERT OR REPLACE INTO folded VALUES (${a}, ${k}, 1)`),
  fc.tuple(some, some).map(([a, k]) => `UPDATE OR REPLACE folded SET k = ${k} WHERE a IS ${a}`),
  fc
    .tuple(id, some, some)
    .map(([i, a, b]) => `INSERT OR REPLACE INTO part (id, a, b) VALUES (${i}, ${a}, ${b})`),
  fc.tuple(some, id).map(([b, i]) => `UPDATE OR REPLACE part SET b = ${b} WHERE id >= ${i}`),
  id.map((i) => `UPDATE OR REPLACE part SET is_open = id % 2, b = NULL WHERE id <= ${i}`),
  fc.tuple(id, id).map(([i, j]) => `INSERT OR REPLACE INTO anime (id, code) VALUES (${i}, ${j})`),
  fc.tuple(id, id).map(([i, j]) => `UPDATE OR REPLACE anime SET code = ${j} WHERE id = ${i}`),
  fc
    .tuple(id, id, id)
    .map(
      ([i, j, k]) =>
        `INSERT OR REPLACE INTO anime_parts (id, anime_code, part_number, file_id) VALUES (${i}, ${j}, ${k}, 'f')`,
    ),
  fc
    .tuple(id, id)
    .map(
      ([i, j]) =>
        `INSERT OR REPLACE INTO drafts (id, user_id, kind, step, created_at, updated_at) VALUES (${i}, ${j}, 'k', 's', '2026', '2026')`,
    ),
  fc.tuple(id, id).map(([i, j]) => `UPDATE OR REPLACE drafts SET is_open = ${j} % 2 WHERE id = ${i}`),
);
const USUAL = fc.oneof(
  fc
    .tuple(id, value)
    .map(([i, v]) => `INSERT INTO parent (id, code) VALUES (${i}, ${v}) ON CONFLICT DO UPDATE SET n = n + 1`),
  fc.tuple(id, value).map(([i, v]) => `INSERT OR IGNORE INTO parent (id, code) VALUES (${i}, ${v})`),
  fc.tuple(id, id).map(([i, j]) => `UPDATE OR IGNORE parent SET id = ${j} WHERE id = ${i}`),
  fc.tuple(id, value).map(([i, v]) => `UPDATE OR IGNORE parent SET code = ${v}, n = n + 1 WHERE id >= ${i}`),
  fc.constant('UPDATE parent SET code = code || n WHERE id IN (SELECT id FROM parent ORDER BY id LIMIT 2)'),
  fc.tuple(id, id).map(([i, j]) => `SWAP ${i} ${j}`),
  id.map((i) => `DELETE FROM parent WHERE id = ${i}`),
  fc.constant('DELETE FROM parent WHERE id % 2 = 0'),
  fc.constant('DELETE FROM loose'),
  fc
    .tuple(id, value)
    .map(([i, v]) => `INSERT OR IGNORE INTO child (parent, x) SELECT id, ${v} FROM parent WHERE id <= ${i}`),
  id.map((i) => `DELETE FROM child WHERE id > ${i}`),
  fc.tuple(value, value).map(([a, b]) => `INSERT OR IGNORE INTO pairs VALUES (${a}, ${b}, 1)`),
  fc
    .tuple(value, value)
    .map(
      ([a, b]) =>
        `INSERT OR IGNORE INTO pairs (a, b, v) VALUES (${a}, ${b}, 2) ON CONFLICT DO UPDATE SET v = ${a}`,
    ),
  fc.constant('UPDATE OR IGNORE pairs SET b = upper(b)'),
  fc.constant('UPDATE OR IGNORE pairs SET b = lower(b), a = v'),
  value.map((v) => `DELETE FROM pairs WHERE a IS ${v}`),
  fc.tuple(value, value).map(([a, b]) => `INSERT INTO loose VALUES (${a}, ${b})`),
  id.map((i) => `UPDATE OR IGNORE loose SET rowid = rowid + ${i} WHERE rowid > ${i}`),
  id.map((i) => `DELETE FROM loose WHERE rowid = ${i}`),
  fc
    .tuple(id, value)
    .map(
      ([i, v]) =>
        `INSERT OR IGNORE INTO users (user_id, first_name, created_at, last_seen) VALUES (${i}, ${v}, '2026-01-01', '2026-01-01')`,
    ),
);
export const CHANGES = fc.oneof(USUAL, REPLACES);
