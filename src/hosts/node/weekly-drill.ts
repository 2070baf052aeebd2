import type { Bucket } from '../../backup/catalog/bucket.ts';
import type { DrillRecord } from '../../backup/catalog/drill-record.ts';
import type { BackupEngine } from '../../backup/engine.ts';
import { drill } from '../../backup/restore/drill.ts';
import { type AlertTools, tellOwners } from '../../bot/alerts.ts';
import { systemClock } from '../../lib/clock.ts';
import { type Texts, textsFor } from '../../locales/index.ts';
import type { Config } from '../../settings/config.ts';
import type { Html } from '../../text/html.ts';
import { botKeys } from '../compose.ts';

/** Sundays, away from the nightly backup (docs/spec/backup.md "Commands": weekly). */
export const DRILL_CRON = '30 3 * * 0';

/** A restore nobody tried is a hope. Only the CLI has the key for backups to recipients. */
export async function drillAndTell(
  { backup, defaultLocale }: Pick<Config, 'backup' | 'defaultLocale'>,
  {
    backups,
    bucket,
    told,
  }: { readonly backups: BackupEngine; readonly bucket: Bucket; readonly told: AlertTools },
): Promise<void> {
  if (backup.ageRecipients.length > 0) return;
  const { damaged } = await backups.health();
  const lost = damaged?.isLost === true ? damaged : undefined;
  const { record } = await drill({ bucket, keys: botKeys(backup), clock: systemClock, lost });
  told.log[record.ok ? 'info' : record.opened === false ? 'warn' : 'error']('drill', {
    backup: record.name,
    ok: record.ok,
    ms: record.ms,
  });
  if (!record.ok) await tellOwners(told, drillText(textsFor(defaultLocale), record));
}

function drillText({ frame, backupTrouble }: Texts, { name, opened, problem }: DrillRecord): Html {
  return opened === false
    ? frame.drillSealed(name, problem ?? '')
    : frame.drillFailed(name, backupTrouble(problem ?? ''));
}
