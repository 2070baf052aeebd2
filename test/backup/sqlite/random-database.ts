/**
 * Random databases: schemas and contents that reach into the corners of the file format. The same
 * seed gives the same one.
 */
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { quoteName } from '../../support/sqlite-source.ts';
import { type Random, randomKey, randomRowid, randomValue } from './random-values.ts';

interface RandomTable {
  readonly name: string;
  /** Columns a row may be inserted into. */
  readonly columns: string[];
  readonly hasRowid: boolean;
  readonly strict: boolean;
  /** Columns were added by ALTER TABLE. */
  altered: boolean;
}

const NAMES = [
  't',
  'select',
  'a"b',
  "it's",
  'x y',
  '[br]',
  'ўзбек',
  'naruto',
  '`tick`',
  'semi;colon',
  'group',
  'p(1), q',
];
const TYPES = [
  'INTEGER',
  'INT',
  'TEXT',
  'REAL',
  'BLOB',
  '',
  'NUMERIC',
  'DOUBLE PRECISION',
  'FLOATING POINT',
  'VARCHAR(10)',
  'ANY',
  'TEXT REAL',
  'REAL BLOB',
  'float',
  'DATETIME',
];
const STRICT_TYPES = ['INT', 'INTEGER', 'REAL', 'TEXT', 'BLOB', 'ANY'];
const COLLATIONS = ['BINARY', 'NOCASE', 'RTRIM'];

export function fillRandomDatabase(db: DatabaseSync, random: Random): RandomTable[] {
  const tables: RandomTable[] = [];
  const count = 1 + random.int(3);
  for (let at = 0; at < count; at += 1) {
    const table = createTable(db, random, `${random.pick(NAMES)}${at}`);
    tables.push(table);
    const rows = random.chance(0.1) ? 0 : random.chance(0.02) ? 400 + random.int(1200) : random.int(40);
    insertRows(db, random, table, rows);
    for (let index = random.int(4); index > 0; index -= 1) createIndex(db, random, table, `i${at}_${index}`);
    if (random.chance(0.3)) alterTable(db, random, table);
    if (random.chance(0.3)) deleteRows(db, random, table);
    if (random.chance(0.3)) insertRows(db, random, table, random.int(20));
  }
  if (random.chance(0.2)) createFullText(db, random);
  if (random.chance(0.2))
    db.exec(`CREATE VIEW ${quoteName("v'iew")} AS SELECT * FROM ${quoteName(tables[0]?.name ?? '')}`);
  if (random.chance(0.2)) {
    db.exec(
      `CREATE TRIGGER "tr;1" AFTER DELETE ON ${quoteName(tables[0]?.name ?? '')} BEGIN SELECT 'END;'; END`,
    );
  }
  if (random.chance(0.1)) db.exec('ANALYZE');
  if (random.chance(0.3)) db.exec(`PRAGMA user_version = ${random.int(2 ** 32) - 2 ** 31}`);
  if (random.chance(0.3)) db.exec(`PRAGMA application_id = ${random.int(2 ** 32) - 2 ** 31}`);
  return tables;
}

export function insertRows(db: DatabaseSync, random: Random, table: RandomTable, rows: number): void {
  const columns = table.columns.slice();
  if (table.hasRowid && random.chance(0.3)) columns.unshift('rowid');
  const scale =
    rows > 100 ? 'small' : random.chance(0.02) ? 'huge' : random.chance(0.15) ? 'large' : 'medium';
  const into = `${quoteName(table.name)} (${columns.map(quoteName).join(', ')})`;
  const statements = new Map<string, StatementSync>();
  const insert = (marks: string) => {
    const statement = statements.get(marks) ?? db.prepare(`INSERT OR IGNORE INTO ${into} VALUES (${marks})`);
    statements.set(marks, statement);
    return statement;
  };
  db.exec('BEGIN');
  for (let row = 0; row < (scale === 'small' || scale === 'medium' ? rows : Math.min(rows, 12)); row += 1) {
    const values = columns.map((name) =>
      name === 'rowid' ? randomRowid(random) : name === 'id' ? randomKey(random) : randomValue(random, scale),
    );
    // CAST AS TEXT is how text that is not UTF-8 gets in.
    const marks = values.map((value) =>
      value instanceof Uint8Array && random.chance(0.3) ? 'CAST(? AS TEXT)' : '?',
    );
    try {
      insert(marks.join(', ')).run(...values);
    } catch (error) {
      // A wrong type for a STRICT column or a rowid: that row stays out.
      if (!table.strict && !/datatype mismatch/.test(String(error))) throw error;
    }
  }
  db.exec('COMMIT');
}

export function deleteRows(db: DatabaseSync, random: Random, table: RandomTable): void {
  const column = quoteName(random.pick(table.columns));
  db.exec(
    `DELETE FROM ${quoteName(table.name)} WHERE length(CAST(${column} AS BLOB)) % 3 = ${random.int(3)}`,
  );
}

