/**
 * What a database lacks of the bot's own schema (own-tables.ts). A dropped table, a lost key or a
 * renamed column breaks no page, so no check of SQLite finds it. A database of an older version
 * lacks nothing: a migration adds the rest.
 */
import type { Database } from './database.ts';
import { existingNames, existingTables, recordedVersions } from './existing-schema.ts';
import { migrations } from './migrations/all-migrations.ts';
import type { ExistingTables } from './migrations/migration.ts';
import { existingKeys, type Keys, lostKeys, ownKeys } from './own-keys.ts';
import { ownSchema } from './own-tables.ts';
import { versionMade } from './version-made.ts';

/** What is gone, in words; `tables` has each table of it once. */
export interface Lack {
  readonly findings: readonly string[];
  readonly tables: readonly string[];
  /** SQL that repairs it and loses nothing; undefined where only a backup has it. */
  readonly mend?: string | undefined;
}

/**
 * Missing tables and columns, and missing rows of `schema_migrations`. A database with the tables
 * of a step went through it, whatever the record says: it is no old bot's, and nobody can do the
 * step again.
 * @param versions the rows of `schema_migrations`, in order; undefined where it is missing, or
 * another program's
 * @param parts undefined: not looked at
 */
export function lackOfAll(
  found: ExistingTables,
  versions: readonly number[] | undefined,
  parts?: ExistingParts,
): Lack | undefined {
  const last = versions?.at(-1) ?? 0;
  if (last > migrations.length) return undefined;
  const until = Math.max(last, versionMade(found, last));
  const gone = migrations.slice(0, until).filter(({ version }) => !versions?.includes(version));
  const rest = withTriggers(lackOf(found, until, parts?.keys), until, parts?.names);
  if (gone.length === 0) return rest;
  const isThere = found.has('schema_migrations');
  const columns = RECORD_COLUMNS.filter((name) => found.get('schema_migrations')?.has(name) !== true);
  const finding =
    versions !== undefined
      ? `table schema_migrations has no row of version${gone.length > 1 ? 's' : ''} ${gone.map(({ version }) => version).join(', ')}`
      : isThere
        ? `table schema_migrations lacks column${columns.length > 1 ? 's' : ''} ${columns.join(', ')}`
        : 'table schema_migrations is missing';
  const rows = gone.map(({ version, name }) => `(${version}, '${name}', datetime('now'))`);
  const mend = [
    ...(isThere ? [] : [LEDGER.replace(/\s+/g, ' ')]),
    `INSERT INTO schema_migrations (version, name, applied_at) VALUES ${rows.join(', ')}`,
  ];
  return {
    findings: [finding, ...(rest?.findings ?? [])],
    tables: ['schema_migrations', ...(rest?.tables ?? [])],
    mend: rest === undefined && (versions !== undefined || !isThere) ? mend.join('; ') : undefined,
  };
}

/**
 * Without its triggers the search misses later additions. Triggers of a missing table come back
 * with it.
 */
function withTriggers(
  lack: Lack | undefined,
  version: number,
  triggers: ReadonlySet<string> | undefined,
): Lack | undefined {
  const own = migrations.slice(0, version).flatMap(({ up }) => up(new Map()));
  const gone = own.flatMap((text) => {
    const [, name, table] = /^CREATE TRIGGER (\w+) [^\n]* ON (\w+) /.exec(text) ?? [];
    const isGone = name !== undefined && table !== undefined && triggers?.has(name) === false;
    return isGone && lack?.tables.includes(table) !== true ? [{ name, text }] : [];
  });
  if (gone.length === 0) return lack;
  return {
    findings: [...(lack?.findings ?? []), ...gone.map(({ name }) => `trigger ${name} is missing`)],
    tables: lack?.tables ?? [],
    mend:
      lack === undefined
        ? [...gone.map(({ text }) => text.replace(/\s+/g, ' ')), ...SEARCH_ANEW].join('; ')
        : undefined,
  };
}

/** All our triggers keep the search index. */
const SEARCH_ANEW = [
  "INSERT INTO anime_words (anime_words) VALUES ('rebuild')",
  "INSERT INTO anime_grams (anime_grams) VALUES ('rebuild')",
  'INSERT OR IGNORE INTO anime_stale (anime_id) SELECT id FROM anime',
];

/** What belongs to tables. */
export interface ExistingParts {
  /** Of triggers at least, in lower case. */
  readonly names: ReadonlySet<string>;
  readonly keys: Keys;
}

/**
 * Names in lower case. Undefined: nothing is missing. A newer program's schema is not judged: it
 * may have dropped something.
 */
