/**
 * The next range of the change log, and the rows that it names as they are now: one transaction,
 * one round trip. It writes down the name of the file that will hold them: a shipper that finds
 * that file later knows it as this database's own. A transaction that writes is also never
 * answered by a replica that lags behind.
 */
import { Buffer } from 'node:buffer';
import { type Database, type Statement, sql, type WriteResult } from '../../db/database.ts';
import { claimJob, releaseJob } from '../../db/job-leases.ts';
import { quoteName } from '../../lib/sql-tokens.ts';
import { COOKIE_SQL, NOW_SQL, STATE_TABLE, WAITING_SINCE } from '../catalog/change-state.ts';
import type { DatabaseSchema, Row, SqlValue, TableInfo } from '../model/model.ts';
import { fileRest, keySql, UNTOLD } from '../schema/change-key.ts';
import { LOG_TABLE } from '../schema/change-triggers.ts';
import { type RowForm, rowForm } from '../snapshot/row-form.ts';
import { type ScanSql, type ScanValue, scanSql } from '../snapshot/scan-sql.ts';
import { isStaging } from '../staged/staged-transaction.ts';
import type { TableChanges } from './change-file.ts';
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
const NAME = /^(\d{16})_(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)(\d{3})Z_([0-9a-f]{8})$/;
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
  readonly mark: string;
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
    { ...sql(SEQUENCE.sql()) },
    ask.schema.tables.some(({ name }) => name === 'backup_runs') ? MADE : NONE,
    RANGE,
    ...reads.flatMap(({ images, deleted }) => [sql(images.text), sql(deleted.text)]),
  ]);
  const [, claimed, peeked, begun, sequence, made, range, ...rows] = results;
  if (isEmpty(claimed)) return { kind: 'busy' };
  const before = peek.parse(peeked?.rows ?? []);
  const attempt = begun?.rows[0]?.text('attempt').split(' ') ?? [];
  const name = NAME.exec(attempt[0] ?? '');
  if (before === undefined || name === null) return { kind: 'moved' };
  const [, end, year, month, day, hour, minute, second, ms, mark = ''] = name;
  const last = Number(end);
  const [found] = range?.rows ?? [];
  if (found?.int('entries') !== last - before.state.shippedSeq) return { kind: 'lost' };
  if (found.int('untold') > 0) return { kind: 'key' };
  return {
    kind: 'range',
    before,
    last,
    time: new Date(`${year}-${month}-${day}T${hour}:${minute}:${second}.${ms}Z`),
    mark,
    backups: (made?.rows ?? []).map((row) => row.text('name')),
    isEnd: last === before.last,
    attempts: attempt,
    tables: reads.map(({ table, images, deleted }, i) => ({
      table,
      images: exactly(images.form, rows[2 * i]),
      deleted: exactly(deleted.form, rows[2 * i + 1]).map(([key = null, rest]) => ({
        key,
        rest: typeof rest === 'string' ? fileRest(rest) : null,
      })),
    })),
    sequence: new Map(
      exactly(SEQUENCE, sequence).flatMap(([table, seq = null]): [string, SqlValue][] =>
        typeof table === 'string' && table !== LOG_TABLE && !isStaging(table) ? [[table, seq]] : [],
      ),
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
/** Numbers of a log are without a hole, for a transaction that is undone takes none. */
const RANGE = sql(
  `SELECT COUNT(*) AS entries, COALESCE(MAX(instr(rest, '${UNTOLD}')), 0) AS untold FROM ${LOG_TABLE} WHERE ${IN_RANGE}`,
);
const KEYS = 'change_log_keys';

interface Read {
  readonly text: string;
  readonly form: RowForm;
}

interface Reads {
  readonly table: TableInfo;
  readonly images: Read;
  readonly deleted: Read;
}

/** Of all covered tables: worked out once for a schema, which a shipper keeps. */
function readsFor(schema: DatabaseSchema): readonly Reads[] {
  const known = READS.get(schema);
  if (known !== undefined) return known;
  const made = coverageOf(schema).covered.map(readsOf);
  READS.set(schema, made);
  return made;
}

const READS = new WeakMap<DatabaseSchema, readonly Reads[]>();

function readsOf(table: TableInfo): Reads {
  const name = quoteName(table.name);
  const [scan] = scanSql({ kind: 'table', table }, { schema: NO_SCHEMA, primaryKeys: new Map() });
  if (scan === undefined) throw new Error(`table ${table.name} has no scan`);
  const form = rowForm(scan, 'exact');
  const { key, rest } = keySql(table, name);
  const entries = `FROM ${LOG_TABLE} WHERE tbl = '${table.name.replaceAll("'", "''")}' AND ${IN_RANGE}`;
  const distinct = `(SELECT DISTINCT key, rest ${entries}) AS ${KEYS}`;
  // The first finds the row by its key, the others tell keys apart that a collation holds equal.
  const isKey = `${key} = ${KEYS}.key AND ${key} COLLATE BINARY IS ${KEYS}.key AND ${rest} IS ${KEYS}.rest`;
  const where = table.withoutRowid
    ? `${distinct} CROSS JOIN ${scan.from} WHERE ${isKey}`
    : `${scan.from} WHERE ${key} IN (SELECT key ${entries})`;
  const gone = rowForm(plainScan(`${KEYS}.key`, `${KEYS}.rest`), 'exact');
  return {
    table,
    images: { form, text: `SELECT ${form.expressions.join(', ')} FROM ${where}` },
    deleted: {
      form: gone,
      text: `SELECT ${gone.expressions.join(', ')} FROM ${distinct} WHERE NOT EXISTS (SELECT 1 FROM ${scan.from} WHERE ${isKey})`,
    },
  };
}

const NO_SCHEMA: DatabaseSchema = {
  objects: [],
  tables: [],
  indexes: [],
  userVersion: 0,
  applicationId: 0,
  schemaVersion: 0,
};

/** Two values of whatever there is. */
function plainScan(first: string, second: string): ScanSql {
  const values = [first, second].map((text): ScanValue => ({ sql: text, holds: 'anything' }));
  return {
    label: 'keys',
    values,
    layoutOf: () => [0, 1],
    from: 'sqlite_sequence',
    where: undefined,
    orderBy: 'rowid',
    rowid: undefined,
  };
}

const MADE = sql(`SELECT name FROM backup_runs WHERE state <> 'failed' ORDER BY id DESC LIMIT ${RUNS}`);
const NONE = sql('SELECT 1 WHERE 0');

const SEQUENCE = rowForm(plainScan('name', 'seq'), 'exact');

function exactly(form: RowForm, result: WriteResult | undefined): Row[] {
  return (result?.rows ?? []).map((row) => form.readRow(row.values()));
}

function isEmpty(result: WriteResult | undefined): boolean {
  return result === undefined || result.rows.length === 0;
}

function hex(name: string): string {
  return Buffer.from(name).toString('hex').toUpperCase();
}
