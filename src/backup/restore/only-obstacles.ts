/** What stands in the way of `restore --only`, in a sentence that ends with the way on. Pure. */
import type { Lack } from '../../db/own-schema.ts';
import { nameIn, tokenizeSql } from '../../lib/sql-tokens.ts';
import type { DatabaseSchema } from '../model/model.ts';

/** Which tables of which backup or file are wanted back. */
export interface OnlyWanted {
  readonly only: readonly string[];
  readonly origin: string;
}

/**
 * The refusal of `--only`: the whole backup knows no such obstacle. It names the very backup that
 * was asked for: after a bad day the newest one is of the bad day.
 */
export function cannotOnly({ only, origin }: OnlyWanted, what: string): Error {
  const [, moment] = /^the state of (\S+) \(backup /.exec(origin) ?? [];
  const source = moment === undefined ? origin : `--at ${moment}`;
  const alone =
    moment === undefined
      ? ''
      : `, or take what you need out of the file that \`npm run backup -- download --at ${moment}\` writes`;
  return new Error(
    `--only ${only.join(',')}: ${what}; nothing was changed: bring everything back with \`npm run backup -- restore ${source} --replace\`${alone}`,
  );
}

/** SQLite's own words, and what is known to be missing beside them. */
export function sqliteSays(message: string, lack: Lack | undefined): string {
  return `the database does not take these tables (${[message, ...(lack?.findings ?? [])].join('; ')})`;
}

/** Rows of one table whose rows in another are missing. */
export interface Orphans {
  readonly child: string;
  readonly parent: string;
  readonly count: number;
}

/**
 * @param worse what the tables of `--only` would leave, at least one
 * @param count of the first of them
 * @returns who lacks the rows, and every table to add, in words
 */
export function pointsNowhere(only: readonly string[], worse: readonly Orphans[], count: number): string {
  const [{ child, parent } = { child: '', parent: '' }] = worse;
  const who = only.includes(parent) ? 'the backup' : 'the living database';
  const missing = worse.flatMap((orphans) => [orphans.parent, orphans.child]);
  const add = [...new Set(missing)].filter((table) => !only.includes(table));
  const wayOn = add.length === 0 ? '' : ` (add ${add.join(',')} to --only, or take all)`;
  return `${count} ${count === 1 ? 'row' : 'rows'} of ${child} would belong to rows of ${parent} that are missing in ${who}${wayOn}`;
}

const MADE = /^CREATE (?:UNIQUE )?(?:TABLE|INDEX|TRIGGER) (\w+)/;

/**
 * What has a name that `made`, statements of ours, is about to give, and does not go with one of
 * the tables `dropped`; in words.
 */
export function takenName(
  live: DatabaseSchema,
  made: readonly string[],
  dropped: readonly string[],
): string | undefined {
  const names = new Set(made.flatMap((text) => MADE.exec(text)?.[1] ?? []));
  const taken = live.objects.find(
    ({ name, tableName }) => names.has(name.toLowerCase()) && !dropped.includes(tableName),
  );
  if (taken === undefined) return undefined;
  const { type, name, tableName } = taken;
  return type === 'index' || type === 'trigger'
    ? `${type} ${name} of table ${tableName} has a name that the bot’s own ${type} needs`
    : `a ${type} has the name of table ${name}`;
}

/** A trigger of a table that is filled, and the missing table that it writes to; in words. */
export function missingForTrigger(
  triggers: readonly { readonly name: string; readonly sql: string }[],
  missing: readonly string[],
): string | undefined {
  for (const { name, sql } of triggers) {
    const table = missing.find((one) => mentions(sql, one));
    if (table !== undefined) return `table ${table} is missing, and trigger ${name} needs it`;
  }
  return undefined;
}

/** Whether this SQL has the name anywhere, quoted or bare. */
export function mentions(sql: string, name: string): boolean {
  return tokenizeSql(sql).some((token) => nameIn(token)?.toLowerCase() === name.toLowerCase());
}
