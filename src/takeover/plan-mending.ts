/**
 * A database of ours that somebody edited, or that a restore brought back, may hold values that the
 * bot cannot read: one text that is not UTF-8 ends the process, again after every restart. A value
 * is mended where its row can do without it; otherwise the row is set aside with the rows that
 * depend on it.
 */

import { all, always, type Database, type SqlArg, type Statement, sql } from '../db/database.ts';
import { existingKeys, type Keys, tellsRowsApart } from '../db/own-keys.ts';
import type { Row } from '../db/row.ts';
import { append } from '../lib/extremes.ts';
import { hexOf, textOfHex } from '../lib/hex-text.ts';
import { quoteName } from '../lib/sql-tokens.ts';
import { type KeptObject, keptName, keptTables, makeKept } from './kept-names.ts';
import { OLD_VALUES, type OurColumn, ourSchema } from './our-schema.ts';
import {
  findUnfit,
  keyOf,
  type MendedValue,
  mendStatements,
  OLD_VALUES_COLUMNS,
  suspects,
  valuesNote,
} from './unfit-values.ts';

export interface Mending {
  readonly statements: readonly Statement[];
  /** One sentence for each column with such values. */
  readonly notes: readonly string[];
}

interface Reference {
  readonly child: string;
  readonly from: string;
  readonly parent: string;
  readonly to: string;
}

interface Living {
  /** Every column of each table, ours or not. */
  readonly columns: ReadonlyMap<string, readonly string[]>;
  readonly keys: Keys;
  readonly references: readonly Reference[];
  readonly objects: readonly KeptObject[];
  /** Where old values go. */
  readonly kept: string;
}

/**
 * Reads only, but whole tables: the start with a database of 100 MB takes some tenths of a second
 * longer.
 */
export async function planMending(db: Database): Promise<Mending> {
  const living = await readLiving(db);
  const asked = [...ourSchema().tables].flatMap(([table, columns]) => {
    // What a column of texts holds is no number, whatever it is made: its rows stay, and are told
    // of as damage (db/own-keys.ts).
    const there = columns.filter(
      ({ name, kind }) =>
        living.columns.get(table)?.includes(name) &&
        !((kind === 'integer' || kind === 'id') && living.keys.get(table)?.has(`${name} text`)),
    );
    return there.length === 0 ? [] : [{ table, columns: there.map(scanned) }];
  });
  const found = await db.read(
    asked.map(({ table, columns }) =>
      always(
        sql(`SELECT EXISTS (SELECT 1 FROM ${quoteName(table)} WHERE ${suspects(columns)}) AS found`),
        (row) => row.bool('found'),
      ),
    ),
  );
  const statements: Statement[] = [];
  const notes: string[] = [];
  for (const [i, { table, columns }] of asked.entries()) {
    if (found[i] !== true) continue;
    for (const column of columns) {
      const values = await findUnfit(db, table, [column]);
      if (values.length === 0) continue;
      append(statements, mendColumn(table, column.our, values, living, notes));
    }
  }
  return {
    statements:
      statements.length === 0 ? [] : [sql(makeKept(living.kept, OLD_VALUES_COLUMNS)), ...statements],
    notes,
  };
}

function scanned(our: OurColumn): { name: string; spelled: string; kind: OurColumn['kind']; our: OurColumn } {
  // The bot's own values are only checked for what cannot be read.
  const kind = our.kind === 'file' ? 'token' : our.kind === 'time' || our.kind === 'link' ? 'text' : our.kind;
  return { name: our.name, spelled: our.name, kind, our };
}

function mendColumn(
  table: string,
  column: OurColumn,
  values: readonly MendedValue[],
  living: Living,
  notes: string[],
): Statement[] {
  const isKey = tellsRowsApart(living.keys, table, column.name);
  const mended: MendedValue[] = [];
  const lost: MendedValue[] = [];
  for (const value of values) {
    const stand = value.value ?? standIn(column);
    // A changed key may be another row's.
    if (isKey || (stand === null && column.notNull)) lost.push(value);
    else mended.push({ ...value, value: stand });
  }
  const place = `${table}.${column.name}`;
  const counted = (of: readonly MendedValue[], note: string): number =>
    of.filter((value) => value.note === note).reduce((sum, { count }) => sum + count, 0);
  for (const note of new Set(mended.map((value) => value.note)))
    notes.push(valuesNote(place, counted(mended, note), note, living.kept));
  for (const note of new Set(lost.map((value) => value.note))) {
    const n = counted(lost, note);
    notes.push(
      `${place}: ${n === 1 ? '1 row' : `${n} rows`} set aside, ${note} (kept in ${asideOf(table, living).name})`,
    );
  }
  return [
    ...(mended.length === 0 ? [] : mendStatements(table, table, mended, living.kept)),
    ...(lost.length === 0 ? [] : setAside(table, lost, living)),
  ];
}

