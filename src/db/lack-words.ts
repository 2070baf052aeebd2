/** What a lack of the schema (own-schema.ts) means for people, and the way out. */
import { DatabaseUnfit } from './database-unfit.ts';
import type { Lack } from './own-schema.ts';

/** Without these the bot can answer nobody. */
const CATALOGUE = ['anime', 'anime_parts'];

const RENAMED = /^table (\w+) is missing \((\w+) has its columns\)$/;

/** Nobody can be answered: a start is of no use. */
export function lacksCatalogue({ tables }: Lack): boolean {
  return tables.some((name) => CATALOGUE.includes(name));
}

/** The bot can work with no such database. */
export class DatabaseLacks extends DatabaseUnfit {
  readonly lack: Lack;
  /** What stands before the lack. */
  readonly first: string;
  constructor(lack: Lack, first = '', stored?: LastStored) {
    super(`${first}${tellLack(lack, stored)}`);
    this.lack = lack;
    this.first = first;
  }
}

/** What is missing and what to do, for people. */
export function tellLack(lack: Lack, stored?: LastStored): string {
  const shown = lack.findings.slice(0, SHOWN);
  const more = lack.findings.length > SHOWN ? `; and ${lack.findings.length - SHOWN} more` : '';
  return `the database is not whole: ${shown.join('; ')}${more}; ${wayBack(lack, stored)}`;
}

/** The last moment of before the loss that change files reach. */
export interface LastStored {
  /** For `--at`. */
  readonly at: string;
  /** For people. */
  readonly shown: string;
  /** The history and the bucket that bring it, as options, each behind a space; or nothing. */
  readonly from: string;
}

/** What to do about it. Without change files a backup is all there is. */
export function wayBack(lack: Lack, stored?: LastStored): string {
  const renames = lack.findings.flatMap((finding) => {
    const [, table, name] = RENAMED.exec(finding) ?? [];
    return table === undefined ? [] : [`ALTER TABLE ${name} RENAME TO ${table}`];
  });
  // Its rows are all there. A restore would take older ones, and meet its indexes under the other
  // name.
  if (renames.length > 0) {
    const rest = renames.length < lack.findings.length ? ', then see what is left of it' : '';
    return `stop the bot and give the table its name again, with this SQL in the database (nothing is lost)${rest}: ${renames.join('; ')}`;
  }
  // Who ships changes makes them again, and a full backup: no row of the bot's is in them.
  if (lack.tables.length > 0 && lack.tables.every(isOfLog))
    return `the bot makes that again by itself, with a full backup, and nothing else is lost; where none runs: npm run backup -- changes ship, and then npm run backup -- full`;
  const isAll =
    lack.tables.length === 0 ||
    // As of a minute ago its parts fit the anime of now; as of last night they may not.
    (stored === undefined ? lacksCatalogue(lack) : lack.tables.includes('anime')) ||
    lack.tables.some((name) => NOT_ADVISED_ALONE.test(name));
  const from = stored === undefined ? 'latest' : `--at ${stored.at}`;
  const way = `npm run backup -- restore ${from} ${isAll ? '--replace' : `--only ${lack.tables.join(',')}`}${stored?.from ?? ''}`;
  const what =
    stored === undefined
      ? 'bring back what a backup has of it'
      : `bring it back as it was at ${stored.shown}`;
  const byHand =
    lack.mend === undefined ? '' : `, or keep what is there and run this SQL in it: ${lack.mend}`;
  return `stop the bot and ${what}: ${way} (docs/operations.md, "A table is gone")${byHand}`;
}

/** The same where everything is gone. Without change files a backup is all there is. */
export function bringBack(stored: LastStored | undefined): string {
  return stored === undefined
    ? 'bring back the newest backup: npm run backup -- restore latest'
    : `bring back all that is stored, up to ${stored.shown}: npm run backup -- restore --at ${stored.at}${stored.from}`;
}

const SHOWN = 5;

/** One of the change log's own tables, which are made again by themselves. */
export function isOfLog(table: string): boolean {
  return /^change_(log|state)$/.test(table);
}

/** What no advice names behind `--only`: it is several tables, or the backups' own record. */
const NOT_ADVISED_ALONE = /^(backup_|change_(log|state)$|schema_migrations|anime_(search|words|gram))/;
