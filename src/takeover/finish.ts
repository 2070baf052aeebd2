/**
 * After a takeover: makes views, triggers and indexes again one by one, and tells what was not
 * taken unchanged.
 */

import { all, type Database, DatabaseUnavailable, type Statement, sql } from '../db/database.ts';
import { existingTables } from '../db/existing-schema.ts';
import { hexOf, textOfHex } from '../lib/hex-text.ts';
import { isWord, quoteName, tokenizeSql } from '../lib/sql-tokens.ts';
import { hugeViews } from '../lib/view-size.ts';
import { isKept, keptTables } from './kept-names.ts';
import { OLD_SCHEMA, OLD_VALUES } from './our-schema.ts';
import { OLD_VALUES_COLUMNS, valuesNote } from './unfit-values.ts';

/** The takeover wrote this down; nobody has dealt with it while it has no `why`. */
interface Kept {
  readonly row: number;
  readonly type: string;
  readonly name: string;
  readonly tableName: string;
  readonly text: string;
  readonly why: string | null;
}

const ORDER = ['index', 'view', 'trigger'] as const;

/**
 * A process that dies here repeats it at its next start. Returns one sentence for each thing that
 * changed.
 */
export async function finish(db: Database): Promise<string[]> {
  if ((await keptObjects(db)).every(({ why }) => why !== null)) return [];
  for (const type of ORDER) {
    const waiting = (await keptObjects(db)).filter((one) => one.why === null && one.type === type);
    const [made] = await db.read([madeViews]);
    const huge = hugeViews([...made, ...waiting.map(({ name, text }) => ({ type, name, sql: text }))]);
    for (const object of waiting)
      if (huge.has(object.name.toLowerCase())) await leave(db, object, 'it is made of too many other views');
      else await remake(db, object, type);
  }
  const kept = await keptObjects(db);
  const notes: string[] = [];
  const cleared: Statement[] = [];
  const [tables] = await db.read([existingTables]);
  for (const { name, tableName, text } of kept.filter(({ type }) => type === 'staged')) {
    const isStaged = /^old_/.test(tableName) && tables.get(tableName.toLowerCase())?.has(text.toLowerCase());
    if (isStaged !== true) continue;
    const refused = await refusals(db, tableName, text);
    for (const { why, count } of refused)
      notes.push(`${name}: ${rows(count)} not taken, ${why} (kept in ${tableName})`);
    if (refused.length === 0) cleared.push(sql(`DROP TABLE ${quoteName(tableName)}`));
  }
  for (const { name, tableName } of kept.filter(({ type }) => type === 'made'))
    notes.push(`${name}: ${rows(Number(tableName))} made, with nothing but the number that other rows name`);
  notes.push(...(await mendedValues(db)));
  for (const { type, name, why } of kept)
    if (why !== null)
      notes.push(`${type} ${name}: ${why}${type === 'column' ? '' : ` (as it was: ${OLD_SCHEMA})`}`);
  cleared.push(
    kept.some(({ why }) => why !== null)
      ? sql(`DELETE FROM ${OLD_SCHEMA} WHERE why IS NULL`)
      : sql(`DROP TABLE ${OLD_SCHEMA}`),
  );
  await db.write(cleared);
  return notes;
}

/** Before a process died in here. */
const madeViews = all(sql(`SELECT name, sql AS "text" FROM sqlite_schema WHERE type = 'view'`), (row) => ({
  type: 'view',
  name: row.text('name'),
  sql: row.text('text'),
}));

function rows(count: number): string {
  return count === 1 ? '1 row' : `${count} rows`;
}

async function keptObjects(db: Database): Promise<Kept[]> {
  const [found] = await db.read([
    all(
      sql(
        `SELECT rowid AS row, ${['type', 'name', 'table_name', 'sql'].map((column) => `${hexOf(column)} AS "${column}"`).join(', ')},
           CASE WHEN why IS NOT NULL THEN ${hexOf('why')} END AS why FROM ${OLD_SCHEMA}`,
      ),
      (row) => {
        const why = row.textOrNull('why');
        return {
          row: row.int('row'),
          type: textOfHex(row.text('type')),
          name: textOfHex(row.text('name')),
          tableName: textOfHex(row.text('table_name')),
          text: textOfHex(row.text('sql')),
          why: why === null ? null : textOfHex(why),
        };
      },
    ),
  ]);
  return found;
}

/**
 * A view that cannot be read, or names missing things, is worse than none: it would stop every
 * later rename of a table.
 */
async function remake(db: Database, object: Kept, type: (typeof ORDER)[number]): Promise<void> {
  const { row, name, text } = object;
  try {
    if (!isCreate(text, type)) throw new Error(`its SQL is no CREATE ${type.toUpperCase()}`);
    await db.write([
      sql(text),
      ...(type === 'view' ? [sql(`SELECT 1 FROM ${quoteName(name)} LIMIT 0`)] : []),
      sql(`DELETE FROM ${OLD_SCHEMA} WHERE rowid = ?`, row),
    ]);
  } catch (error) {
    if (error instanceof DatabaseUnavailable) throw error;
    await leave(
      db,
      object,
      `it cannot be made again: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}

/** The record may be anybody's, brought back by a restore: nothing else of it is run. */
function isCreate(text: string, type: (typeof ORDER)[number]): boolean {
  const [create, second, third] = tokenizeSql(text);
  return isWord(create, 'CREATE') && isWord(isWord(second, 'UNIQUE') ? third : second, type.toUpperCase());
}

async function leave(db: Database, { row }: Kept, why: string): Promise<void> {
  await db.write([sql(`UPDATE ${OLD_SCHEMA} SET why = ? WHERE rowid = ?`, why, row)]);
}

async function refusals(
  db: Database,
  staging: string,
  refused: string,
): Promise<{ why: string; count: number }[]> {
  const why = quoteName(refused);
  const [found] = await db.read([
    all(
      sql(`SELECT ${why} AS why, COUNT(*) AS count FROM ${quoteName(staging)} GROUP BY 1 ORDER BY 1`),
      (row) => ({ why: row.textOrNull('why') ?? '', count: row.int('count') }),
    ),
  ]);
  return found;
}

async function mendedValues(db: Database): Promise<string[]> {
  const [objects] = await db.read([keptTables]);
  if (!isKept(OLD_VALUES, OLD_VALUES_COLUMNS, objects)) return [];
  const [found] = await db.read([
    all(
      sql(
        `SELECT ${hexOf("table_name || '.' || column_name")} AS place, ${hexOf('note')} AS "text", CAST(TOTAL(count) AS INTEGER) AS total
         FROM ${OLD_VALUES} GROUP BY 1, 2 ORDER BY 1, 2`,
      ),
      (row) => valuesNote(textOfHex(row.text('place')), row.int('total'), textOfHex(row.text('text'))),
    ),
  ]);
  return found;
}
