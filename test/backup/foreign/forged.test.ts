/**
 * Documents whose schema is made to do harm. None of them changes anything but the scratch database
 * it is loaded into, none holds the process up, and each is refused in words.
 */
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createDocumentSink } from '../../../src/backup/document/writer.ts';
import { writeLive } from '../../../src/backup/snapshot/copy-live.ts';
import { openEmbeddedSnapshotSource } from '../../../src/backup/snapshot/embedded.ts';
import { verifyFile } from '../../../src/backup/verify/verify-backup.ts';

let directory = '';
let live = '';
let text = '';
/** What stands beside the forged document, and must stay as it is. */
let before = '';

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'forged-'));
  mkdirSync(join(directory, 'data'));
  live = join(directory, 'data/live.db');
  const db = new DatabaseSync(live);
  db.exec(`CREATE TABLE anime (id INTEGER PRIMARY KEY AUTOINCREMENT, code INTEGER UNIQUE NOT NULL, description TEXT);
    WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 40) INSERT INTO anime (code, description) SELECT i, 'Naruto' FROM n;
    CREATE VIRTUAL TABLE words USING fts5(text); INSERT INTO words VALUES ('naruto')`);
  db.close();
  const path = join(directory, 'good.json');
  await writeLive(openEmbeddedSnapshotSource({ path: live }), {
    path,
    headLength: 0,
    replace: false,
    sink: (out) => createDocumentSink(out, { backupTime: new Date(0), appVersion: '1' }),
  });
  text = readFileSync(path, 'utf8');
  before = state();
});
afterAll(() => rmSync(directory, { recursive: true, force: true, maxRetries: 10 }));

function state(): string {
  const files = readdirSync(join(directory, 'data')).map((name) => {
    const bytes = readFileSync(join(directory, 'data', name));
    return `${name} ${createHash('sha256').update(bytes).digest('hex')}`;
  });
  return files.join('\n');
}

interface Schema {
  objects: { type: string; name: string; table: string; sql: string | null; storage: boolean }[];
  tables: Record<string, unknown>[];
}

/** The good document with another schema, sealed again as a forger would. */
function forge(change: (schema: Schema) => void): string {
  const lines = text.split('\n');
  const at = lines.findIndex((line) => line.startsWith('"schema":'));
  const schema: Schema = JSON.parse((lines[at] ?? '').slice('"schema":'.length, -1));
  change(schema);
  lines[at] = `"schema":${JSON.stringify(schema)},`;
  const whole = lines.join('\n');
  const body = whole.slice(0, whole.lastIndexOf(',\n"sha256":'));
  return `${body},\n"sha256":"${createHash('sha256').update(body).digest('hex')}"}\n`;
}

const add =
  (type: string, name: string, sql: string, table = name) =>
  (schema: Schema): void => {
    schema.objects.push({ type, name, table, sql, storage: type === 'table' });
  };
const anime =
  (column: string) =>
  (schema: Schema): void => {
    const object = schema.objects.find(({ name }) => name === 'anime');
    if (object?.sql) object.sql = object.sql.replace(/\)\s*$/, `, ${column})`);
  };
/** With a column that is computed, declared as such. */
const computed = (expression: string, kind: 'VIRTUAL' | 'STORED') => (schema: Schema) => {
  anime(`bomb TEXT AS (${expression}) ${kind}`)(schema);
  const table = schema.tables.find((one) => one['name'] === 'anime');
  const columns = table?.['columns'];
  if (Array.isArray(columns))
    columns.push({
      name: 'bomb',
      type: 'TEXT',
      not_null: false,
      default: null,
      primary_key: 0,
      generated: kind.toLowerCase(),
    });
};
const BOMB = 'hex(zeroblob(300000000))';
const ENDLESS = 'WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n';

