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

/** What to do about it. */
export function wayBack(lack: Lack): string {
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
    lacksCatalogue(lack) ||
    lack.tables.some((name) => NOT_ADVISED_ALONE.test(name));
  const way = isAll
    ? 'npm run backup -- restore latest --replace'
    : `npm run backup -- restore latest --only ${lack.tables.join(',')}`;
  const byHand =
    lack.mend === undefined ? '' : `, or keep what is there and run this SQL in it: ${lack.mend}`;
  return `stop the bot and bring back what a backup has of it: ${way} (docs/operations.md, "The database file is damaged")${byHand}`;
}

const SHOWN = 5;

/** What no advice names behind `--only`: it is several tables, or the backups' own record. */
const NOT_ADVISED_ALONE = /^(backup_|schema_migrations|anime_(search|words|gram))/;