export function lackOf(found: ExistingTables, version: number, keys?: Keys): Lack | undefined {
  if (version > migrations.length) return undefined;
  const findings: string[] = [];
  const tables: string[] = [];
  for (const [table, columns] of ownSchema(version).tables) {
    const known = found.get(table);
    const gone = columns.filter(({ name }) => known?.has(name) === false).map(({ name }) => name);
    if (known !== undefined && gone.length === 0) continue;
    tables.push(table);
    const renamed = known === undefined ? newNameOf(table, { found, keys }, version) : undefined;
    findings.push(
      known === undefined
        ? renamed === undefined
          ? `table ${table} is missing`
          : `table ${table} is missing (${renamed} has its columns)`
        : `table ${table} lacks column${gone.length > 1 ? 's' : ''} ${gone.join(', ')}`,
    );
  }
  const there = (table: string): boolean => found.has(table) && !tables.includes(table);
  const lost = keys === undefined ? [] : lostKeys(keys, there, version);
  findings.push(...lost.map(({ finding }) => finding));
  tables.push(...lost.map(({ table }) => table));
  return findings.length === 0 ? undefined : { findings, tables };
}

/** The one table of nobody's that is ours but for its name: somebody renamed it. */
function newNameOf(
  table: string,
  { found, keys }: { readonly found: ExistingTables; readonly keys: Keys | undefined },
  version: number,
): string | undefined {
  const { tables, virtual } = ownSchema(version);
  if (virtual.has(table) || keys === undefined) return undefined;
  const columns = tables.get(table) ?? [];
  const wanted = ownKeys(version).get(table) ?? new Set();
  const candidates = [...found].filter(
    ([name, known]) =>
      !tables.has(name) &&
      /^[a-z_]\w*$/.test(name) &&
      known.size === columns.length &&
      columns.every((column) => known.has(column.name)) &&
      [...wanted].every((key) => keys.get(name)?.has(key) === true),
  );
  return candidates.length === 1 ? candidates[0]?.[0] : undefined;
}

/**
 * For a list of tables alone, which may be another program's: it counts as ours when it has at
 * least half of our tables.
 */
export function lackOfTables(names: readonly string[], version: number | null): Lack | undefined {
  const { tables, virtual } = ownSchema(version ?? 0);
  const found = new Set(names.map((name) => name.toLowerCase()));
  const own = [...tables.keys()].filter((name) => !virtual.has(name));
  if (own.filter((name) => found.has(name)).length * 2 < own.length) return undefined;
  const known = [...tables].filter(([name]) => virtual.has(name) || found.has(name));
  return lackOf(
    new Map(known.map(([name, columns]) => [name, new Set(columns.map((one) => one.name))])),
    version ?? 0,
  );
}

/**
 * The newest step's statements that make a table of ours, with columns, indexes and triggers; none
 * for a table of others.
 */
export function makeTable(name: string): string[] {
  const own = new RegExp(
    `^(CREATE TABLE|ALTER TABLE|CREATE (UNIQUE )?INDEX \\w+ ON|CREATE TRIGGER \\w+ (AFTER|BEFORE) [^\\n]+ ON) ${name}\\b`,
  );
  return migrations.flatMap(({ up }) => up(new Map())).filter((text) => own.test(text));
}

/**
 * Statements of those indexes of ours that are gone, by name. They hold no rows of their own: made
 * again, nothing is lost.
 */
export function goneIndexes(found: ExistingTables, names: ReadonlySet<string>): ReadonlyMap<string, string> {
  const gone = migrations
    .flatMap(({ up }) => up(new Map()))
    .flatMap((text): [string, string][] => {
      const [, name = '', table = ''] = /^CREATE (?:UNIQUE )?INDEX (\w+) ON (\w+)/.exec(text) ?? [];
      return found.has(table) && !names.has(name) ? [[name, text]] : [];
    });
  return new Map(gone);
}

export const LEDGER = `CREATE TABLE schema_migrations (
  version INTEGER PRIMARY KEY,
  name TEXT NOT NULL,
  applied_at TEXT NOT NULL
)`;
const RECORD_COLUMNS = ['version', 'name', 'applied_at'];

/** Another program may keep a table of migrations, too. */
export function hasOwnLedger(found: ExistingTables): boolean {
  const record = found.get('schema_migrations');
  return RECORD_COLUMNS.every((name) => record?.has(name));
}

export async function lackNow(db: Database): Promise<Lack | undefined> {
  const { lack, isRecorded } = await judge(db);
  if (lack !== undefined || isRecorded) return lack;
  return { findings: ['table schema_migrations is missing'], tables: ['schema_migrations'] };
}

/** The same of a database that may be another program's, which lacks nothing of ours. */
export async function lackOfOurs(db: Database): Promise<Lack | undefined> {
  return (await judge(db)).lack;
}

async function judge(
  db: Database,
): Promise<{ readonly lack: Lack | undefined; readonly isRecorded: boolean }> {
  const [found, names, keys] = await db.read([existingTables, existingNames, existingKeys]);
  const isRecorded = hasOwnLedger(found);
  const [versions] = isRecorded ? await db.read([recordedVersions]) : [undefined];
  return { lack: lackOfAll(found, versions, { names, keys }), isRecorded };
}
