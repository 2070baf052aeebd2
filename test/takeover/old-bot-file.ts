/** Old databases for tests: the Python bot's file, and what people and other programs did to it. */
import { DatabaseSync } from 'node:sqlite';
import { all, type Database, sql } from '../../src/db/database.ts';

/** As the old bot made them. */
const TABLES = {
  users:
    'CREATE TABLE users (user_id INTEGER PRIMARY KEY, username TEXT, first_name TEXT, last_name TEXT, created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP, last_seen TIMESTAMP DEFAULT CURRENT_TIMESTAMP)',
  anime:
    'CREATE TABLE anime (id INTEGER PRIMARY KEY AUTOINCREMENT, code INTEGER UNIQUE NOT NULL, description TEXT, photo_id TEXT, created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP, updated_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP)',
  anime_parts:
    'CREATE TABLE anime_parts (id INTEGER PRIMARY KEY AUTOINCREMENT, anime_code INTEGER NOT NULL, part_number INTEGER NOT NULL, file_id TEXT NOT NULL, created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP, FOREIGN KEY (anime_code) REFERENCES anime(code), UNIQUE(anime_code, part_number))',
  groups:
    'CREATE TABLE groups (id INTEGER PRIMARY KEY AUTOINCREMENT, group_id INTEGER UNIQUE NOT NULL, link TEXT, name TEXT NOT NULL, created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP)',
  anime_groups:
    'CREATE TABLE anime_groups (id INTEGER PRIMARY KEY AUTOINCREMENT, anime_code INTEGER NOT NULL, group_id INTEGER NOT NULL, added_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP, FOREIGN KEY (anime_code) REFERENCES anime(code), FOREIGN KEY (group_id) REFERENCES groups(id), UNIQUE(anime_code, group_id))',
  mandatory_channels:
    'CREATE TABLE mandatory_channels (id INTEGER PRIMARY KEY AUTOINCREMENT, channel_id TEXT UNIQUE NOT NULL, link TEXT, name TEXT NOT NULL, created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP)',
  user_history:
    'CREATE TABLE user_history (id INTEGER PRIMARY KEY AUTOINCREMENT, user_id INTEGER NOT NULL, anime_code INTEGER, part_number INTEGER, viewed_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP, FOREIGN KEY (user_id) REFERENCES users(user_id))',
};
type Table = keyof typeof TABLES;

/** No constraint of the old bot holds. */
export const LOOSE: Readonly<Record<Table, string>> = Object.fromEntries(
  Object.entries(TABLES).map(([name, text]) => [
    name,
    text
      .replaceAll(/,\s*UNIQUE\([^)]*\)/g, '')
      .replaceAll(/ (UNIQUE )?NOT NULL/g, '')
      .replaceAll(' UNIQUE', ''),
  ]),
) as Record<Table, string>;

export interface OldFile {
  /** SQL of tables in place of the old bot's; null for one that is not there. */
  readonly tables?: Readonly<Partial<Record<Table, string | null>>>;
  /** Before any table is made. */
  readonly first?: string;
  /** After three anime of two parts, two viewers, a group, a channel and a view. */
  readonly more?: string;
}

const ROWS: readonly (readonly [Table, Readonly<Record<string, string>>])[] = [
  ['users', { user_id: '501', username: "'u1'", first_name: "'Ism1'", created_at: "'2025-01-01 10:00:00'" }],
  ['users', { user_id: '502', username: "'u2'", first_name: "'Ism2'", created_at: "'2025-01-02 10:00:00'" }],
  ['anime', { code: '1', description: "'Naruto'", photo_id: "'P1'" }],
  ['anime', { code: '2', description: "'One Piece'" }],
  ['anime', { code: '7', description: "'Bleach'", photo_id: "'P7'" }],
  ...[1, 2, 7].flatMap((code) =>
    [1, 2].map(
      (part) =>
        [
          'anime_parts',
          { anime_code: `${code}`, part_number: `${part}`, file_id: `'F${code}_${part}'` },
        ] as const,
    ),
  ),
  ['groups', { group_id: '-1001', name: "'G1'" }],
  ['anime_groups', { anime_code: '1', group_id: '1' }],
  ['mandatory_channels', { channel_id: "'-1003'", name: "'C1'" }],
  ['user_history', { user_id: '501', anime_code: '1', part_number: '2', viewed_at: "'2025-03-01 00:00:00'" }],
];

/**
 * Writes the file with Node's SQLite, and closes it: two SQLite libraries in one process must not
 * share one.
 */
export function writeOldFile(path: string, { tables = {}, first = '', more = '' }: OldFile): void {
  const db = new DatabaseSync(path, {
    enableForeignKeyConstraints: false,
    enableDoubleQuotedStringLiterals: true,
  });
  try {
    db.exec(first);
    for (const text of Object.values({ ...TABLES, ...tables })) if (text !== null) db.exec(text);
    for (const [table, values] of ROWS) {
      const columns = db
        .prepare('SELECT name FROM pragma_table_info(?)')
        .all(table)
        .map((row) => String(row['name']));
      const names = Object.keys(values).filter((name) => columns.includes(name));
      if (names.length === 0) continue;
      db.exec(
        `INSERT INTO ${table} (${names.join(', ')}) VALUES (${names.map((n) => values[n]).join(', ')})`,
      );
    }
    db.exec(more);
  } finally {
    db.close();
  }
}

/** Rows by table (lower-case name), counted by Node's SQLite in a file that nobody has open. */
export function countRows(path: string): Map<string, number> {
  const db = new DatabaseSync(path, { readOnly: true });
  try {
    const names = db
      .prepare(
        "SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'",
      )
      .all()
      .map((row) => String(row['name']));
    return new Map(
      names.map((name) => [
        name.toLowerCase(),
        Number(db.prepare(`SELECT COUNT(*) AS n FROM "${name.replaceAll('"', '""')}"`).get()?.['n']),
      ]),
    );
  } finally {
    db.close();
  }
}

/** First column `v` of the answer, as text. */
export async function texts(db: Database, query: string): Promise<string[]> {
  const [found] = await db.read([all(sql(query), (row) => row.textOrNull('v') ?? 'NULL')]);
  return found;
}
