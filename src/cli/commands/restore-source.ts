/** What a restore brings back: a backup by name or `latest`, a file, or a moment. */
import { existsSync, statSync } from 'node:fs';
import { type Bucket, nowOf } from '../../backup/catalog/bucket.ts';
import type { BackupEntry } from '../../backup/catalog/entry.ts';
import { listBackups } from '../../backup/catalog/list.ts';
import { madeLater } from '../../backup/catalog/lost-backup.ts';
import { latestBackup } from '../../backup/catalog/newest.ts';
import { isAhead } from '../../backup/catalog/true-time.ts';
import { botText, type ManifestBot } from '../../backup/catalog/whose-bot.ts';
import type { RestoreFrom } from '../../backup/restore/source.ts';
import { copyMoment } from '../../text/moment.ts';
import { type Invocation, UsageError } from '../command.ts';
import { heldNow } from '../living-rows.ts';
import { pointLine, resolveMoment } from '../moment.ts';
import type { Asked } from '../moment-options.ts';
import { fullerBefore } from '../other-bucket.ts';
import type { Session } from '../session.ts';
import { resolveAnywhere, takenLine } from '../target.ts';

export interface Source {
  readonly from: RestoreFrom;
  readonly passedOver: readonly string[];
  /** Whose it is, where nobody named it and no backup there is of the bot whose token is set. */
  readonly taken?: ManifestBot | undefined;
}

export async function resolvePoint(invocation: Invocation, asked: Asked): Promise<Source> {
  const point = await resolveMoment(invocation, asked);
  const { terminal, session } = invocation;
  terminal.say(pointLine(invocation, point));
  // By the time of the next command ten minutes ago is another moment.
  terminal.say(`  to name it again: --at ${copyMoment(point.time, session.config.timeZone)}`);
  const { taken } = point;
  const from = { kind: 'point', point } as const;
  return { from, passedOver: taken === undefined ? [] : [takenLine('it', taken, session.bucket)], taken };
}

export async function resolveSource({ session }: Invocation, text: string): Promise<Source> {
  if (existsSync(text) && statSync(text).isFile())
    return { from: { kind: 'file', path: text }, passedOver: [] };
  if (/[/\\]|\.(db|json|gz|age)$/.test(text) && !existsSync(text) && text.startsWith('.'))
    throw new UsageError(`file ${text} does not exist`);
  const { entry, passedOver, taken } = await resolveAnywhere(session, text);
  const from = { kind: 'backup', entry } as const;
  if (text !== 'latest') return { from, passedOver };
  await refuseDenied(session.bucket, entry);
  const fuller = await fullerLine(session, entry);
  return { from, passedOver: fuller === undefined ? passedOver : [...passedOver, fuller], taken };
}

/** So many backups before it are looked at: a month of them. */
const LOOKED_AT = 40;

/** That one before it holds far more, in either bucket; undefined also where nobody can tell. */
async function fullerLine(session: Session, entry: BackupEntry): Promise<string | undefined> {
  const { bucket } = session;
  const other = session.readsCopy || session.from !== undefined ? undefined : await session.copy();
  const [entries, there] = await Promise.all(
    [bucket, other].map(async (one) => {
      if (one === undefined) return [];
      const listed = await listBackups(one, { limit: LOOKED_AT, isMade: true }).catch(() => undefined);
      return listed?.entries ?? [];
    }),
  );
  const known = new Set(entries?.map(({ name }) => name));
  const only = (there ?? []).filter(({ name }) => !known.has(name));
  const fuller = fullerBefore(entry, { entries: entries ?? [], only }, bucket.bot);
  if (fuller === undefined) return undefined;
  const from = fuller.isElsewhere ? ' --from copy' : '';
  const held = await heldNow(session, fuller);
  if (held !== undefined) return `${fuller.why}. ${held}`;
  return `${fuller.why}: \`restore ${fuller.entry.name}${from} --replace\` takes that`;
}

/**
 * A sentence when a later backup than this one was made, which a wrong clock dated earlier. Closes
 * the database again: the restore opens it where it needs it.
 */
export async function laterThan(session: Session, { name }: BackupEntry): Promise<string | undefined> {
  try {
    return await madeLater(session.bucket, async () => (await session.backup()).ledger, name);
  } finally {
    await session.close();
  }
}

/** The newest may be good and an older one hold far less: without a right nothing is restored. */
async function refuseDenied(bucket: Bucket, { name }: BackupEntry): Promise<void> {
  const denied = (await latestBackup(bucket)).newer.find(
    ({ isDenied, time }) => isDenied === true && !isAhead(time, nowOf(bucket)),
  );
  if (denied === undefined) return;
  throw new Error(
    `${denied.name} is newer than ${name} and cannot be read: ${denied.problem}; then restore again. Nothing was changed. To take the older one all the same: npm run backup -- restore ${name}`,
  );
}

/** A stranger's catalogue becomes a bot's own only where a person says so. @throws UsageError */
export async function requireMeant(
  { terminal, session, yes }: Invocation,
  { from, taken }: Source,
): Promise<void> {
  const { bot, store } = session.bucket;
  if (taken === undefined || bot === undefined || yes) return;
  const whose = `${sourceName(from)} is of the bot ${botText(taken)}, and BOT_TOKEN is of another one, ${bot}`;
  if (await terminal.confirm(`${whose}. It would become this bot’s database.`, 'restore')) return;
  throw new UsageError(
    `${whose}: nothing was changed. Does this bot take that one’s place (a new token)? The same command with --yes. Else these are not its backups: look at the setting that names ${store.description}`,
  );
}

/** For a sentence about it. */
export function sourceName(from: RestoreFrom): string {
  if (from.kind === 'point') return `the state of ${from.point.time.toISOString()}`;
  return from.kind === 'file' ? from.path : from.entry.name;
}
