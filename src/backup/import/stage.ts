/** Records of a file into the staging tables, each value as its column takes it. */
import { toSqlTime } from '../../db/time.ts';
import { quoteName } from '../../lib/sql-tokens.ts';
import { DAY_MS } from '../../text/times.ts';
import type { LegacyEvent } from '../document/legacy.ts';
import { type LegacyRecord, tableOfPlace } from '../document/legacy-records.ts';
import { quoted, type Reason, reason } from '../document/reasons.ts';
import type { SqlValue } from '../model/model.ts';
import { sqlLiteral } from '../model/sql-literal.ts';
import { type ColumnKind, type Fitted, fitValue, kindOfColumn, limitOf } from './fit.ts';
import { type StagedImport, stagedColumns } from './staging-sql.ts';
import type { Range } from './steps.ts';
import { KINDS } from './tables.ts';

/** A table or list of another bot's file that its map leaves out. */
export interface LeftSource {
  readonly kind: 'left';
  readonly source: string;
  readonly rows: number;
  /** By its name or columns it may hold the anime. */
  readonly isCatalogue: boolean;
}

export type ImportEvent = LegacyEvent | LeftSource;

export interface Refusal extends Reason {
  readonly table: string;
  /** `anime[3].parts[0].file_id` */
  readonly place: string;
  /** What was not taken: the row, or one value of it; or the value was taken, but changed. */
  readonly what: 'row' | 'value' | 'mended';
}

export interface Read {
  /** Staged. */
  readonly rows: number;
  /** The first {@link MAX_REFUSALS}. */
  readonly refusals: readonly Refusal[];
  /** Rows, by table. */
  readonly refused: ReadonlyMap<string, number>;
  readonly values: { readonly mended: number; readonly leftOut: number };
  /** Rows of tables, and values of columns (`anime.rating`), that the database has not. */
  readonly leftAside: ReadonlyMap<string, number>;
  /** Of another bot's file: what its map does not name. */
  readonly left: readonly LeftSource[];
  /** The `n` of each staging table that has rows. */
  readonly ranges: ReadonlyMap<string, Range>;
}

/** Refusals told one by one. */
export const MAX_REFUSALS = 200;
/**
 * SQL a batch: some tens of milliseconds of the write lock; 20 MB, the most that Telegram gives a
 * bot, are twenty of a Worker’s subrequests.
 */
const BATCH_CHARACTERS = 1024 * 1024;
const BATCH_ROWS = 8_000;

/** Zones of clocks that were told apart wrongly are less than a day. */
const AHEAD_MS = DAY_MS;

/** Writes all the file has, table by table; `write` gets each batch and the rows so far. */
export async function stageRecords(
  staged: readonly StagedImport[],
  records: AsyncIterable<ImportEvent>,
  write: (rows: number, statement: string) => Promise<void>,
  { now, ownerIds }: { readonly now: Date; readonly ownerIds: ReadonlySet<number> },
): Promise<Read> {
  const targets = new Map(staged.map((one) => [one.spec.name, targetOf(one)]));
  const latest = toSqlTime(new Date(now.getTime() + AHEAD_MS));
  const leftAside = new Map<string, number>();
  const refused = new Map<string, number>();
  const refusals: Refusal[] = [];
  const left: LeftSource[] = [];
  const values = { mended: 0, leftOut: 0 };
  const ranges = new Map<string, Range>();
  let n = 0;
  let written = 0;
  const refuse = (refusal: Refusal): void => {
    if (refusal.what === 'row') count(refused, refusal.table);
    else values[refusal.what === 'mended' ? 'mended' : 'leftOut'] += 1;
    if (refusals.length < MAX_REFUSALS) refusals.push(refusal);
  };
  const flush = async (target: Target): Promise<void> => {
    if (target.tuples.length === 0) return;
    written += target.tuples.length;
    const statement = target.head + target.tuples.join(',');
    target.tuples = [];
    target.characters = 0;
    await write(written, statement);
  };
  for await (const event of records) {
    if (event.kind === 'refusal') {
      const { place, code, detail, scope, table = tableOfPlace(place) } = event;
      refuse({ table, place, code, detail, what: scope === 'record' ? 'row' : 'value' });
      continue;
    }
    if (event.kind === 'left') {
      left.push(event);
      continue;
    }
    const target = targets.get(event.table);
    if (target === undefined) {
      count(leftAside, event.table);
      continue;
    }
    for (const column of unknownOf(target, event)) count(leftAside, column);
    const { fields, faults } = taken(target, event, { ownerIds, latest });
    for (const fault of faults) refuse(fault);
    if (fields === undefined) continue;
    n += 1;
    ranges.set(target.staging, { from: ranges.get(target.staging)?.from ?? n, to: n });
    const tuple = `(${n},${sqlLiteral(event.place)},${fields.map(sqlLiteral).join(',')})`;
    target.tuples.push(tuple);
    target.characters += tuple.length;
    if (target.characters >= BATCH_CHARACTERS || target.tuples.length >= BATCH_ROWS) await flush(target);
  }
  for (const target of targets.values()) await flush(target);
  return { rows: written, refusals, refused, values, leftAside, left, ranges };
}

