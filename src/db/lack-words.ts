/** What a lack of the schema (own-schema.ts) means for people, and the way out. */
import type { Lack } from './own-schema.ts';

/** Without these the bot can answer nobody. */
const CATALOGUE = ['anime', 'anime_parts'];

const RENAMED = /^table (\w+) is missing \((\w+) has its columns\)$/;

/** Nobody can be answered: a start is of no use. */
export function lacksCatalogue({ tables }: Lack): boolean {
  return tables.some((name) => CATALOGUE.includes(name));
}

/** What is missing and what to do, for people. */
export function tellLack(lack: Lack): string {
  const shown = lack.findings.slice(0, SHOWN);
  const more = lack.findings.length > SHOWN ? `; and ${lack.findings.length - SHOWN} more` : '';
  return `the database is not whole: ${shown.join('; ')}${more}; ${wayBack(lack)}`;
}

/** The last moment of before the loss that change files reach. */
export interface LastStored {
  /** For `--at`. */
  readonly at: string;
  /** For people. */
  readonly shown: string;
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
  const isAll =
    lack.tables.length === 0 ||
    // As of a minute ago its parts fit the anime of now; as of last night they may not.
    (stored === undefined ? lacksCatalogue(lack) : lack.tables.includes('anime')) ||
    lack.tables.some((name) => NOT_ADVISED_ALONE.test(name));
  const from = stored === undefined ? 'latest' : `--at ${stored.at}`;
  const way = `npm run backup -- restore ${from} ${isAll ? '--replace' : `--only ${lack.tables.join(',')}`}`;
  const what =
    stored === undefined
      ? 'bring back what a backup has of it'
      : `bring it back as it was at ${stored.shown}`;
  const byHand =
    lack.mend === undefined ? '' : `, or keep what is there and run this SQL in it: ${lack.mend}`;
  return `stop the bot and ${what}: ${way} (docs/operations.md, "A table is gone")${byHand}`;
}

const SHOWN = 5;

/** What no advice names behind `--only`: it is several tables, or the backups' own record. */
const NOT_ADVISED_ALONE = /^(backup_|change_(log|state)$|schema_migrations|anime_(search|words|gram))/;
