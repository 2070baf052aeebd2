/** What became of one delivery of an update. */

/** Telegram asked for silence; another delivery after so many seconds can be answered. Nothing was changed. */
export interface Later {
  readonly retryAfter: number;
}

/**
 * `again`: nothing was changed, send the update once more later. `kept`: stored, and handled by the tick when the trouble is over.
 * `poison`: stored for the admins to look at. Telegram need not deliver the last two again.
 */
export type Outcome = 'handled' | 'duplicate' | 'ignored' | 'again' | 'kept' | 'poison' | Later;

/**
 * Who delivers. `webhook`: Telegram, which delivers again when asked to; `polling`: ourselves, and a chat must not hold up the others;
 * `replay`: the tick, an update that was set aside.
 */
export type Delivery = 'webhook' | 'polling' | 'replay';
