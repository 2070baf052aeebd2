/** Whether a database is the bot's, by its tables: a restore of another program's would end the bot. Pure. */
import type { RestoreSource } from './source.ts';

/** The bot's from its first day; every database of its has the first one. */
const FIRST = 'anime';
const OTHERS = ['anime_parts', 'users', 'groups'];
/** Tables named to people. */
const SHOWN = 8;

/** @throws when the source is not the bot's. */
export function refuseOthers({ tables, origin }: Pick<RestoreSource, 'tables' | 'origin'>): void {
  const names = tables.filter(({ kind }) => kind === 'table').map(({ table }) => table);
  const found = new Set(names.map((name) => name.toLowerCase()));
  if (found.has(FIRST) && OTHERS.some((name) => found.has(name))) return;
  const more = names.length > SHOWN ? `, … ${names.length} in all` : '';
  const has =
    names.length === 0 ? 'it has no tables' : `its tables: ${names.slice(0, SHOWN).join(', ')}${more}`;
  throw new Error(
    `${origin} is not the bot's database (${has}): nothing was changed; --any-schema restores it all the same`,
  );
}
