/** Whether a server's database can carry the bot. Node only: setup has proved a Worker's. */
import { explain } from '../lib/clock.ts';
import { always, type Database, DatabaseUnavailable, sql, sureRow } from './database.ts';
import { DatabaseUnfit } from './database-unfit.ts';

/**
 * `octet_length` came with 3.43, `unixepoch('subsec')` with 3.42, RETURNING with 3.35
 * (sqlite.org/changes.html).
 */
const LEAST_SQLITE = '3.43';
/** What to do about an older one. */
export const OLD_SQLITE = `the bot needs SQLite ${LEAST_SQLITE} or newer: upgrade the server, or make the database with another provider`;

/**
 * All of {@link requireFit}, and of {@link requireWritable} when asked. It also puts into words
 * that a server does not answer or refuses the token.
 * @throws DatabaseUnfit
 */
export async function requireFitServer(
  db: Database,
  { url, isTried }: { readonly url: string; readonly isTried: boolean },
): Promise<void> {
  try {
    await requireFit(db);
    if (isTried) await requireWritable(db);
  } catch (error) {
    if (error instanceof DatabaseUnfit)
      throw new DatabaseUnfit(`DATABASE_URL: ${error.message}`, { cause: error.cause });
    const { host } = new URL(url.replace(/^libsql:/, 'https:'));
    const words = explain(error);
    throw new DatabaseUnfit(
      /\b40[13]\b|unauthori[sz]ed/i.test(words)
        ? `DATABASE_AUTH_TOKEN: ${host} refuses this token; make a new one`
        : `DATABASE_URL: ${host} does not answer as a libSQL server (${oneLine(words)}): check the address and the network`,
      { cause: error },
    );
  }
}

function oneLine(words: string): string {
  return words.replaceAll(/\s+/g, ' ').slice(0, 200);
}

/**
 * Only reads, so every start may ask. @throws DatabaseUnfit, or the database's error when it did
 * not answer
 */
async function requireFit(db: Database): Promise<void> {
  const [version] = await db.read([
    always(sql('SELECT sqlite_version() AS version'), (row) => row.text('version')),
  ]);
  if (!isAtLeast(version, LEAST_SQLITE))
    throw new DatabaseUnfit(`the database server runs SQLite ${version}: ${OLD_SQLITE}`);
  for (const [expression, name] of NEEDED)
    await db
      .read([always(sql(`SELECT ${expression} IS NOT NULL AS has`), (row) => row.bool('has'))])
      .then(([has]) => {
        if (!has) throw new DatabaseUnfit(lacks(name));
      })
      .catch(unfit(name));
}

const FTS5 = 'FTS5';
const NEEDED: readonly (readonly [expression: string, name: string])[] = [
  ['fts5_source_id()', FTS5],
  ["unixepoch('subsec')", "unixepoch('subsec')"],
  ["octet_length('a')", 'octet_length'],
];

/**
 * Makes a table of words, writes, reads by RETURNING and takes everything back, in one transaction.
 * @throws as {@link requireFit}
 */
async function requireWritable(db: Database): Promise<void> {
  const table = 'anime_bot_probe';
  const results = await db
    .write([
      sql(`CREATE VIRTUAL TABLE ${table} USING fts5(words)`),
      sql(`INSERT INTO ${table} (words) VALUES ('naruto shippuden') RETURNING rowid AS id`),
      sql(`SELECT count(*) AS n FROM ${table} WHERE ${table} MATCH 'naruto'`),
      sql(`DROP TABLE ${table}`),
    ])
    .catch(unfit(undefined));
  if (results[1]?.rows.length !== 1) throw new DatabaseUnfit(lacks('RETURNING'));
  if (sureRow(results[2]?.rows).int('n') !== 1) throw new DatabaseUnfit(lacks(FTS5));
}

function unfit(name: string | undefined): (error: unknown) => never {
  return (error) => {
    if (error instanceof DatabaseUnavailable || error instanceof DatabaseUnfit) throw error;
    const words = oneLine(explain(error));
    if (name !== undefined || /fts5/i.test(words))
      throw new DatabaseUnfit(lacks(name ?? FTS5), { cause: error });
    throw new DatabaseUnfit(`the database cannot be written (${words}): make a token that may write`, {
      cause: error,
    });
  };
}

function lacks(name: string): string {
  return name === FTS5
    ? 'the database has no FTS5, which search needs: one made with `turso db create --tursodb` has none, one made without that option has it'
    : `the database has no ${name}, which the bot needs: make it with a server of SQLite ${LEAST_SQLITE} or newer`;
}

function isAtLeast(version: string, least: string): boolean {
  const [a, b] = [version, least].map((text) => text.split('.').map(Number));
  const at = b?.findIndex((part, i) => (a?.[i] ?? 0) !== part) ?? -1;
  return at === -1 || (a?.[at] ?? 0) > (b?.[at] ?? 0);
}
