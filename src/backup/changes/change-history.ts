/** The versions of one row that a change file holds, in the form in which they are shown. */
import { BLOB_TAG, REAL_TAG, ROWID_KEY, TEXT_TAG } from '../document/format.ts';
import type { TableInfo } from '../model/model.ts';
import type { OpenedChange } from './open-change.ts';

/** Column by column: integers beyond 2^53 and blobs as text; undefined: there is no such row. */
export type ShownRow = Readonly<Record<string, string | number | null>> | undefined;

export interface RowWanted {
  readonly table: TableInfo;
  /** The values of its primary key, as a person writes them. */
  readonly key: readonly string[];
}

export function versionsIn({ body }: Pick<OpenedChange, 'body'>, wanted: RowWanted): ShownRow[] {
  const head = `{"table":${JSON.stringify(wanted.table.name)},`;
  const found: ShownRow[] = [];
  for (const line of body.toString('utf8').split('\n')) {
    if (!line.startsWith(head)) continue;
    const change: { row?: Record<string, unknown>; deleted?: { key: unknown; rest: unknown } } = JSON.parse(
      line,
      exact,
    );
    if (change.row === undefined) {
      if (isGone(change.deleted, wanted)) found.push(undefined);
      continue;
    }
    const entries = Object.entries(change.row);
    const row = Object.fromEntries(entries.map(([name, value]) => [plainName(name), shown(value)]));
    if (keyColumns(wanted.table).every((name, i) => String(row[name]) === wanted.key[i])) found.push(row);
  }
  return found;
}

/** Names of the columns that a row is known by. */
export function keyColumns(table: TableInfo): string[] {
  const key = table.columns.filter(({ primaryKey }) => primaryKey > 0);
  const names = key.toSorted((a, b) => a.primaryKey - b.primaryKey).map(({ name }) => name);
  return table.withoutRowid || table.rowidAlias !== null ? names : ['rowid'];
}

/** Whether two versions say the same, as far as both know of a column. */
export function isSameRow(a: ShownRow, b: ShownRow): boolean {
  if (a === undefined || b === undefined) return a === b;
  return Object.entries(a).every(([name, value]) => !Object.hasOwn(b, name) || Object.is(b[name], value));
}

/** No digit of a large integer is lost. */
function exact(_: string, value: unknown, context?: { readonly source?: string }): unknown {
  const isUnsafe = typeof value === 'number' && Number.isInteger(value) && !Number.isSafeInteger(value);
  const source = context?.source;
  return isUnsafe && source !== undefined && /^-?\d+$/.test(source) ? source : value;
}

function shown(value: unknown): string | number | null {
  if (value === null || typeof value === 'string' || typeof value === 'number') return value;
  const tagged = Object.entries(value ?? {})[0];
  const bytes = Buffer.from(String(tagged?.[1]), 'base64');
  if (tagged?.[0] === BLOB_TAG) return `x'${bytes.toString('hex')}'`;
  if (tagged?.[0] === TEXT_TAG) return bytes.toString('utf8');
  if (tagged?.[0] === REAL_TAG) return String(tagged[1]);
  return String(value);
}

/** A name that the document needs itself stands behind a dollar sign. */
function plainName(name: string): string {
  return name.startsWith('$') && name !== ROWID_KEY ? name.slice(1) : name === ROWID_KEY ? 'rowid' : name;
}

function isGone(deleted: { key: unknown; rest: unknown } | undefined, { key }: RowWanted): boolean {
  const [first, ...rest] = key;
  if (deleted === undefined || String(deleted.key) !== first) return false;
  const parts = typeof deleted.rest === 'string' ? deleted.rest.split(',') : [];
  return (
    parts.length === rest.length &&
    parts.every((part, i) => part === rest[i] || part === `t${hexOf(rest[i] ?? '')}`)
  );
}

function hexOf(text: string): string {
  return Buffer.from(text).toString('hex').toUpperCase();
}
