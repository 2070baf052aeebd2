/** One row of a full backup, and of the living database, in the form in which it is shown. */
import { statSync } from 'node:fs';
import type { ShownRow } from '../backup/changes/change-history.ts';
import type { Base } from '../backup/changes/listed.ts';
import { limitsFor, runInProcess } from '../backup/foreign/process.ts';
import { fetchSource } from '../backup/restore/source.ts';
import { type Database, one, sql } from '../db/database.ts';
import { inScratch } from '../lib/disk/scratch.ts';
import { quoteName } from '../lib/sql-tokens.ts';
import type { Invocation } from './command.ts';

export interface RowPlace {
  readonly table: string;
  /** Names of the columns of its key, and its values as a person writes them. */
  readonly columns: readonly string[];
  readonly key: readonly string[];
}

/** The table may be younger than the backup. */
export async function rowOfBackup(
  { session, stoppable }: Invocation,
  { entry }: Base,
  row: RowPlace,
): Promise<ShownRow> {
  if (entry.manifest?.tables.some(({ name }) => name === row.table) !== true) return undefined;
  const { bucket, keys } = session;
  return inScratch(undefined, (directory) =>
    stoppable(async (signal) => {
      const from = { kind: 'backup', entry } as const;
      const { path } = await fetchSource(from, { bucket, keys, directory, signal });
      return runInProcess('row', { path, ...row }, { limits: limitsFor(statSync(path).size), signal });
    }),
  );
}

/** As text with its type before it: every driver reads that alike. */
function exactly(name: string): string {
  return `typeof(${name}) || ':' || CASE typeof(${name}) WHEN 'null' THEN '' WHEN 'text' THEN hex(${name})
    WHEN 'blob' THEN hex(${name}) WHEN 'real' THEN printf('%!.17g', ${name}) ELSE ${name} END`;
}

export async function rowOfDatabase(
  db: Pick<Database, 'read'>,
  { table, columns, key }: RowPlace,
  names: readonly string[],
): Promise<ShownRow> {
  const values = names.map((name, i) => `${exactly(quoteName(name))} AS v${i}`).join(', ');
  const where = columns.map((name) => `${quoteName(name)} = ?`).join(' AND ');
  const ask = one(sql(`SELECT ${values} FROM ${quoteName(table)} WHERE ${where}`, ...key), (row) =>
    Object.fromEntries(names.map((name, i) => [name, read(row.text(`v${i}`))])),
  );
  const [found] = await db.read([ask]);
  return found;
}

function read(text: string): string | number | null {
  const at = text.indexOf(':');
  const [type, value] = [text.slice(0, at), text.slice(at + 1)];
  if (type === 'null') return null;
  if (type === 'text') return Buffer.from(value, 'hex').toString('utf8');
  if (type === 'blob') return `x'${value.toLowerCase()}'`;
  const number = Number(value);
  return Number.isNaN(number) || (type === 'integer' && !Number.isSafeInteger(number)) ? value : number;
}
