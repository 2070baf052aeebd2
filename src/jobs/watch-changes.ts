/** Somebody may have deleted change files: then nothing behind them can be brought back. */
import { needBase } from '../backup/changes/needs-base.ts';
import { peekAt } from '../backup/changes/peek.ts';
import { tellOwners } from '../bot/alerts.ts';
import { describeError } from '../lib/log.ts';
import { textsFor } from '../locales/index.ts';
import type { Job } from './job.ts';

/**
 * The question to the database, a listing and a manifest, the names of change files, and those that
 * are known to be damaged.
 */
const LOOK_REQUESTS = 5;

export const watchChangesJob: Job = {
  name: 'watch-changes',
  everyMinutes: 15,
  async run(context) {
    const { changes, db, backups, log, requests } = context;
    if (changes?.isOn !== true || !requests.take(LOOK_REQUESTS)) return;
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
