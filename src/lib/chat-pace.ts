/**
 * Telegram takes 20 messages a minute to one group or channel, and about one a second
 * (docs/platform-facts.md). Pure: who sends keeps the times.
 */
const WINDOW_MS = 60_000;
export const MOST_A_MINUTE = 20;
/** A little over the second. */
const GAP_MS = 1_100;
/** Telegram's clock is not ours. */
const SLACK_MS = 500;

/** When the next message may go, ms since 1970. */
export function nextSlot(slots: readonly number[], nowMs: number): number {
  const kept = believed(slots, nowMs).toSorted((a, b) => a - b);
  const last = kept.at(-1);
  const oldest = kept.at(-MOST_A_MINUTE);
  return Math.max(
    nowMs,
    last === undefined ? 0 : last + GAP_MS,
    oldest === undefined ? 0 : oldest + WINDOW_MS + SLACK_MS,
  );
}

/** What is worth remembering with one more. */
export function withSlot(slots: readonly number[], slotMs: number, nowMs: number): readonly number[] {
  return [...believed(slots, nowMs), slotMs].slice(-MOST_A_MINUTE);
}

/** A slot is taken a little ahead; what lies further ahead was written by a wrong clock. */
function believed(slots: readonly number[], nowMs: number): readonly number[] {
  return slots.filter((at) => at <= nowMs + WINDOW_MS);
}
