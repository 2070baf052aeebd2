/** Which steps a database went through, whatever its record of them says. Pure. */
import { greatest } from '../lib/extremes.ts';
import { migrations } from './migrations/all-migrations.ts';
import type { ExistingTables } from './migrations/migration.ts';
import { type OwnColumn, type OwnSchema, ownSchema } from './own-tables.ts';

/** The old Python bot had these too, so they do not tell whose a database is. */
export const OLD_BOTS: readonly string[] =
  'users anime anime_parts groups anime_groups mandatory_channels user_history'.split(' ');

/**
 * A database with these tables is the bot's own even without a record of migrations: another
 * program may have some of them.
 */
const ENOUGH = 5;
/** The same for a step that our record does not have; all of them, where it makes fewer. */
const ENOUGH_OF_LATER = 2;

/** A table of ours, or columns that a later step adds to it: both show that the step was done. */
interface Sign {
  readonly version: number;
  readonly isTable: boolean;
  readonly isThere: boolean;
}

/**
 * The last step after `last` that enough of our tables show; 0: none.
 * @param schemaAt what the first so many steps make
 * @param newest the newest step
 */
export function versionMade(
  found: ExistingTables,
  last: number,
  schemaAt: (version: number) => OwnSchema = ownSchema,
  newest = migrations.length,
): number {
  const signs: Sign[] = [];
  for (let version = last + 1; version <= newest; version += 1)
    signs.push(...signsOf(found, version, schemaAt));
  const ours = signs.filter(({ isThere }) => isThere);
  // A step may make one table only, and later ones were not made yet: each is asked for its own.
  const until = greatest([0, ...ours.map(({ version }) => version)]);
  const made = signs.filter(({ version }) => version <= until);
  // Another program may have a column of our name. A record of ours says that the tables are ours.
  const counted = last === 0 ? ours.filter(({ isTable }) => isTable) : ours;
  const enough = last === 0 ? ENOUGH : Math.min(ENOUGH_OF_LATER, made.length);
  return counted.length < Math.max(1, enough) ? 0 : until;
}

/**
 * Nothing where a step only adds columns to the old bot's tables: an old file may have had them,
 * and such a step adds only those that are not there, so it can be done again.
 */
function signsOf(found: ExistingTables, version: number, schemaAt: (version: number) => OwnSchema): Sign[] {
  const before = schemaAt(version - 1);
  const { tables, virtual } = schemaAt(version);
  return [...tables].flatMap(([name, columns]) => {
    if (OLD_BOTS.includes(name) || virtual.has(name)) return [];
    const known = before.tables.get(name);
    const own = known === undefined ? columns.filter(({ isLater }) => !isLater) : added(columns, known);
    if (known !== undefined && own.length === 0) return [];
    const isThere = found.has(name) && own.every((column) => found.get(name)?.has(column.name));
    return [{ version, isTable: known === undefined, isThere }];
  });
}

function added(columns: readonly OwnColumn[], known: readonly OwnColumn[]): OwnColumn[] {
  const names = new Set(known.map(({ name }) => name));
  return columns.filter(({ name }) => !names.has(name));
}