function createTable(db: DatabaseSync, random: Random, name: string): RandomTable {
  const strict = random.chance(0.2);
  const withoutRowid = random.chance(0.3);
  const types = strict ? STRICT_TYPES : TYPES;
  const width = random.chance(0.01) ? 60 + random.int(140) : 1 + random.int(6);
  const columns: string[] = [];
  const definitions: string[] = [];
  for (let at = 0; at < width; at += 1) {
    const column = random.chance(0.2) ? `${random.pick(NAMES)} ${at}` : `c${at}`;
    columns.push(column);
    const collate = random.chance(0.2) ? ` COLLATE ${random.pick(COLLATIONS)}` : '';
    const unique = random.chance(width > 10 ? 0.01 : 0.08) ? ' UNIQUE' : '';
    definitions.push(`${quoteName(column)} ${random.pick(types)}${collate}${unique}`);
  }
  const constraints: string[] = [];
  if (withoutRowid) constraints.push(`PRIMARY KEY(${keyTerms(random, columns)})`);
  else if (random.chance(0.2)) constraints.push(`PRIMARY KEY(${keyTerms(random, columns)})`);
  else if (random.chance(0.5)) {
    const suffix = random.chance(0.3) ? ' AUTOINCREMENT' : random.chance(0.2) ? ' DESC' : '';
    definitions.splice(random.int(definitions.length + 1), 0, `id INTEGER PRIMARY KEY${suffix}`);
    columns.push('id');
  }
  if (random.chance(0.15)) constraints.push(`UNIQUE(${keyTerms(random, columns)})`);
  for (let at = 0; at < 2; at += 1) {
    if (!random.chance(0.2)) continue;
    const kind = random.pick(['VIRTUAL', 'STORED']);
    const expression = random.pick([
      `typeof(${quoteName(columns[0] ?? '')})`,
      `${quoteName(columns[0] ?? '')}`,
    ]);
    const definition = `g${at} ${strict ? 'ANY' : random.pick(types)} GENERATED ALWAYS AS (${expression}) ${kind}`;
    definitions.splice(random.int(definitions.length + 1), 0, definition);
  }
  const options = [withoutRowid ? 'WITHOUT ROWID' : '', strict ? 'STRICT' : ''].filter(
    (option) => option !== '',
  );
  db.exec(
    `CREATE TABLE ${quoteName(name)}(${[...definitions, ...constraints].join(', ')}) ${options.join(', ')}`,
  );
  return { name, columns, hasRowid: !withoutRowid, strict, altered: false };
}

function keyTerms(random: Random, columns: readonly string[]): string {
  const terms = Array.from({ length: 1 + random.int(3) }, () => {
    const collate = random.chance(0.3) ? ` COLLATE ${random.pick(COLLATIONS)}` : '';
    return `${quoteName(random.pick(columns))}${collate}${random.chance(0.3) ? ' DESC' : ''}`;
  });
  return terms.join(', ');
}

function createIndex(db: DatabaseSync, random: Random, table: RandomTable, name: string): void {
  const column = () => quoteName(random.pick(table.columns));
  const expression = () =>
    random.pick([
      `length(${column()})`,
      `lower(${column()})`,
      `${column()} || 'x, y)'`,
      `typeof(${column()})`,
      `CAST(${column()} AS REAL)`,
      `(${column()} + 1)`,
    ]);
  const terms = Array.from({ length: 1 + random.int(3) }, () => {
    const term = random.chance(0.2) ? expression() : column();
    const collate = random.chance(0.3) ? ` COLLATE ${random.pick(COLLATIONS)}` : '';
    return `${term}${collate}${random.chance(0.3) ? ' DESC' : ''}`;
  });
  const where = random.chance(0.2) ? ` WHERE ${column()} ${random.pick(['IS NOT 7', "> 'm'", '> 0'])}` : '';
  const unique = random.chance(0.15) ? 'UNIQUE ' : '';
  try {
    db.exec(
      `CREATE ${unique}INDEX ${quoteName(name)} ON ${quoteName(table.name)}(${terms.join(', ')})${where}`,
    );
  } catch (error) {
    // Duplicates that forbid a unique index.
    if (unique === '') throw error;
  }
}

function alterTable(db: DatabaseSync, random: Random, table: RandomTable): void {
  const type = random.pick(table.strict ? STRICT_TYPES : TYPES);
  const value = random.pick(['', ` DEFAULT ${type === 'BLOB' ? "x'00'" : type === 'TEXT' ? "'d'" : '7'}`]);
  db.exec(`ALTER TABLE ${quoteName(table.name)} ADD COLUMN added ${type}${value}`);
  table.columns.push('added');
  table.altered = true;
  if (random.chance(0.3)) {
    db.exec(`ALTER TABLE ${quoteName(table.name)} ADD COLUMN virtual_later ANY AS (added) VIRTUAL`);
    db.exec(`ALTER TABLE ${quoteName(table.name)} ADD COLUMN later ANY`);
    table.columns.push('later');
  }
}

function createFullText(db: DatabaseSync, random: Random): void {
  const options = random.pick(['', ", content=''", ", prefix='2 3'", ", tokenize='trigram'"]);
  db.exec(`CREATE VIRTUAL TABLE search USING fts5(title, body${options})`);
  const words = ['naruto', 'boruto', "o'lim", 'daftari', 'наруто', 'ўлим', 'one', 'piece'];
  const statement = db.prepare('INSERT INTO search(rowid, title, body) VALUES (?, ?, ?)');
  const rows = random.chance(0.1) ? 500 : random.int(30);
  db.exec('BEGIN');
  for (let row = 1; row <= rows; row += 1) {
    const text = () => Array.from({ length: random.int(12) }, () => random.pick(words)).join(' ');
    statement.run(row, text(), text());
  }
  db.exec('COMMIT');
}
