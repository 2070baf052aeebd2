/** What a person means by the name of a backup. */
import { bareFile, unpackedFile } from '../backup/catalog/bare-file.ts';
import type { Bucket } from '../backup/catalog/bucket.ts';
import { doubtText } from '../backup/catalog/doubts.ts';
import type { BackupEntry } from '../backup/catalog/entry.ts';
import { findBackup, newestFit, newestVerified, readGroups } from '../backup/catalog/list.ts';
import { nameFromText } from '../backup/catalog/names.ts';
import { isLatest, latestBackup, noLatest, passedOver, tooNewText } from '../backup/catalog/newest.ts';
import { NotHere } from '../backup/catalog/not-here.ts';
import { botText, type ManifestBot } from '../backup/catalog/whose-bot.ts';
import { StoreError } from '../backup/store/types.ts';
import { explain } from '../lib/clock.ts';
import { lyingNear } from './lying-near.ts';
import type { Session } from './session.ts';
import { UsageError } from './usage-error.ts';

/** For the help of every command that takes a backup. */
export const LATEST = 'latest (the newest good one; never the safety backup of a restore)';

/** Of a directory that is not there, behind its name; undefined: it is there. */
export function absence({ store, isCopy }: Bucket): string | undefined {
  if (store.isAbsent?.() !== true) return undefined;
  const [setting, what, command] =
    isCopy === true
      ? ['COPY_DIR', 'the second copy is', `Make one: ${COPY}`]
      : ['BACKUP_DIR', 'the backups are', `Start the bot once, or make one: ${FULL}`];
  return `which is not there. Was none made yet? ${command}. Else mount its disk, or set ${setting} to where ${what}`;
}

/** What to do where no backup is, behind the name of the place. */
export async function noBackupAdvice(bucket: Bucket): Promise<string> {
  const absent = absence(bucket);
  if (absent !== undefined) return `, ${absent}`;
  const near = await lyingNear(bucket);
  if (near !== undefined) return `; ${near}`;
  const make = `: make one with \`${bucket.isCopy === true ? COPY : FULL}\``;
  return bucket.store.kind === 'directory'
    ? `${make}, or set ${bucket.isCopy === true ? 'COPY_DIR' : 'BACKUP_DIR'} to where the backups are`
    : make;
}

const FULL = 'npm run backup -- full';
const COPY = 'npm run backup -- copy';

export interface Resolved {
  readonly entry: BackupEntry;
  /** Newer ones that `latest` does not mean, and why; the command tells them. */
  readonly passedOver: readonly string[];
  /** Whose it is, where `latest` means one of a bot whose token is not the one that is set. */
  readonly taken?: ManifestBot | undefined;
}

/** For people. */
export function takenLine(what: string, taken: ManifestBot, { bot }: Pick<Bucket, 'bot'>): string {
  const why = bot === undefined ? 'BOT_TOKEN is not set' : 'BOT_TOKEN is of another one';
  return `${what} is of the bot ${botText(taken)}, and ${why}`;
}

/**
 * A name, its beginning where only one backup has it, any of its file names, or `latest`.
 * @throws when there is no such backup, with the newest one's name
 */
export async function resolveBackup(bucket: Bucket, text: string): Promise<Resolved> {
  if (text !== 'latest') {
    const entry = await namedBackup(bucket, text);
    const bot = entry.manifest?.bot;
    const isOther = bot !== undefined && bucket.bot !== undefined && bot.id !== bucket.bot;
    const doubt = await bucket.doubt?.(entry);
    const warning = [
      ...(isOther ? [takenLine(entry.name, bot, bucket)] : []),
      ...(doubt === undefined ? [] : [doubtText(entry, doubt)]),
    ];
    return { entry, passedOver: warning };
  }
  const newest = await latestBackup(bucket);
  const newer = passedOver(bucket, newest);
  const { entry, taken } = newest;
  if (entry !== undefined)
    return taken === undefined
      ? { entry, passedOver: newer }
      : { entry, passedOver: [takenLine(entry.name, taken, bucket), ...newer], taken };
  const bare = bareFile(bucket, newest.newer);
  const unpacked = await unpackedFile(bucket, newest.newer);
  const why = noLatest(bucket, newest);
  throw new NoLatest(
    why,
    [
      newest.strangers !== undefined ? why : `${why}${await noBackupAdvice(bucket)}`,
      ...newer.slice(0, SHOWN),
      ...(bare === undefined
        ? []
        : [`The newest file without a manifest can be restored by itself: ${bare}`]),
      ...(unpacked === undefined
        ? []
        : [`The newest one that somebody unpacked there can be restored as a file: ${unpacked}`]),
    ].join('\n'),
  );
}

