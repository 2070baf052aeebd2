/** Where the newest backup is another bot's, it is no safety for this one. */
import type { Bucket } from '../backup/catalog/bucket.ts';
import type { BackupEntry } from '../backup/catalog/entry.ts';
import type { Newest } from '../backup/catalog/list.ts';
import { botText, type ManifestBot } from '../backup/catalog/whose-bot.ts';
import type { Living } from '../backup/changes/living.ts';
import { botIdentity } from '../db/bot-identity.ts';
import { formatDuration } from '../text/format.ts';
import { livingOf } from './moment.ts';
import { askLiving, type Session } from './session.ts';

/** Whose the newest is, unless the living database itself knows that bot as its own. */
export async function takenOf(
  session: Session,
  { entry, taken }: Pick<Newest, 'entry' | 'taken'>,
  living: Living | undefined,
): Promise<ManifestBot | undefined> {
  if (taken === undefined || session.bucket.bot === undefined) return undefined;
  if (living !== undefined && entry?.manifest?.changes?.timeline === living.state.timeline) return undefined;
  const [identity] = (await askLiving(session, (db) => db.read([botIdentity()]))) ?? [];
  return identity?.id === taken.id || identity?.movedFrom === taken.username ? undefined : taken;
}

/** {@link takenText}, of what a command took for the newest; undefined: it is this bot's own. */
export async function ofAnotherBot(
  session: Session,
  newest: Pick<Newest, 'entry' | 'taken'>,
  { store: { description } }: Pick<Bucket, 'store'>,
  now: Date,
): Promise<string | undefined> {
  if (newest.entry === undefined || newest.taken === undefined) return undefined;
  const taken = await takenOf(session, newest, await livingOf(session));
  return taken && takenText(newest.entry, taken, { what: 'what was taken', where: description, now });
}

/** For people. */
export function takenText(
  { name, time }: BackupEntry,
  taken: ManifestBot,
  { what, where, now }: { readonly what: string; readonly where: string; readonly now: Date },
): string {
  const age = formatDuration(now.getTime() - time.getTime());
  return `no backup in ${where} is of the bot whose BOT_TOKEN is set; ${what}, ${name} (${age} old), is of ${botText(taken)}. Where this bot has a database: npm run backup -- full. Where it takes that one’s place (a new token): npm run backup -- restore --at 0m`;
}
