/**
 * The contents of an old file, object by object, and what of them is the old bot's, a stranger's,
 * or in the way.
 */
import { all, type Database, sql } from '../db/database.ts';
import { DatabaseUnfit } from '../db/database-unfit.ts';
import type { Row } from '../db/row.ts';
import { hexOf, textOfHex } from '../lib/hex-text.ts';
import { tokenizeSql } from '../lib/sql-tokens.ts';
import { moduleOf, shadowsOf, tableOptions } from '../lib/table-sql.ts';
import { isOurName, OLD_TABLES, type OldTable, type OurSchema } from './our-schema.ts';

export interface OldObject {
  readonly type: string;
  readonly name: string;
  readonly tableName: string;
  readonly sql: string | null;
}

export interface OldTableInfo {
  /** The file's spelling. */
  readonly name: string;
  readonly sql: string;
  /**
   * By lower-case name: the file's spelling. Without generated columns, which follow from the
   * others.
   */
  readonly columns: ReadonlyMap<string, string>;
  /** Its rowid is data: no column carries it. */
  readonly hasHiddenRowid: boolean;
  /** Lower-case names of the tables that its foreign keys point to. */
  readonly parents: ReadonlySet<string>;
  /** The next number of an AUTOINCREMENT table is above this. */
  readonly sequence: bigint | undefined;
  readonly isVirtual: boolean;
}

export interface OldSchema {
  readonly objects: readonly OldObject[];
  /** By lower-case name, without the tables behind virtual ones. */
  readonly tables: ReadonlyMap<string, OldTableInfo>;
  /** The old bot's own tables. */
  readonly ours: ReadonlyMap<OldTable, OldTableInfo>;
}

/**
 * A row of these tables is nothing without these columns. The first three tables are the catalogue
 * and its viewers: without them there is no bot.
 */
const KEYS: Readonly<Record<OldTable, readonly string[]>> = {
  users: ['user_id'],
  anime: ['code'],
  anime_parts: ['anime_code', 'file_id'],
  groups: ['group_id'],
  anime_groups: ['anime_code', 'group_id'],
  mandatory_channels: ['channel_id'],
  user_history: ['user_id'],
};
const VITAL: readonly OldTable[] = ['users', 'anime', 'anime_parts'];

const NOT_OURS = `name NOT LIKE 'sqlite\\_%' ESCAPE '\\'`;
/**
 * @throws {@link DatabaseUnfit} for another program's file, or one that lacks a table the bot needs
 */
export async function readOldSchema(db: Database, our: OurSchema): Promise<OldSchema> {
  const [objects, columns, parents] = await db.read([
    all(
      sql(
        `SELECT type, ${hexOf('name')} AS name, ${hexOf('tbl_name')} AS "table", ${hexOf('sql')} AS "sql" FROM sqlite_schema WHERE ${NOT_OURS}`,
      ),
      (row): OldObject => ({
        type: row.text('type'),
        name: plain(row, 'name'),
        tableName: plain(row, 'table'),
        sql: plain(row, 'sql') || null,
      }),
    ),
    all(
      sql(
        `SELECT ${hexOf('t.name')} AS "table", ${hexOf('c.name')} AS name, ${hexOf('c.type')} AS type, c.pk AS pk, c.hidden AS hidden
         FROM sqlite_schema AS t, pragma_table_xinfo(t.name) AS c
         WHERE t.type = 'table' AND t.${NOT_OURS} AND t.sql NOT LIKE 'CREATE VIRTUAL%'`,
      ),
      (row) => ({
        table: plain(row, 'table'),
        name: plain(row, 'name'),
        type: plain(row, 'type'),
        primaryKey: row.int('pk'),
        isGenerated: row.int('hidden') !== 0,
      }),
    ),
    all(
      sql(
        `SELECT ${hexOf('t.name')} AS "table", ${hexOf('f."table"')} AS parent
         FROM sqlite_schema AS t, pragma_foreign_key_list(t.name) AS f WHERE t.type = 'table'`,
      ),
      (row) => ({ table: plain(row, 'table'), parent: plain(row, 'parent').toLowerCase() }),
    ),
  ]);
  const sequences = await readSequences(db);
  const tables = new Map<string, OldTableInfo>();
  const shadows = shadowsOf(objects);
  for (const { type, name, sql: text } of objects) {
    if (type !== 'table' || text === null || shadows.has(name.toLowerCase())) continue;
    const tokens = tokenizeSql(text);
    const isVirtual = moduleOf(tokens) !== undefined;
    const own = columns.filter(({ table }) => table === name);
    const key = own.filter(({ primaryKey }) => primaryKey > 0);
    const isAlias = key.length === 1 && key[0]?.type.toUpperCase() === 'INTEGER';
    tables.set(name.toLowerCase(), {
      name,
      sql: text,
      columns: new Map(
        own.filter(({ isGenerated }) => !isGenerated).map((one) => [one.name.toLowerCase(), one.name]),
      ),
      hasHiddenRowid:
        !tableOptions(tokens).withoutRowid &&
        !isAlias &&
        !own.some((one) => one.name.toLowerCase() === 'rowid'),
      parents: new Set(parents.filter(({ table }) => table === name).map(({ parent }) => parent)),
      sequence: sequences.get(name),
      isVirtual,
    });
  }
  return { objects, tables, ours: oldBots(tables, our) };
}

