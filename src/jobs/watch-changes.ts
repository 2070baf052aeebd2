/** Somebody may have deleted change files: then nothing behind them can be brought back. */
import { firstPrefix } from '../backup/changes/change-names.ts';
import { needBase } from '../backup/changes/needs-base.ts';
import { peekAt } from '../backup/changes/peek.ts';
import type { ShipContext } from '../backup/changes/shipping.ts';
import { tellOwners } from '../bot/alerts.ts';
import { forgetLostChanges, type LostChanges, lostChangesNote } from '../db/bucket-notes.ts';
import { describeError } from '../lib/log.ts';
import { textsFor } from '../locales/index.ts';
import type { Job, JobContext } from './job.ts';

/** The question to the database, a listing, a manifest, change files' names, the damaged ones. */
const LOOK_REQUESTS = 5;
/** Whether what was lost is there again, and that it is. */
const LOST_REQUESTS = 2;

const NOTE = lostChangesNote();

export const watchChangesJob: Job = {
  name: 'watch-changes',
  everyMinutes: 15,
  asks: NOTE,
  async run(context, answer = []) {
    const { changes, db, backups, log, requests } = context;
    if (changes?.isOn !== true || !requests.take(LOOK_REQUESTS)) return;
    const lost = NOTE.parse(answer);
    if (lost !== undefined) await forgetFound(context, changes.shipping, lost);
    const found = await peekAt(db);
    if (found === undefined || found.state.needsBase !== null) return;
    if (!(await backups.isBroken(found.state))) return;
    if (changes.putBack !== undefined) {
      // A second copy that does not answer keeps nobody from a new beginning.
      await changes.putBack(context).catch((error: unknown) => {
        log.warn('changes: not put back from the second copy', { error: describeError(error) });
      });
      if (!(await backups.isBroken(found.state))) return;
    }
    // The full backup is made where changes are shipped.
    await needBase(changes.shipping, 'lost');
    log.error('changes: files that were stored are no longer in the bucket', {});
    await tellOwners(context, textsFor(context.defaultLocale).frame.changesLost());
  },
};

/** What a full backup found to be gone was put back since, or is no loss any more. */
async function forgetFound(
  { db, now, requests }: JobContext,
  { store, prefix }: ShipContext,
  { timeline, first, until }: LostChanges,
): Promise<void> {
  if (!requests.take(LOST_REQUESTS)) return;
  const isOver = until <= now().toISOString();
  if (!isOver && (await store.list(firstPrefix(prefix, timeline, first))).length === 0) return;
  await db.write([forgetLostChanges()]);
}
