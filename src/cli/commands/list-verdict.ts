import { type BackupEntry, damageOf } from '../../backup/catalog/entry.ts';
import type { backupHealth } from '../../backup/catalog/health.ts';
import { botText, type ManifestBot } from '../../backup/catalog/whose-bot.ts';
import { ledgerTriggerIn } from '../../backup/schema/ledger-triggers.ts';
import { bringBack, type LastStored, tellLack } from '../../db/lack-words.ts';
import type { Lack } from '../../db/own-schema.ts';
import { formatDuration } from '../../text/format.ts';
import { mendOf } from '../damage-advice.ts';
import { takenText } from '../of-another-bot.ts';
import type { FullerBackup } from '../other-bucket.ts';
import type { Colors } from '../terminal.ts';

/** What decides whether the owner is safe. */
export interface Standing {
  readonly where: string;
  /** Of a directory that is not there. */
  readonly absence: string | undefined;
  /** Backups that lie beside it, and what to do, where none is in it. */
  readonly near: string | undefined;
  /** The newest good one that the other bucket alone has. */
  readonly elsewhere: BackupEntry | undefined;
  /** Whose that is, where it is another bot's. */
  readonly elsewhereOf: ManifestBot | undefined;
  /** What `restore` takes to bring the changes behind that, too; undefined: there are none. */
  readonly further: string | undefined;
  /** Whose all of them are, where none is of the bot whose token is set, nor of its database. */
  readonly taken: ManifestBot | undefined;
  readonly health: ReturnType<typeof backupHealth>;
  /** A verified one that is dated in the future. */
  readonly ahead: BackupEntry | undefined;
  /** The verified ones are not encrypted, as the settings want. */
  readonly isPlain: boolean;
  /** How a backup is made that counts. */
  readonly make: string;
  /** The newest finished one, where it is damaged. */
  readonly damaged: BackupEntry | undefined;
  /** The newest one on record, where the bucket lost it or lets nobody read it. */
  readonly lost: { readonly name: string; readonly problem: string; readonly isLost?: true } | undefined;
  /** Found the database damaged, and made no backup; `isNow`: it is the file, looked at now. */
  readonly failedRun: { readonly name: string; readonly problem: string; readonly isNow?: true } | undefined;
  /** What the living database lacks. */
  readonly lack: Lack | 'all' | undefined;
  /** One before the newest, which holds far more. */
  readonly fuller: FullerBackup | undefined;
  /** That the living database holds as much as that, in words. */
  readonly held: string | undefined;
  /** The file is not there, so no backup of it can be made; another line says what to do. */
  readonly isGone: boolean;
  /** The path of the database file, where it is not there and nothing of it is kept. */
  readonly missing: string | undefined;
  /** The database answers, and nothing of the bot's is missing in it. */
  readonly isAlive: boolean;
  /** The newest one, where no key that is set opens it; `opening`: the newest that one does. */
  readonly unopened:
    | { readonly name: string; readonly problem: string; readonly opening: string | undefined }
    | undefined;
  /** What change files behind the newest verified one reach. */
  readonly stored: LastStored | undefined;
  readonly now: Date;
  readonly maxAgeHours: number;
}

/**
 * The one line that matters: Safe or Not safe, why, and what to do. `isTold`: another line before
 * it says why the owner is not safe, so it says how old the backup is, and calls nothing safe.
 */
