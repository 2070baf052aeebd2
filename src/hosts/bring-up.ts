/** Before the first work: the schema is brought up to date, and what is odd about it is told. */
import { ensureTriggers, removeTriggers } from '../backup/changes/ensure-triggers.ts';
import { meetBot } from '../db/bot-identity.ts';
import type { Database } from '../db/database.ts';
import { DatabaseLacks, isOfLog, tellLack } from '../db/lack-words.ts';
import { migrate, schemaName } from '../db/migrate.ts';
import { lackNow } from '../db/own-schema.ts';
import { backUpBeforeMigration } from './host-backups.ts';
import type { Host, HostParts } from './host-parts.ts';

interface Means {
  /** With its writes watched. */
  readonly db: Database;
  readonly backUp: Host['runBackup'];
  /** For a run that is in the way of the backup before a migration. */
  readonly waits: boolean;
}

type Report = Awaited<ReturnType<typeof migrate>>;

export async function bringUpToDate(parts: HostParts, means: Means): Promise<void> {
  const { me, now, log, changes } = parts;
  const { db } = means;
  const report = await migrated(parts, means);
  for (const note of report.notes) log.warn('database', { note });
  // A Worker is ready in a moment: its tick does it, unless this is the moment of a change.
  if (changes !== undefined && (changes.hasTimer || report.from !== report.to)) {
    const { db: plain, source } = changes.shipping;
    await (changes.isOn ? ensureTriggers(plain, source) : removeTriggers(plain, source));
  }
  const lack = await toldLack(parts, db, report);
  if (report.from !== report.to) log.info('migrated', { from: schemaName(report.from), to: report.to });
  // A table that is missing was told above, and keeps nobody from starting.
  const old = lack === undefined ? await meetBot(db, me, now()) : undefined;
  if (old !== undefined)
    log.warn('the token is another bot’s: the database moves to it', {
      from: old.username,
      to: me.username,
      read: 'docs/operations.md, "The bot was banned"',
    });
}

function migrated(parts: HostParts, { db, backUp, waits }: Means): Promise<Report> {
  return migrate(db, {
    now: parts.now,
    backup: () => backUpBeforeMigration(backUp, parts, waits),
    beforeFirst: parts.beforeFirst,
    ...(parts.takeOver === undefined ? {} : { takeOver: parts.takeOver }),
  }).catch(async (error: unknown) => {
    if (!(error instanceof DatabaseLacks)) throw error;
    throw new DatabaseLacks(error.lack, error.first, await parts.lastStored?.());
  });
}

/** What the database lacks still. */
async function toldLack(
  { log, changes, lastStored }: HostParts,
  db: Database,
  report: Report,
): Promise<Report['lack']> {
  // The change log's own tables were made again.
  const isMended = report.lack?.tables.some(isOfLog) === true && changes?.isOn === true;
  const lack = isMended ? await lackNow(db) : report.lack;
  if (report.lack !== undefined && lack === undefined)
    log.warn('database', {
      note: `${report.lack.findings.join('; ')}: made again, and a full backup follows`,
    });
  if (lack !== undefined) log.error('database incomplete', { message: tellLack(lack, await lastStored?.()) });
  return lack;
}
