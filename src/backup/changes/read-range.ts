/**
 * The next range of the change log, and the rows that it names as they are now: one transaction,
 * one round trip. It writes down the name of the file that will hold them: a shipper that finds
 * that file later knows it as this database's own. A transaction that writes is also never
 * answered by a replica that lags behind.
 */
import { Buffer } from 'node:buffer';
import {
  type Database,
  DatabaseUnavailable,
  hasChanged,
  type Statement,
  sql,
  sureRow,
  type WriteResult,
} from '../../db/database.ts';
import { claimJob, releaseJob } from '../../db/job-leases.ts';
import { quoteName } from '../../lib/sql-tokens.ts';
import { COOKIE_SQL, NOW_SQL, STATE_TABLE, WAITING_SINCE } from '../catalog/change-state.ts';
import type { DatabaseSchema, Row, SqlValue, TableInfo } from '../model/model.ts';
import { fileRest, keySql, UNTOLD } from '../schema/change-key.ts';
import { LOG_TABLE } from '../schema/change-triggers.ts';
import { type RowForm, rowForm } from '../snapshot/row-form.ts';
import { type ScanValue, scanSql } from '../snapshot/scan-sql.ts';
import { isStaging } from '../staged/staged-transaction.ts';
import type { DeletedKey, TableChanges } from './change-file.ts';
import { firstPrefix, parseChangeKey } from './change-names.ts';
import { coverageOf } from './coverage.ts';
import { type Peek, peek } from './peek.ts';

/** Of the row in `job_leases`: two shippers would only be in each other's way. */
export const LEASE = 'changes';
const LEASE_MINUTES = 1;

/**
 * Attempts that are remembered: a request may have gone astray and land later, and a listing may
 * lag behind for a while.
 */
const ATTEMPTS = 32;
/** `0000000000000012_20261127T143205006Z_0f1e2d3c`, and a space. */
const ATTEMPT_CHARACTERS = 46;
/** More full backups than these between two files have to be the last ones' bases. */
const RUNS = 20;

export interface RangeAsk {
  readonly peek: Peek;
  readonly schema: DatabaseSchema;
  /** Most entries. */
  readonly entries: number;
  readonly holder: string;
  readonly now: Date;
}

export interface Range {
  readonly kind: 'range';
  /** As it was before this range was read. */
  readonly before: Peek;
  readonly last: number;
  readonly time: Date;
  /** By chance, for the file's name. */
  readonly mark: string | undefined;
  /** Names of full backups that were made of this very database, the newest ones. */
  readonly backups: string[];
  /** `last` is the end of the log. */
  readonly isEnd: boolean;
  /** All names that were perhaps stored, this one first: what `change_state.attempt` holds. */
  readonly attempts: readonly string[];
  readonly tables: readonly TableChanges[];
  readonly sequence: ReadonlyMap<string, SqlValue>;
}