export function verdict(
  colors: Colors,
  entries: readonly BackupEntry[],
  newest: BackupEntry | undefined,
  standing: Standing,
  isTold: boolean,
): string {
  const { damaged, lost, failedRun, stored, isGone } = standing;
  const unlessGone = (advice: string): string => (isGone ? '' : advice);
  const whatToDo =
    standing.near !== undefined && (damaged ?? failedRun) === undefined
      ? ` But ${standing.near}`
      : unlessGone(
          damaged !== undefined
            ? ` ${adviceOn(damaged, stored)}`
            : failedRun !== undefined
              ? ` ${mend(failedRun.problem, stored)}`
              : standing.missing === undefined
                ? ` Make one: ${standing.make}`
                : ` Nor is there a database to make one of, ${standing.missing}: ${BEGIN}`,
        );
  // It says itself who has to be given the right.
  const isDenied = lost?.problem.includes('the right to') === true;
  const gone =
    lost &&
    (lost.isLost === true
      ? `the newest backup, ${lost.name}, is lost: ${lost.problem}, and this program did not remove it`
      : `the newest backup, ${lost.name}, cannot be read: ${lost.problem}`);
  if (newest === undefined) {
    const none =
      entries.length === 0
        ? 'there is no backup in'
        : standing.ahead !== undefined
          ? `a wrong clock dated ${standing.ahead.name} in the future, so nobody can tell how old it is, and no other backup is verified in`
          : standing.isPlain
            ? 'no verified backup is encrypted, although a key is set, in'
            : 'no backup is verified in';
    const why = gone === undefined ? '' : `; ${gone}`;
    const { elsewhere, elsewhereOf, absence } = standing;
    const whose =
      elsewhereOf === undefined
        ? ''
        : `, of the bot ${botText(elsewhereOf)}, and BOT_TOKEN is of another one`;
    // A restore would take away what the database holds since.
    const todo = standing.isAlive
      ? `The database is there: ${absence === undefined ? '' : 'mount the disk, or set another place, then '}make a backup of it: ${standing.make}`
      : `To bring that back${standing.further === undefined ? '' : ', and the changes behind it'}: npm run backup -- restore ${standing.further ?? 'latest'}`;
    if (elsewhere !== undefined)
      return `${colors.red(colors.bold('Not safe:'))} ${none} ${standing.where}${absence === undefined ? '' : ', which is not there'}${why}; the other bucket has ${elsewhere.name}${whose}. ${todo}`;
    if (absence !== undefined && standing.missing !== undefined)
      return `${colors.red(colors.bold('Not safe:'))} ${none} ${standing.where}, which is not there, and neither is the database, ${standing.missing}: ${BEGIN}, or mount the disk`;
    return absence === undefined
      ? `${colors.red(colors.bold('Not safe:'))} ${none} ${standing.where}${why}.${whatToDo}`
      : `${colors.red(colors.bold('Not safe:'))} ${none} ${standing.where}, ${absence}${why}`;
  }
  const age = formatDuration(standing.now.getTime() - newest.time.getTime());
  if (standing.taken !== undefined)
    return unsafeLine(
      colors,
      takenText(newest, standing.taken, {
        what: 'the newest verified one',
        where: standing.where,
        now: standing.now,
      }),
    );
  if (damaged !== undefined)
    return `${colors.red(colors.bold('Not safe:'))} the newest backup, ${damaged.name}, is damaged; the newest verified one, ${newest.name}, is ${age} old.${whatToDo}`;
  if (lost?.name === newest.name)
    return `${colors.red(colors.bold('Not safe:'))} ${gone}. Then look again: npm run backup -- list`;
  if (gone !== undefined && lost?.isLost !== true)
    return `${colors.red(colors.bold('Not safe:'))} ${gone}; the newest that can be, ${newest.name}, is ${age} old.${unlessGone(isDenied ? ' Then look again: npm run backup -- list' : ` Make a new one: ${standing.make}`)}`;
  if (gone !== undefined)
    return `${colors.red(colors.bold('Not safe:'))} ${gone}; the newest verified one, ${newest.name}, is ${age} old.${unlessGone(` Make a new one: ${FULL}; then see why: docs/operations.md, "A backup is damaged".`)}`;
  if (failedRun?.isNow === true)
    return `${colors.red(colors.bold('Not safe:'))} the database file ${failedRun.name} is damaged (${failedRun.problem}); the newest verified backup, ${newest.name}, is ${age} old.${whatToDo}`;
  if (failedRun !== undefined)
    return `${colors.red(colors.bold('Not safe:'))} ${failedRun.name} found the database damaged and made no backup (${failedRun.problem}); the newest verified one, ${newest.name}, is ${age} old.${whatToDo}`;
  if (standing.unopened !== undefined) {
    const { name, problem, opening } = standing.unopened;
    const older =
      opening === undefined ? 'no other one opens, either' : `the newest that opens is ${opening}`;
    return `${colors.red(colors.bold('Not safe:'))} the newest backup, ${name}, does not open with what is set: ${problem}; ${older}.${unlessGone(` If the key that is set is the right one, make a new backup: ${FULL}`)}`;
  }
  const { fuller, held, lack } = standing;
  if (lack === 'all')
    return `${colors.red(colors.bold('Not safe:'))} the database is empty, and the newest verified backup, ${newest.name}, is ${age} old. To ${bringBack(stored)}`;
  if (lack !== undefined)
    return `${colors.red(colors.bold('Not safe:'))} ${tellLack(lack, stored)}. The newest verified backup, ${newest.name}, is ${age} old.`;
  if (fuller !== undefined && held !== undefined)
    return `${colors.red(colors.bold('Not safe:'))} ${fuller.why}. ${held}, so restore nothing: ${FULL}`;
  if (fuller !== undefined)
    return `${colors.red(colors.bold('Not safe:'))} ${fuller.why}. Was an empty database begun after a loss, or was that deleted on purpose? To bring it back: npm run backup -- restore ${fuller.entry.name}${fuller.isElsewhere ? ' --from copy' : ''} --replace`;
  const made = `newest verified backup is ${age} old`;
  if (standing.health.ok && isTold) return `The ${made}.${unlessGone(before(newest))}`;
  if (standing.health.ok) return `${colors.green(colors.bold('Safe:'))} the ${made}.${before(newest)}`;
  return `${colors.red(colors.bold('Not safe:'))} the ${made}, over ${standing.maxAgeHours} h.${unlessGone(` Make one: ${standing.make}; then see why the schedule did not.`)}`;
}

export function unsafeLine(colors: Colors, why: string): string {
  return `${colors.red(colors.bold('Not safe:'))} ${why}`;
}

/** A backup made before a change of the database has nothing of the change. */
function before({ manifest }: BackupEntry): string {
  const trigger = manifest?.trigger;
  return trigger === 'import' || trigger === 'restore'
    ? ` It was made before ${trigger === 'import' ? 'an import' : 'a restore'}; if that was done, it has nothing of what that brought: ${FULL}`
    : '';
}

/** Where nothing is here yet, or the settings name another place. */
const BEGIN = 'start the bot once, or set DATABASE_URL and BACKUP_DIR to where they are';

export const FULL = 'npm run backup -- full';

function mend(damage: string, stored: LastStored | undefined): string {
  return `What to do: ${mendOf(damage, stored)}. Once the database is mended or restored: ${FULL}`;
}

/** Damaged itself, or of a damaged database, or of one that a restore replaced. */
function adviceOn({ concerns, manifest, problem = '' }: BackupEntry, stored: LastStored | undefined): string {
  const trigger = ledgerTriggerIn(problem);
  if (trigger !== undefined) return `T${trigger.slice(1)}: ${FULL}`;
  if (concerns === 'files')
    return `Its stored files are at fault, not the database. Make a new one: ${FULL}; then see why: docs/operations.md, "A backup is damaged".`;
  if (manifest?.trigger === 'restore')
    return `It keeps the damaged database that a restore set out to replace. Once that is done, make a backup of what is there now: ${FULL}`;
  return mend((manifest && damageOf(manifest)) ?? problem, stored);
}
