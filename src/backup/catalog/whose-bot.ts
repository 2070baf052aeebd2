/**
 * Whose backups lie in a bucket that bots share: a manifest names the bot that the database
 * belonged to. A database that moved to another bot names the one before, too, and what that one
 * made is its own. Pure.
 */
import type { BackupEntry } from './entry.ts';
import type { Manifest } from './manifest.ts';

export type ManifestBot = NonNullable<Manifest['bot']>;

type Named = Pick<BackupEntry, 'manifest'>;

/** Bots that had one database after another. */
export interface Kin {
  /** Hears of a bot that may be kin. */
  meet(bot: ManifestBot | undefined): void;
  /** One that a manifest without a bot is of, nobody knows: it counts as ours. */
  isStranger(entry: Named): boolean;
}

/** @param id of the bot whose token is set; undefined: nobody is a stranger */
export function kinOf(id: number | undefined): Kin {
  const ids = new Set([id]);
  const names = new Set<string>();
  const isKin = (bot: ManifestBot): boolean => ids.has(bot.id) || names.has(bot.username);
  return {
    meet(bot) {
      if (bot === undefined || !isKin(bot)) return;
      ids.add(bot.id);
      if (bot.before !== undefined) names.add(bot.before);
    },
    isStranger: ({ manifest }) => id !== undefined && manifest?.bot !== undefined && !isKin(manifest.bot),
  };
}

/** Backups by the database that they are of; those that name no bot are left out. */
export function familiesOf<Entry extends Named>(entries: readonly Entry[]): Entry[][] {
  const families: Entry[][] = [];
  let rest = entries.filter(({ manifest }) => manifest?.bot !== undefined);
  while (rest.length > 0) {
    const kin = kinOf(rest[0]?.manifest?.bot?.id);
    // A move may be told by a backup that stands before or behind.
    for (let known = -1, found = 0; found !== known; ) {
      known = found;
      for (const { manifest } of rest) kin.meet(manifest?.bot);
      found = rest.filter((entry) => !kin.isStranger(entry)).length;
    }
    families.push(rest.filter((entry) => !kin.isStranger(entry)));
    rest = rest.filter((entry) => kin.isStranger(entry));
  }
  return families;
}

/** Those of other bots; none where all that name a bot are of one: its token may be a new one. */
export function ofOtherBots<Entry extends Named>(
  id: number | undefined,
  entries: readonly Entry[],
): ReadonlySet<Entry> {
  const families = familiesOf(entries);
  if (id === undefined || families.length < 2) return new Set();
  return new Set(
    families.filter((family) => !family.some(({ manifest }) => manifest?.bot?.id === id)).flat(),
  );
}

/** For people. */
export function botText(bot: ManifestBot): string {
  return `@${botName(bot)} (${bot.id})`;
}

/** Telegram's have 32 characters; somebody may have written more into the bucket. */
export function botName({ username }: Pick<ManifestBot, 'username'>): string {
  return username.slice(0, 64);
}