type Change = (schema: Schema) => void;
/** `refused`: with these words. `harmless`: taken for what it is, and nothing of it runs. */
const FORGED: [string, () => Change, RegExp | 'harmless'][] = [
  [
    'ATTACH behind a view',
    () =>
      add(
        'view',
        'v',
        `CREATE VIEW v AS SELECT 1; COMMIT; ATTACH '${live}' AS l; DELETE FROM l.anime; DETACH l; BEGIN`,
      ),
    /more than one statement/,
  ],
  [
    'a new file by ATTACH',
    () =>
      add(
        'view',
        'v',
        `CREATE VIEW v AS SELECT 1; ATTACH '${directory}/data/new.db' AS f; CREATE TABLE f.x (a)`,
      ),
    /more than one statement/,
  ],
  ['ATTACH alone', () => add('view', 'v', `ATTACH '${live}' AS l`), /no CREATE VIEW/],
  ['DETACH', () => add('view', 'v', 'DETACH main'), /no CREATE VIEW/],
  ['COMMIT', () => add('view', 'v', 'COMMIT'), /no CREATE VIEW/],
  [
    'ROLLBACK behind an index',
    () => add('index', 'i', 'CREATE INDEX i ON anime (code); ROLLBACK', 'anime'),
    /more than one statement/,
  ],
  ['a PRAGMA', () => add('table', 'p', 'PRAGMA writable_schema = ON'), /no CREATE TABLE/],
  ['VACUUM INTO', () => add('view', 'v', `VACUUM INTO '${directory}/data/copy.db'`), /no CREATE VIEW/],
  [
    'a comment before it',
    () => add('view', 'v', '/* CREATE VIEW v AS */ DELETE FROM anime'),
    /no CREATE VIEW/,
  ],
  [
    'a comment that hides the rest',
    () => add('view', 'v', 'CREATE VIEW v AS SELECT 1 --\n; DROP TABLE anime'),
    /more than one statement/,
  ],
  [
    'a comment without an end',
    () => add('view', 'v', 'CREATE VIEW v AS SELECT 1 /* ; DROP TABLE anime'),
    'harmless',
  ],
  ['a NUL in the SQL', () => add('view', 'v', 'CREATE VIEW v AS SELECT 1\0; DROP TABLE anime'), /NUL/],
  ['a NUL in the name', () => add('view', 'v\0', 'CREATE VIEW v AS SELECT 1'), /no name/],
  ['parameters', () => add('view', 'v', 'CREATE VIEW v AS SELECT ?1'), /parameters/],
  [
    'CREATE TABLE AS SELECT',
    () => add('table', 't', 'CREATE TABLE t AS SELECT * FROM anime'),
    /no CREATE TABLE/,
  ],
  ['CREATE TEMP TABLE', () => add('table', 't', 'CREATE TEMP TABLE t (a)'), /no CREATE TABLE/],
  [
    'CREATE TEMP TRIGGER',
    () => add('trigger', 't', 'CREATE TEMP TRIGGER t AFTER INSERT ON anime BEGIN SELECT 1; END', 'anime'),
    /no CREATE TRIGGER/,
  ],
  ['a table in another database', () => add('table', 't', 'CREATE TABLE temp.t (a)'), /no CREATE TABLE/],
  [
    'a trigger in another database',
    () => add('trigger', 'temp', 'CREATE TRIGGER temp.t AFTER INSERT ON anime BEGIN SELECT 1; END', 'anime'),
    /no CREATE TRIGGER/,
  ],
  [
    'a virtual table of another module',
    () => add('table', 't', 'CREATE VIRTUAL TABLE t USING dbstat(main)'),
    /no CREATE TABLE/,
  ],
  [
    'a module quoted as a text',
    () => add('table', 't', "CREATE VIRTUAL TABLE t USING 'csv'(filename='/etc/passwd')"),
    /no CREATE TABLE/,
  ],
  ['a view as a table', () => add('table', 'v', 'CREATE VIEW v AS SELECT 1'), /no CREATE TABLE/],
  ['another name', () => add('view', 'v', 'CREATE VIEW w AS SELECT 1'), /no CREATE VIEW of this name/],
  [
    'a name of SQLite’s own',
    () => add('table', 'sqlite_evil', 'CREATE TABLE sqlite_evil (a)'),
    /SQLite’s own/,
  ],
  [
    'a name that is there twice',
    () => add('view', 'ANIME', 'CREATE VIEW IF NOT EXISTS ANIME AS SELECT 1'),
    /there twice/,
  ],
  [
    'the same table twice',
    () => add('table', 'anime', 'CREATE TABLE IF NOT EXISTS anime (a)'),
    /there twice/,
  ],
  [
    'an index declared on another table',
    () => add('index', 'i', 'CREATE INDEX i ON anime (code)', 'words_data'),
    /does not make what it declares/,
  ],
  [
    'no SQL',
    () => (s) => void s.objects.push({ type: 'view', name: 'v', table: 'v', sql: null, storage: false }),
    /no SQL/,
  ],
  [
    'a trigger that goes on after its END',
    () =>
      add(
        'trigger',
        't',
        'CREATE TRIGGER t AFTER INSERT ON anime BEGIN SELECT 1; END; DELETE FROM anime; SELECT CASE 1 WHEN 1 THEN 1 END',
        'anime',
      ),
    /more than one statement/,
  ],
  [
    'a trigger that deletes rows as they come',
    () => add('trigger', 't', 'CREATE TRIGGER t AFTER INSERT ON anime BEGIN DELETE FROM anime; END', 'anime'),
    'harmless',
  ],
  [
    'a table called like one of ours that is made by itself',
    () => (s) => void s.tables.push({ ...s.tables[0], name: 'anime2', kind: 'internal' }),
    /anime2/,
  ],
  [
    'a table of ours said to be SQLite’s',
    () => (s) => void Object.assign(s.tables.find((t) => t['name'] === 'anime') ?? {}, { kind: 'internal' }),
    /is not internal/,
  ],
  [
    'a table of ours said to lie behind another',
    () => (s) => void Object.assign(s.tables.find((t) => t['name'] === 'anime') ?? {}, { kind: 'shadow' }),
    /is not shadow/,
  ],
  [
    'load_extension in a view',
    () => add('view', 'v', "CREATE VIEW v AS SELECT load_extension('/tmp/x.so')"),
    'harmless',
  ],
  ['load_extension in a CHECK', () => anime("CHECK (load_extension('/tmp/x.so'))"), /cannot be made/],
  [
    'writefile in an index',
    () => add('index', 'i', `CREATE INDEX i ON anime (writefile('${directory}/data/w', code))`, 'anime'),
    /cannot be made/,
  ],
  [
    'fts3_tokenizer in an index',
    () => add('index', 'i', "CREATE INDEX i ON anime (fts3_tokenizer('simple', x'00'))", 'anime'),
    /cannot be made/,
  ],
  ['an endless view', () => add('view', 'v', `CREATE VIEW v AS ${ENDLESS}`), 'harmless'],
  [
    'an endless trigger',
    () => add('trigger', 't', `CREATE TRIGGER t AFTER INSERT ON anime BEGIN ${ENDLESS}; END`, 'anime'),
    /cannot be made|harmless/,
  ],
  ['an endless CHECK', () => anime(`CHECK ((${ENDLESS}))`), /cannot be made/],
  ['an endless DEFAULT', () => anime(`x DEFAULT ((${ENDLESS}))`), /./],
  [
    'an endless partial index',
    () => add('index', 'i', `CREATE INDEX i ON anime (code) WHERE (${ENDLESS}) > 1`, 'anime'),
    /cannot be made/,
  ],
  ['a CHECK of 600 MB', () => anime(`CHECK (length(${BOMB}) > 0)`), 'harmless'],
  ['a STORED column of 600 MB', () => computed(BOMB, 'STORED'), /too big/],
  [
    'STORED columns that fill the disk',
    () => computed('hex(zeroblob(400000))', 'STORED'),
    /grows beyond \d+ MB, the most for a file of its size/,
  ],
  ['a VIRTUAL column of 600 MB', () => computed(BOMB, 'VIRTUAL'), /too big/],
  [
    'an index over 600 MB',
    () => add('index', 'i', `CREATE INDEX i ON anime (length(${BOMB}))`, 'anime'),
    /too big/,
  ],
  [
    'a deep expression',
    () => add('view', 'v', `CREATE VIEW v AS SELECT ${'('.repeat(5_000)}1${')'.repeat(5_000)}`),
    /cannot be made/,
  ],
  [
    'a huge statement',
    () => add('view', 'v', `CREATE VIEW v AS SELECT '${'x'.repeat(1_100_000)}'`),
    /characters/,
  ],
  [
    'very many objects',
    () => (s) => {
      for (let i = 0; i < 10_001; i += 1) add('view', `v${i}`, `CREATE VIEW v${i} AS SELECT 1`)(s);
    },
    /objects/,
  ],
];

test.each(FORGED)('%s', async (_, change, expected) => {
  const path = join(directory, 'forged.json');
  writeFileSync(path, forge(change()));
  const verdict = await verifyFile(path, 'document');
  const said = verdict.problems.join('; ') || 'harmless';
  expect(said).toMatch(expected === 'harmless' ? /^harmless$/ : expected);
  expect(state()).toBe(before);
});
