/** Telegram delivers an update again when its answer is late: the first may still be at work. */
import type { Receive } from '../bot/receive.ts';

/**
 * A second delivery of an update waits for the first and shares its outcome, so that nothing is
 * read twice. For one long-lived process: a Worker's request must not wait for the work of another.
 */
export function joinDeliveries(receive: Receive): Receive {
  const underWay = new Map<number, ReturnType<Receive>>();
  return (update, delivery) => {
    const { update_id: id } = update;
    const first = underWay.get(id);
    if (first !== undefined) return first;
    const handling = receive(update, delivery).finally(() => underWay.delete(id));
    underWay.set(id, handling);
    return handling;
  };
}
