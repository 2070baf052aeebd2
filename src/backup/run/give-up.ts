/** The answer to a backup that was asked for and never finished. */
import { explain } from '../../lib/clock.ts';
import type { BackupRequest, RequestLedger } from '../catalog/ledger.ts';
import { newestVerified } from '../catalog/list.ts';
import type { Manifest } from '../catalog/manifest.ts';
import type { BackupContext } from './context.ts';
import type { BackupOutcome } from './outcome.ts';

/**
 * Its process died again and again: perhaps of this very backup, perhaps only before it could say
 * that it was made.
 */
export async function giveUp(
  context: BackupContext & { readonly requests: RequestLedger },
  request: BackupRequest,
): Promise<BackupOutcome> {
  const now = context.clock.now();
  const newest = await newestVerified(context).catch((cause: unknown) => ({ cause }));
  await context.requests.closeRequest(request.id, now);
  const begun = `begun ${request.attempts} times`;
  if (newest !== undefined && 'cause' in newest) {
    const reason = `${begun}, and whether it was made the bucket does not tell: ${explain(newest.cause)}`;
    return { kind: 'failed', name: undefined, reason, cause: newest.cause, left: [] };
  }
  if (newest?.manifest !== undefined && isAsked(newest.manifest, request)) {
    const message = `the backup asked for at ${request.requestedAt.toISOString()} exists: ${newest.name}`;
    return { kind: 'skipped', reason: 'duplicate', name: newest.name, message };
  }
  const reason = `${begun} and never finished: the database may be too large for this host; run it with the CLI`;
  return { kind: 'failed', name: undefined, reason, cause: undefined, left: [] };
}

/**
 * Made for the request, or since: either holds what the admin wanted saved. The database keeps
 * whole seconds.
 */
function isAsked({ scheduled_at }: Manifest, { requestedAt }: BackupRequest): boolean {
  return Math.floor(Date.parse(scheduled_at) / 1000) >= Math.floor(requestedAt.getTime() / 1000);
}
