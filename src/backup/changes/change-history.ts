/** Every stored version of one row, from the change files. */

import { least } from '../../lib/extremes.ts';
import type { Bucket } from '../catalog/bucket.ts';
import type { OpeningKeys } from '../envelope/types.ts';
import type { TableInfo } from '../model/model.ts';
import { listChanges } from './list-changes.ts';
import type { StoredChange } from './listed.ts';
import { openChange } from './open-change.ts';

export interface RowVersion {
  readonly time: Date;
  readonly timeline: string;
  readonly file: string;
  /** As the file has it, column by column; undefined: it was gone then. */
  readonly row: Readonly<Record<string, unknown>> | undefined;
}

export interface HistoryOptions {
  readonly keys: OpeningKeys | undefined;
  readonly table: TableInfo;
  /** The values of its primary key, as a person writes them. */
  readonly key: readonly string[];
  readonly signal?: AbortSignal;
  /** A file that cannot be read: what it tells is not among the versions. */
  readonly onTrouble: (problem: unknown) => void;
}

/** Timelines as they began, and the changes of each in their own order, whatever a clock said. */
export async function* rowVersions(bucket: Bucket, options: HistoryOptions): AsyncGenerator<RowVersion> {
  const { keys, table, signal, onTrouble } = options;
  const head = `{"table":${JSON.stringify(table.name)},`;
  for (const file of inOrder((await listChanges(bucket)).files)) {
    signal?.throwIfAborted();
    const opened = await openChange(bucket, file, keys).catch(onTrouble);
    if (opened === undefined) continue;
    for (const line of opened.body.toString('utf8').split('\n')) {
      if (!line.startsWith(head)) continue;
      const change: { row?: Record<string, unknown>; deleted?: { key: unknown; rest: unknown } } =
        JSON.parse(line);
      const isIt = change.row === undefined ? isGone(change.deleted, options) : isRow(change.row, options);
      if (isIt) yield { time: file.time, timeline: file.timeline, file: file.file, row: change.row };
    }
  }
}

function inOrder(files: readonly StoredChange[]): StoredChange[] {
  // The store's own times: a host's clock may have run ahead.
  const begin = (of: readonly StoredChange[]): number => least(of.map(({ modified }) => modified.getTime()));
  return [...Map.groupBy(files, ({ timeline }) => timeline).values()]
    .toSorted((a, b) => begin(a) - begin(b))
    .flat();
}

/** Names of the columns that a row is known by. */
export function keyColumns(table: TableInfo): string[] {
  const key = table.columns.filter(({ primaryKey }) => primaryKey > 0);
  const names = key.toSorted((a, b) => a.primaryKey - b.primaryKey).map(({ name }) => name);
  return table.withoutRowid || table.rowidAlias !== null ? names : ['rowid'];
}

function isRow(row: Record<string, unknown>, { table, key }: HistoryOptions): boolean {
  // A name that the document needs itself stands behind a dollar sign.
  return keyColumns(table).every((name, i) => String(row[name] ?? row[`$${name}`]) === key[i]);
}

function isGone(deleted: { key: unknown; rest: unknown } | undefined, { key }: HistoryOptions): boolean {
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
