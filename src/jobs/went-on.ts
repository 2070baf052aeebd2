/** The bucket has changes that the database does not have: told once, with the way back. */
import type { Bucket } from '../backup/catalog/bucket.ts';
import { changeState } from '../backup/catalog/change-state.ts';
import { ACCEPT, missedIn } from '../backup/changes/went-on.ts';
import { type AlertTools, tellOwners } from '../bot/alerts.ts';
import { keepWentOn, meantNote, wentOnNote } from '../db/bucket-notes.ts';
import type { Database } from '../db/database.ts';
import { textsFor } from '../locales/index.ts';
import type { LocaleName } from '../settings/config.ts';
import { copyMoment, toTheSecond } from '../text/moment.ts';
import { DEFAULT_TIME_ZONE } from '../text/times.ts';

export interface WentOnTools extends AlertTools {
  readonly db: Database;
  readonly bucket: Bucket;
  readonly now: () => Date;
  readonly defaultLocale: LocaleName;
  readonly timeZone?: string | undefined;
  /** What lies beside the database and holds more still, with what to do. */
  readonly more?: (until: Date) => string | undefined;
}

/** At a start, before anything is shipped, and when shipping meets the other's file. */
export async function tellWentOn({
  db,
  bucket,
  now,
  defaultLocale,
  timeZone = DEFAULT_TIME_ZONE,
  more,
  ...tools
}: WentOnTools): Promise<void> {
  const [state, told, meant] = await db.read([changeState, wentOnNote(), meantNote()]);
  const until = state && (await missedIn(bucket, state, { now: now(), meant }));
  if (until === undefined) return;
  const at = until.toISOString();
  const better = more?.(until);
  const command = `npm run backup -- restore --at ${copyMoment(until, timeZone)} --replace`;
  tools.log.error('changes: the bucket goes further than the database', {
    until: at,
    message: `an older file or journal was put back, a journal was lost, or another bot works with a copy (if nothing is missed: ${ACCEPT}); to bring back what the bucket has: ${command}${better === undefined ? '' : `; ${better}`}`,
  });
  if (told === at) return;
  await db.write([keepWentOn(at)]);
  await tellOwners(tools, textsFor(defaultLocale).frame.changesForked(toTheSecond(until, timeZone), command));
}
