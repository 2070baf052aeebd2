/** The outcome of one delivery of an update. */

/**
 * Telegram asked for silence; a delivery after this many seconds can be answered. Nothing changed.
 */
export interface Later {
  readonly retryAfter: number;
}

/**
 * `again`: nothing changed, send the update later once more. `kept`: stored, and the tick handles
 * it when the trouble is over. `poison`: stored, and told to the owners. Telegram need not deliver
 * the last two again.
 */
export type Outcome = 'handled' | 'duplicate' | 'ignored' | 'again' | 'kept' | 'poison' | Later;

/**
 * Who delivers. `webhook`: Telegram, which delivers again when asked to; `polling`: ourselves, and
 * a chat must not hold up the others; `replay`: the tick, an update that was set aside.
 */
export type Delivery = 'webhook' | 'polling' | 'replay';
