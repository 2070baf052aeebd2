/** One line of how far back, and how finely, one can go. */
import type { BackupEntry } from '../../backup/catalog/entry.ts';
import { lagSeconds, type Peek, peek, pending } from '../../backup/changes/peek.ts';
import { MOST_PAGES, type Reach } from '../../backup/changes/reach.ts';
import type { Services } from '../../bot/services.ts';
import { describeError } from '../../lib/log.ts';
import type { Texts } from '../../locales/index.ts';
import { type Html, html } from '../../text/html.ts';
import { localTime } from '../../text/times.ts';

/** Backups that the line is told by: as many as a page of /backups shows. */
export const NEWEST = 6;
/** The database, the names of backups, their manifests, and the names of change files. */
export const REACH_REQUESTS: number = 1 + 1 + NEWEST + MOST_PAGES;

/** The line behind a backup that was just made, which nothing of it may spoil. */
export async function reachNow(
  services: Pick<Services, 'backups' | 'recordsChanges' | 'db' | 'log'>,
  words: { readonly t: Texts; readonly zone: string },
): Promise<Html[]> {
  if (services.recordsChanges === undefined) return [];
  try {
    const [found] = await services.db.read([peek]);
    const { entries } = await services.backups.list({ limit: NEWEST, isMade: true });
    return await reachLine(services, found, entries, words);
  } catch (error) {
    services.log.warn('reach of changes not told', { error: describeError(error) });
    return [];
  }
}

/**
 * @param found read before the bucket was asked for `entries`, the newest backups
 * @param zone in which people read times
 */
export async function reachLine(
  { backups, recordsChanges }: Pick<Services, 'backups' | 'recordsChanges'>,
  found: Peek | undefined,
  entries: readonly BackupEntry[],
  { t, zone }: { readonly t: Texts; readonly zone: string },
): Promise<Html[]> {
  if (recordsChanges === undefined || entries.length === 0) return [];
  if (!recordsChanges) return [html`\n🕰 ${t.admin.backup.reachOff()}`];
  const { text } = told(found, found && (await backups.reach(found.state, entries)), { t, zone });
  return [html`\n🕰 ${text}`];
}

/**
 * For /test: the newest backup usually tells; if not, all are asked that /backups asks. `goesOn`:
 * what is stored from now on can be brought back.
 */
export async function reachForTest(
  { backups }: Pick<Services, 'backups'>,
  found: Peek | undefined,
  words: { readonly t: Texts; readonly zone: string },
): Promise<{ readonly text: Html; readonly goesOn: boolean }> {
  for (const limit of [1, NEWEST]) {
    const { entries } = await backups.list({ limit, isMade: true });
    const reach = found && (await backups.reach(found.state, entries));
    if (limit === NEWEST || (reach !== undefined && reach.to === undefined)) return told(found, reach, words);
  }
  return told(found, undefined, words);
}

function told(
  found: Peek | undefined,
  reach: Reach | undefined,
  { t, zone }: { readonly t: Texts; readonly zone: string },
): { readonly text: Html; readonly goesOn: boolean } {
  const { backup } = t.admin;
  if (found === undefined || reach === undefined) return { text: backup.reachNone(), goesOn: false };
  const { since, to, before } = reach;
  const text = backup.reach({
    since: localTime(since, zone),
    to: to === undefined ? null : localTime(to, zone),
    before: before === undefined ? null : t.momentTrouble(before),
    pending: pending(found),
    minutes: Math.floor(lagSeconds(found) / 60),
  });
  return { text, goesOn: to === undefined };
}