interface Target {
  readonly staging: string;
  readonly columns: readonly {
    readonly name: string;
    readonly kind: ColumnKind;
    readonly required: boolean;
  }[];
  /** Names of columns that are taken, or left where they are on purpose. */
  readonly known: ReadonlySet<string>;
  readonly head: string;
  tuples: string[];
  characters: number;
}

function targetOf(staged: StagedImport): Target {
  const { spec, staging } = staged;
  const local = new Map(staged.columns.map((column) => [column.name, column]));
  const names = stagedColumns(staged);
  const columns = names.map((staged) => {
    const name = staged.slice('c_'.length);
    const column = local.get(name);
    // Those that are not the living table's are numbers of the file's own rows.
    const kind = column === undefined ? 'id' : kindOfColumn(name, column.declaredType);
    const isGiven = spec.mapped?.[name] === undefined && spec.derived?.includes(name) !== true;
    // A text that the old bot could do without is empty here; a number, an id or a key has no such
    // stand-in.
    const isVital = kind !== 'text' || spec.key.includes(staged);
    // SQLite would number a row without its key by itself.
    const isKey = column !== undefined && spec.events !== true && spec.key.includes(staged);
    const mustBe = isKey || (column?.notNull === true && column.defaultValue === null);
    return { name, kind, required: mustBe && isGiven && isVital };
  });
  return {
    staging,
    columns,
    known: new Set([...columns.map(({ name }) => name), ...spec.skip]),
    head: `INSERT OR IGNORE INTO ${staging} (n, place, ${names.map(quoteName).join(', ')}) VALUES `,
    tuples: [],
    characters: 0,
  };
}

/** Columns with a value that the database has not. */
function unknownOf({ known }: Target, { table, fields }: LegacyRecord): string[] {
  return Object.entries(fields).flatMap(([name, value]) =>
    value === null || value === '' || known.has(name) ? [] : [`${table}.${name}`],
  );
}

/** Rights are given by a person, not by a file; nor are they taken so. */
function taken(
  target: Target,
  record: LegacyRecord,
  { ownerIds, latest }: { readonly ownerIds: ReadonlySet<number>; readonly latest: string },
): ReturnType<typeof fitted> {
  const { table, place, fields } = record;
  const isOfAdmin =
    table === 'users' && ownerIds.has(Number(fitValue('id', fields['user_id'] ?? null).value));
  if (!isOfAdmin || fields['banned_at'] == null) return fitted(target, record, latest);
  const found = fitted(target, { ...record, fields: { ...fields, banned_at: null } }, latest);
  found.faults.push({ table, place: `${place}.banned_at`, ...reason('of-an-admin'), what: 'value' });
  return found;
}

/** Values in the order of the columns; none when the row cannot be without one that it lacks. */
function fitted(
  { columns }: Target,
  { table, place, fields }: LegacyRecord,
  latest: string,
): { fields: SqlValue[] | undefined; faults: Refusal[] } {
  const values: SqlValue[] = [];
  const faults: Refusal[] = [];
  for (const { name, kind, required } of columns) {
    const given = believed(
      `${table}.${name}`,
      fitValue(kind, fields[name] ?? null, limitOf(kind, name)),
      latest,
    );
    const { value, change, note = reason('missing') } = given;
    values.push(value);
    const at = `${place}.${name}`;
    if (value === null && required)
      return { fields: undefined, faults: [{ table, place: at, ...note, what: 'row' }] };
    if (change !== undefined)
      faults.push({ table, place: at, ...note, what: change === 'mended' ? 'mended' : 'value' });
  }
  return { fields: values, faults };
}

/** A time yet to come would stand first in every list for ever; an unknown kind cannot be sent. */
function believed(column: string, fitted: Fitted, latest: string): Fitted {
  const { value } = fitted;
  if (typeof value !== 'string') return fitted;
  if (TIME.test(column) && /^\d{4}-/.test(value) && value > latest)
    return { value: null, change: 'left out', note: reason('is-no-time', quoted(value)) };
  if (value !== '' && KINDS[column]?.includes(value) === false)
    return { value: null, change: 'left out', note: reason('no-kind', quoted(value)) };
  return fitted;
}

/** Not those that say that something is so (a ban): that is true whenever it began. */
const TIME = /\.(since|last_seen|(?:added|created|updated|viewed)_at)$/;

function count(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}