function oldBots(
  tables: ReadonlyMap<string, OldTableInfo>,
  our: OurSchema,
): ReadonlyMap<OldTable, OldTableInfo> {
  const ours = new Map<OldTable, OldTableInfo>();
  for (const name of OLD_TABLES) {
    const table = tables.get(name);
    if (table !== undefined && lacks(name, table).length === 0 && isOurName(our, name)) ours.set(name, table);
  }
  const found = [...tables.values()].map(({ name }) => name);
  if (ours.size === 0)
    throw new DatabaseUnfit(
      `the database holds nothing of this bot, only ${listed(found)}: set DATABASE_URL to another file for a new database; rows of another bot come in by "npm run backup -- import"`,
    );
  for (const name of VITAL) {
    const table = tables.get(name);
    const missing = table === undefined ? [] : lacks(name, table);
    if (table === undefined || missing.length === 0) continue;
    throw new DatabaseUnfit(
      `the database cannot be taken over: its table ${table.name} has no column ${missing.join(' and no ')} (it has ${[...table.columns.values()].join(', ')}), and ${
        name === 'users' ? 'Telegram ids' : 'such values'
      } cannot be guessed: set DATABASE_URL to a new file, and bring the rows in by "npm run backup -- import"`,
    );
  }
  return ours;
}

function lacks(name: OldTable, { columns }: OldTableInfo): string[] {
  return KEYS[name].filter((column) => !columns.has(column));
}

/** Numbers beyond 2^52 are no positions: the next row would get none. */
async function readSequences(db: Database): Promise<Map<string, bigint>> {
  const [[table]] = await db.read([
    all(sql(`SELECT 1 AS one FROM sqlite_schema WHERE name = 'sqlite_sequence'`), (row) => row.int('one')),
  ]);
  if (table === undefined) return new Map();
  const [found] = await db.read([
    all(
      sql(
        `SELECT ${hexOf('name')} AS name, seq FROM sqlite_sequence WHERE typeof(seq) = 'integer' AND seq BETWEEN 1 AND 4503599627370496`,
      ),
      (row) => [plain(row, 'name'), BigInt(row.int('seq'))] as const,
    ),
  ]);
  return new Map(found);
}

function plain(row: Row, column: string): string {
  return textOfHex(row.text(column));
}

/** The first ten. */
function listed(names: readonly string[]): string {
  if (names.length === 0) return 'no table';
  const shown = names.slice(0, 10).map((name) => JSON.stringify(name));
  const more = names.length - shown.length;
  return `the tables ${shown.join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}
