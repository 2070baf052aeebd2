/** A stopping host finishes what is under way, each for its time. */

import type { Log } from '../../lib/log.ts';
import type { listen } from './listen.ts';
import type { Underway } from './underway.ts';

/** How long a stopping host lets a run go on; given up, it cleans up and frees its lease. */
export const RUN_GRACE_MS = 8_000;
/** How long it lets a client finish; then it cuts off one that has stalled. */
const CLIENT_GRACE_MS = 2_000;
/** How long it waits for updates under way and their runs. Unacknowledged, they come again. */
const UPDATE_GRACE_MS = 12_000;

export async function finishAll({
  server,
  requests,
  runs,
  log,
  giveUp,
}: {
  readonly server: Awaited<ReturnType<typeof listen>>['server'];
  /** Updates and other requests. */
  readonly requests: Underway;
  /** Backups, ticks and shipping. */
  readonly runs: Underway;
  readonly log: Log;
  /** Ends the runs: they clean up and free their leases. */
  readonly giveUp: (reason: Error) => void;
}): Promise<void> {
  // A slow or stalled client delays neither the others nor the process.
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  const cutOff = setTimeout(
    () => 'closeAllConnections' in server && server.closeAllConnections(),
    CLIENT_GRACE_MS,
  );
  const timer = setTimeout(() => giveUp(new Error('the host was stopped')), RUN_GRACE_MS);
  const [unanswered] = await Promise.all([requests.finished(UPDATE_GRACE_MS), runs.finished(), closed]);
  clearTimeout(cutOff);
  clearTimeout(timer);
  if (unanswered > 0) log.warn('requests given up', { count: unanswered });
}