export async function readRange(
  db: Database,
  ask: RangeAsk,
): Promise<Range | { readonly kind: 'busy' | 'moved' | 'lost' | 'key' }> {
  const known = new Set(ask.peek.tables);
  const reads = readsFor(ask.schema).filter(({ table }) => known.has(hex(table.name)));
  const results = await db.write([
    // What it held before, it may hold again: a range is halved where rows are large.
    releaseJob(LEASE, ask.holder),
    claimJob(LEASE, ask.holder, ask.now, LEASE_MINUTES),
    peek,
    begin(ask),
    ask.schema.tables.some(({ name }) => name === 'backup_runs') ? MADE : NONE,
    rangeOf(reads),
    ...reads.map(({ text }) => sql(text)),
  ]);
  const [, claimed, peeked, begun, made, range, ...rows] = results;
  if (!hasChanged(claimed)) return { kind: 'busy' };
  const before = peek.parse(peeked?.rows ?? []);
  const attempt = begun?.rows[0]?.text('attempt').split(' ') ?? [];
  const { timeline = '', shippedSeq = 0 } = before?.state ?? {};
  const name = parseChangeKey('', `${firstPrefix('', timeline, shippedSeq + 1)}${attempt[0]}.ndjson.gz`);
  if (before === undefined || name === undefined) return { kind: 'moved' };
  const { last, time, mark } = name;
  const found = sureRow(range?.rows);
  if (found.int('entries') !== last - shippedSeq) return { kind: 'lost' };
  if (found.int('untold') > 0) return { kind: 'key' };
  const asked = new Set(found.textOrNull('asked')?.split(','));
  const tables = reads.map((read, i) => answerOf(read, rows[i], asked));
  if (asked.size > 0) throw broken();
  return {
    kind: 'range',
    before,
    last,
    time,
    mark,
    backups: (made?.rows ?? []).map((row) => row.text('name')),
    isEnd: last === before.last,
    attempts: attempt,
    tables,
    sequence: new Map(
      found
        .textOrNull('numbers')
        ?.split(',')
        .map((one): [string, bigint] => {
          const [table = '', seq = ''] = one.split(' ');
          return [Buffer.from(table, 'hex').toString(), BigInt(seq)];
        })
        .filter(([table]) => table !== LOG_TABLE && !isStaging(table)),
    ),
  };
}

/**
 * Names the file, unless something has moved since the peek, a full backup has to come first, or
 * the lease is another's. The range ends before the first entry of a table that was not known.
 */
function begin({ peek: { state, cookie, tables }, entries, holder }: RangeAsk): Statement {
  const waiting = `FROM ${LOG_TABLE} WHERE seq > shipped_seq`;
  const upper = `min((SELECT max(seq) FROM (SELECT seq ${waiting} ORDER BY seq LIMIT ?1)),
    COALESCE((SELECT min(seq) - 1 ${waiting} AND hex(tbl) NOT IN (${tables.map((name) => `'${name}'`).join(', ')})), ${Number.MAX_SAFE_INTEGER}))`;
  const time = `replace(replace(replace(${NOW_SQL}, '-', ''), ':', ''), '.', '')`;
  return sql(
    `UPDATE ${STATE_TABLE}
     SET attempt = rtrim(substr(printf('%016d', ${upper}) || '_' || ${time} || '_' || lower(hex(randomblob(4))) || ' ' || COALESCE(attempt, ''), 1, ${ATTEMPTS * ATTEMPT_CHARACTERS})),
       waiting_since = ${WAITING_SINCE}
     WHERE id = 1 AND timeline = ?2 AND shipped_seq = ?3 AND needs_base IS NULL AND schema_cookie = ?4
       AND ${COOKIE_SQL} = ?4 AND ${upper} > shipped_seq
       AND EXISTS (SELECT 1 FROM job_leases WHERE name = '${LEASE}' AND holder = ?5)
     RETURNING attempt`,
    entries,
    state.timeline,
    state.shippedSeq,
    cookie,
    holder,
  );
}

/** The range, once {@link begin} has named it. */
const IN_RANGE = `seq > (SELECT shipped_seq FROM ${STATE_TABLE} WHERE id = 1)
  AND seq <= (SELECT CAST(substr(attempt, 1, 16) AS INTEGER) FROM ${STATE_TABLE} WHERE id = 1)`;
const KEYS = 'change_log_keys';

/**
 * Numbers of a log are without a hole, for a transaction that is undone takes none. `asked`: of
 * each key, the number by which its answer names it.
 */
function rangeOf(reads: readonly Read[]): Statement {
  return sql(`SELECT COALESCE(SUM(entries), 0) AS entries, COALESCE(MAX(untold), 0) AS untold,
      group_concat(CASE WHEN hex(tbl) IN (${reads.map(({ table }) => `'${hex(table.name)}'`).join(', ')}) THEN seq END) AS asked,
      (SELECT group_concat(hex(name) || ' ' || CAST(seq AS INTEGER)) FROM sqlite_sequence) AS numbers
    FROM (SELECT tbl, MAX(seq) AS seq, COUNT(*) AS entries, MAX(instr(rest, '${UNTOLD}')) AS untold
      FROM ${LOG_TABLE} WHERE ${IN_RANGE} GROUP BY tbl, key, rest)`);
}