/** The value for a row that must have one; null where only a real value will do. */
function standIn({ kind, notNull, preset }: OurColumn): SqlArg {
  if (!notNull) return null;
  if (preset !== null && /^\d+$/.test(preset)) return Number(preset);
  if (preset?.startsWith("'") === true) return preset.slice(1, -1);
  return kind === 'text' ? '' : null;
}

function asideOf(
  table: string,
  { columns, objects }: Living,
): { readonly name: string; readonly columns: string } {
  const own = [...(columns.get(table) ?? []).map(quoteName), 'refused'].join(', ');
  return { name: keptName(`old_rows_of_${table}`, own, objects), columns: own };
}

/**
 * The rows, and before them all that would go with them, at any depth: their foreign keys cascade.
 */
function setAside(table: string, values: readonly MendedValue[], living: Living): Statement[] {
  const [{ column, note } = { column: undefined, note: '' }] = values;
  if (column === undefined) return [];
  const name = quoteName(column.spelled);
  const bytes = (of: readonly MendedValue[]): string =>
    of.map(({ key }) => `x'${Buffer.from(key).toString('hex')}'`).join(', ');
  const where = [...Map.groupBy(values, ({ type }) => type)]
    .map(([type, of]) => `(typeof(${name}) = '${type}' AND ${keyOf(name)} IN (${bytes(of)}))`)
    .join(' OR ');
  const statements: string[] = [];
  const setAside = (from: string, condition: string, why: string, seen: readonly string[]): void => {
    for (const { child, from: link, to } of living.references.filter(({ parent }) => parent === from))
      if (!seen.includes(child))
        setAside(
          child,
          `${quoteName(link)} IN (SELECT ${quoteName(to)} FROM ${quoteName(from)} WHERE ${condition})`,
          `its row of ${from} is set aside`,
          [...seen, child],
        );
    const columns = (living.columns.get(from) ?? []).map(quoteName).join(', ');
    const aside = asideOf(from, living);
    statements.push(
      makeKept(aside.name, aside.columns),
      `INSERT INTO ${quoteName(aside.name)} (${aside.columns}) SELECT ${columns}, '${why.replaceAll("'", "''")}' FROM ${quoteName(from)} WHERE ${condition}`,
    );
  };
  setAside(table, where, `${column.name}: ${note}`, [table]);
  return [...statements, `DELETE FROM ${quoteName(table)} WHERE ${where}`].map((text) => sql(text));
}

async function readLiving(db: Database): Promise<Living> {
  const [columns, references, objects, keys] = await db.read([
    all(
      sql(
        `SELECT ${hexOf('t.name')} AS "table", ${hexOf('c.name')} AS "column" FROM sqlite_schema AS t, pragma_table_info(t.name) AS c
         WHERE t.type = 'table' AND t.rootpage <> 0`,
      ),
      (row) => ({ table: name(row, 'table'), column: name(row, 'column') }),
    ),
    all(
      sql(
        `SELECT ${hexOf('t.name')} AS child, ${hexOf('f."from"')} AS "from", ${hexOf('f."table"')} AS parent, ${hexOf('f."to"')} AS "to"
         FROM sqlite_schema AS t, pragma_foreign_key_list(t.name) AS f
         WHERE t.type = 'table' AND t.rootpage <> 0 AND f.on_delete = 'CASCADE'`,
      ),
      (row): Reference => ({
        child: name(row, 'child'),
        from: name(row, 'from'),
        parent: name(row, 'parent'),
        to: name(row, 'to'),
      }),
    ),
    keptTables,
    existingKeys,
  ]);
  const byTable = new Map<string, string[]>();
  for (const { table, column } of columns) byTable.set(table, [...(byTable.get(table) ?? []), column]);
  return {
    columns: byTable,
    keys,
    references,
    objects,
    kept: keptName(OLD_VALUES, OLD_VALUES_COLUMNS, objects),
  };
}

function name(row: Row, column: string): string {
  return textOfHex(row.text(column));
}
