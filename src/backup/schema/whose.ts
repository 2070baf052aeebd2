/**
 * Whether a database is the bot's, by its tables: a restore of another program's would end the bot,
 * and a backup of it (an empty file, a wrong DATABASE_URL) would look like safety. Pure.
 */
import type { SnapshotSink, TableInfo } from '../model/model.ts';

/** The bot's from its first day; no other program is likely to have one. */
const OURS = ['anime', 'anime_parts'];
/** Beside them: enough to be worth a backup, too little to replace the bot's database with. */
const PERHAPS_OURS = [...OURS, 'users', 'groups', 'anime_groups', 'mandatory_channels', 'user_history'];
/** Tables named to people. */
const SHOWN = 8;

/** What the database has instead of the bot's tables, for people; undefined for the bot's own. */
function strangerOf(names: readonly string[], ours: readonly string[]): string | undefined {
  const found = new Set(names.map((name) => name.toLowerCase()));
  if (ours.some((name) => found.has(name))) return undefined;
  const more = names.length > SHOWN ? `, … ${names.length} in all` : '';
  return names.length === 0 ? 'it has no tables' : `its tables: ${names.slice(0, SHOWN).join(', ')}${more}`;
}

/** @throws when the source is not the bot's. */
export function refuseOthers({
  tables,
  origin,
}: {
  readonly tables: readonly { readonly table: string; readonly kind: TableInfo['kind'] }[];
  readonly origin: string;
}): void {
  const has = strangerOf(
    tables.filter(({ kind }) => kind === 'table').map(({ table }) => table),
    OURS,
  );
  if (has === undefined) return;
  throw new Error(
    `${origin} is not the bot's database (${has}): nothing was changed; --any-schema restores it all the same`,
  );
}

/** The database to be backed up has none of the bot's tables: no attempt makes that better. */
class NotOurs extends Error {
  override readonly name = 'NotOurs';
  readonly isFinal = true;
}

/** Of a failed run, or what caused its failure. */
export function isNotOurs(error: unknown): boolean {
  for (let at = error; at instanceof Error; at = at.cause) if (at instanceof NotOurs) return true;
  return false;
}

/** Reads nothing; refuses a database that is not the bot's before anything of it is stored. */
export function onlyOursSink(): SnapshotSink {
  return {
    begin({ tables }) {
      const has = strangerOf(
        tables.filter(({ kind }) => kind === 'table').map(({ name }) => name),
        PERHAPS_OURS,
      );
      if (has !== undefined)
        throw new NotOurs(
          `this is not the bot's database (${has}), so nothing was backed up: look at DATABASE_URL; if the bot's data is gone, \`npm run backup -- list\` names what brings it back`,
        );
    },
    targets: () => [],
    beginScan() {},
    rows() {},
    endScan() {},
    async finish() {},
  };
}
