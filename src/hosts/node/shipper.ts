import { describeError, type Log } from '../../lib/log.ts';
import type { Host } from '../host-parts.ts';

/** Ships once. What could not go now goes the next time; a reason is told once. */
export function shipper(host: Pick<Host, 'shipChanges'>, log: Log): () => Promise<void> {
  let unshipped: string | undefined;
  return async () => {
    try {
      await host.shipChanges();
      unshipped = undefined;
    } catch (error) {
      const reason = describeError(error);
      if (reason !== unshipped) log.warn('changes not shipped', { error: reason });
      unshipped = reason;
    }
  };
}