interface Read {
  readonly table: TableInfo;
  readonly text: string;
  /** The number, the key, its rest, and the row: all NULL where there is none. */
  readonly form: RowForm;
  /** Where in the row the key stands. */
  readonly at: number;
}

/** Of all covered tables: worked out once for a schema, which a shipper keeps. */
function readsFor(schema: DatabaseSchema): readonly Read[] {
  const known = READS.get(schema);
  if (known !== undefined) return known;
  const made = coverageOf(schema).covered.map((table) => readOf(table, schema));
  READS.set(schema, made);
  return made;
}

const READS = new WeakMap<DatabaseSchema, readonly Read[]>();

function readOf(table: TableInfo, schema: DatabaseSchema): Read {
  const name = quoteName(table.name);
  const [scan] = scanSql({ kind: 'table', table }, { schema, primaryKeys: new Map() });
  if (scan === undefined) throw new Error(`table ${table.name} has no scan`);
  const asked = ['seq', 'key', 'rest'].map(
    (column): ScanValue => ({ sql: `${KEYS}.${column}`, holds: 'anything' }),
  );
  const values = [...asked, ...scan.values];
  const layout = [0, 1, 2, ...scan.layoutOf(null).map((position) => position + 3)];
  const form = rowForm({ ...scan, values, layoutOf: () => layout }, 'exact');
  const { key, rest } = keySql(table, name);
  const entries = `FROM ${LOG_TABLE} WHERE tbl = '${table.name.replaceAll("'", "''")}' AND ${IN_RANGE} GROUP BY key, rest`;
  // The first finds the row by its key, the others tell keys apart that a collation holds equal.
  const isKey = `${key} = ${KEYS}.key AND ${key} COLLATE BINARY IS ${KEYS}.key AND ${rest} IS ${KEYS}.rest`;
  return {
    table,
    text: `SELECT ${form.expressions.join(', ')} FROM (SELECT MAX(seq) AS seq, key, rest ${entries}) AS ${KEYS} LEFT JOIN ${scan.from} ON ${isKey}`,
    form,
    at: Math.max(
      0,
      scan.values.findIndex((value) => value.sql === key),
    ),
  };
}

const MADE = sql(`SELECT name FROM backup_runs WHERE state <> 'failed' ORDER BY id DESC LIMIT ${RUNS}`);
const NONE = sql('SELECT 1 WHERE 0');

/**
 * Each key that was asked for is answered once: with its row, or without one. What is stored here
 * is what the log forgets.
 */
function answerOf(
  { table, form, at }: Read,
  result: WriteResult | undefined,
  asked: Set<string>,
): TableChanges {
  const images: Row[] = [];
  const deleted: DeletedKey[] = [];
  for (const found of result?.rows ?? []) {
    const values = found.values();
    // Its marks are always a text.
    if (values.length !== form.width || typeof values.at(-1) !== 'string') throw broken();
    const [seq, key = null, rest, ...row] = form.readRow(values);
    const isKey = table.withoutRowid ? key !== null : typeof key === 'bigint';
    if (!isKey || !asked.delete(String(seq))) throw broken();
    if (row.every((value) => value === null))
      deleted.push({ key, rest: typeof rest === 'string' ? fileRest(rest) : null });
    else if (row[at] === key || (table.withoutRowid && plain(row[at]) === plain(key))) images.push(row);
    else throw broken();
  }
  return { table, images, deleted };
}

/** A key may stand in the log as 1, and in its row as 1.0. */
function plain(value: SqlValue | undefined): string {
  return String(typeof value === 'bigint' ? Number(value) : value);
}

function broken(): DatabaseUnavailable {
  return new DatabaseUnavailable('the database answered with other rows than it was asked for');
}

function hex(name: string): string {
  return Buffer.from(name).toString('hex').toUpperCase();
}
