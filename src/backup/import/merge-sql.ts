/** Moves staged rows into the living tables, and counts what that will change. Pure. */
import { quoteName } from '../../lib/sql-tokens.ts';
import { alreadySql } from './judge-sql.ts';
import { LIVE, type LocalColumn, type Preference, type StagedImport } from './staging-sql.ts';
import type { Range } from './steps.ts';
import type { ImportTable } from './tables.ts';

/** One row: rows added, changed, kept (they differ, the database's are newer), refused, in all. */
export function countSql(staged: StagedImport, prefer: Preference): string {
  const { spec, staging } = staged;
  const { changed, differs } = comparison(staged, prefer);
  const total = (what: string): string =>
    what === '0'
      ? '0'
      : `TOTAL(${LIVE} AND s.there AND COALESCE((SELECT ${what} FROM ${spec.name} AS t WHERE ${spec.match} LIMIT 1), 0))`;
  return `SELECT COUNT(*) AS "all", TOTAL(s.verdict IS NOT NULL) AS refused, TOTAL(${LIVE} AND NOT s.there) AS added,
    ${total(changed)} AS changed, ${total(differs === '0' ? '0' : `(${differs}) AND NOT (${changed})`)} AS kept FROM ${staging} AS s`;
}

export function refusalsSql({ staging }: StagedImport, limit: number): string {
  return `SELECT place, verdict FROM ${staging} WHERE verdict IS NOT NULL ORDER BY n LIMIT ${limit}`;
}

export interface MergeSql {
  /** Old rows first: rows just added are none that differ. */
  readonly update?: string;
  readonly insert: string;
  /** Before them: what has come since the rows were judged. */
  readonly catchUp?: string;
}

/**
 * `known` is the range of the living events that the staged ones were compared with; undefined
 * where none are staged.
 */
export function mergeSql(staged: StagedImport, prefer: Preference, known: Range | undefined): MergeSql {
  const { spec, staging, columns } = staged;
  const { changed, updates } = comparison(staged, prefer);
  const names = columns.map(({ name }) => quoteName(name)).join(', ');
  const values = columns.map((column) => insertValue(spec, column)).join(', ');
  const isNew =
    spec.events === true ? 's.there = 0' : `NOT EXISTS (SELECT 1 FROM ${spec.name} AS t WHERE ${spec.match})`;
  return {
    ...(known !== undefined && { catchUp: alreadySql(staged, `t.id > ${known.to}`) }),
    ...(updates.length > 0 && {
      update: `UPDATE ${spec.name} AS t SET ${updates.join(', ')} FROM ${staging} AS s WHERE ${LIVE} AND ${spec.match} AND (${changed})`,
    }),
    insert: `INSERT INTO ${spec.name} (${names}) SELECT ${values} FROM ${staging} AS s WHERE ${LIVE} AND ${isNew} ORDER BY s.n`,
  };
}

function insertValue(spec: ImportTable, { name, notNull, defaultValue }: LocalColumn): string {
  const mapped = spec.mapped?.[name];
  if (mapped !== undefined) return mapped;
  const value = `s.${quoteName(`c_${name}`)}`;
  // Nobody knows when it happened, so not today.
  if (spec.unknown?.includes(name) === true) return value;
  if (defaultValue !== null) return `COALESCE(${value}, ${defaultValue})`;
  // The old bot allowed no name; here it is empty. A key is never null: the reader refuses such
  // rows.
  return notNull ? `COALESCE(${value}, '')` : value;
}

interface Comparison {
  /** SQL over `t` and `s`: would the row change? */
  readonly changed: string;
  /** Does the file say anything else at all? */
  readonly differs: string;
  readonly updates: readonly string[];
}

/** Clocks of two machines may differ by a time zone. */
const LATEST = `strftime('%Y-%m-%d %H:%M:%S', 'now', '+1 day')`;

/** A time that a clock ahead has written says nothing: the other row is the newer one. */
function isNewer(given: string, old: string): string {
  return `COALESCE(${given} <= ${LATEST} AND (${given} > ${old} OR ${old} > ${LATEST}), 0)`;
}

/**
 * A value that the file lacks changes nothing; a gap in the database is filled; two different
 * values are settled by the newer row, or by whom the person prefers.
 */
function comparison({ spec, columns }: StagedImport, prefer: Preference): Comparison {
  const compared = columns.filter(
    ({ name }) =>
      !spec.fixed.includes(name) && spec.mapped?.[name] === undefined && !spec.key.includes(`c_${name}`),
  );
  if (spec.addOnly === true || compared.length === 0) return { changed: '0', differs: '0', updates: [] };
  const newer = spec.time === undefined ? '0' : isNewer(`s.c_${spec.time}`, `t.${spec.time}`);
  const fileWins = prefer === 'newer' ? newer : prefer === 'file' ? '1' : '0';
  const pairs = compared.map(({ name }) => {
    const [old, given] = [`t.${quoteName(name)}`, `s.${quoteName(`c_${name}`)}`];
    const next =
      spec.highest?.includes(name) === true
        ? highest(old, given)
        : `CASE WHEN ${given} IS NULL THEN ${old} WHEN ${old} IS NULL OR ${old} = '' OR ${fileWins} THEN ${given} ELSE ${old} END`;
    return { name, old, given, next };
  });
  return {
    changed: pairs.map(({ old, next }) => `(${next}) IS NOT ${old}`).join(' OR '),
    differs: pairs.map(({ old, given }) => `${given} IS NOT NULL AND ${given} IS NOT ${old}`).join(' OR '),
    updates: pairs.map(({ name, next }) => `${quoteName(name)} = ${next}`),
  };
}

/** What was counted since the number was derived from `base` is counted still. */
function highest(old: string, given: string): string {
  return `MAX(COALESCE(${old}, 0), COALESCE(${given}, 0) + COALESCE(MAX(${old} - s.base, 0), 0))`;
}