/** No backup is `latest`; the message has advice as well. */
class NoLatest extends NotHere {
  readonly why: string;
  constructor(why: string, message: string) {
    super(message);
    this.why = why;
  }
}

/**
 * For a restore: `latest` is taken from the second copy where the first bucket does not answer or
 * has none, and nobody named a bucket. Otherwise the second copy is asked for a newer one, which is
 * told and not taken.
 */
export async function resolveAnywhere(session: Session, text: string): Promise<Resolved> {
  if (text !== 'latest' || session.from !== undefined) return resolveBackup(session.bucket, text);
  const copy = await session.copy();
  try {
    const resolved = await resolveBackup(session.bucket, text);
    const newer = copy && (await latestBackup(copy).catch(() => undefined))?.entry;
    if (newer === undefined || newer.time <= resolved.entry.time) return resolved;
    const note = `${newer.name} is newer and in the second copy alone: \`restore ${newer.name} --from copy --replace\` takes it`;
    return { ...resolved, passedOver: [note, ...resolved.passedOver] };
  } catch (error) {
    const found = copy && (await resolveBackup(copy, text).catch(() => undefined));
    if (copy === undefined || found === undefined) throw error;
    await session.readCopy();
    // What to do about the first bucket is another day's matter.
    const [why = ''] = (error instanceof NoLatest ? error.why : explain(error)).split('\n');
    const note = `the first bucket gave no backup (${why}), so this one is from the second copy, ${copy.store.description}`;
    return { ...found, passedOver: [note, ...found.passedOver] };
  }
}

/** The newest older one that `latest` could mean and this program can read. */
export async function olderThan(bucket: Bucket, name: string): Promise<BackupEntry | undefined> {
  const failed = await findBackup(bucket, name);
  if (failed === undefined) return undefined;
  const isOlder = ({ name: other, time }: BackupEntry): boolean => other !== name && time <= failed.time;
  return (
    await newestFit(
      bucket,
      (entry) =>
        isOlder(entry) &&
        isLatest(entry) &&
        tooNewText(entry.manifest ?? { schema_version: null }) === undefined,
    )
  ).entry;
}

async function namedBackup(bucket: Bucket, text: string): Promise<BackupEntry> {
  const name = nameFromText(text) ?? (await completed(bucket, text));
  if (name === undefined)
    throw new UsageError(
      `${text} is not the name of a backup: names look like 20240101_120000, \`list\` shows them; or ${LATEST}`,
    );
  const entry = await findBackup(bucket, name);
  if (entry !== undefined) return entry;
  const newest = await newestVerified(bucket);
  const hint =
    newest !== undefined
      ? `the newest verified one is ${newest.name}`
      : ((await lyingNear(bucket)) ?? 'there is no verified one');
  throw new NotHere(`no backup ${name} in ${bucket.store.description}; ${hint}`, name);
}

/** How many candidates to name for a text that fits many. */
const SHOWN = 5;

/** The only name that begins so: a date may be enough. */
async function completed(bucket: Bucket, text: string): Promise<string | undefined> {
  if (!/^\d{4,8}$|^\d{8}_\d{0,6}$/.test(text)) return undefined;
  const fitting = (await readGroups(bucket)).map(({ name }) => name).filter((name) => name.startsWith(text));
  if (fitting.length === 0) throw new NotHere(`no backup in ${bucket.store.description} begins with ${text}`);
  if (fitting.length === 1) return fitting[0];
  const more = fitting.length > SHOWN ? `, and ${fitting.length - SHOWN} more` : '';
  throw new UsageError(
    `${text} fits ${fitting.length} backups: ${fitting.slice(0, SHOWN).join(', ')}${more}; give more of the name`,
  );
}

/**
 * What to add to a command that failed for want of the first bucket: undefined where the second
 * copy would not help, either, or was asked already.
 */
export async function helpFromCopy(error: unknown, session: Session): Promise<string | undefined> {
  if (session.config.copy === undefined || session.readsCopy || session.from !== undefined) return undefined;
  if (error instanceof StoreError) return 'The second copy may answer: add --from copy';
  if (!(error instanceof NotHere)) return undefined;
  const { backup: wanted } = error;
  const copy = await session.copy().catch(() => undefined);
  if (copy === undefined) return undefined;
  const looked =
    wanted === undefined ? latestBackup(copy).then(({ entry }) => entry) : findBackup(copy, wanted);
  const found = await looked.catch(() => undefined);
  return found && `The second copy has ${found.name}: add --from copy`;
}
