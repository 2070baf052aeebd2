/** One row of a backup's database, for people. Runs in the process for foreign files. Node only. */
import { quoteName } from '../../lib/sql-tokens.ts';
import { openForeignFile } from '../foreign/connection.ts';
import type { Task } from '../foreign/task.ts';

declare module '../foreign/task.ts' {
  interface Tasks {
    readonly row: typeof rowTask;
  }
}

export interface RowInput {
  readonly path: string;
  readonly table: string;
  readonly columns: readonly string[];
  readonly key: readonly string[];
}

/** Integers beyond 2^53 and blobs as text; undefined where there is no such row. */
export const rowTask: Task<RowInput, Readonly<Record<string, string | number | null>> | undefined> = ({
  path,
  table,
  columns,
  key,
}) => {
  const { db, close } = openForeignFile(path);
  try {
    const where = columns.map((name) => `${quoteName(name)} = ?`).join(' AND ');
    const statement = db.prepare(`SELECT * FROM ${quoteName(table)} WHERE ${where}`);
    statement.setReadBigInts(true);
    const row = statement.get(...key);
    return row && Object.fromEntries(Object.entries(row).map(([name, value]) => [name, shown(value)]));
  } finally {
    close();
  }
};

function shown(value: unknown): string | number | null {
  if (value === null || typeof value === 'string' || typeof value === 'number') return value;
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
  return value instanceof Uint8Array ? `x'${Buffer.from(value).toString('hex')}'` : String(value);
}
