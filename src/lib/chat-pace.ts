/**
 * Telegram takes 20 messages a minute to one group or channel, and about one a second
 * (docs/platform-facts.md). Pure: who sends keeps the times.
 */
const WINDOW_MS = 60_000;
export const MOST_A_MINUTE = 20;
/** What is remembered: the limit is one minute's, the pace is seen in two. */
const MINUTES_KEPT = 2;
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
  return [...believed(slots, nowMs), slotMs].slice(-MOST_A_MINUTE * MINUTES_KEPT);
}

/** Ticks are a minute apart; a longer silence was no work. */
const SILENCE_MS = 90_000;

/**
 * Minutes that so many more messages take, by the pace of the last two minutes; by the most that
 * Telegram allows where no work is under way, or where it began later than that.
 */
export function minutesFor(messages: number, slots: readonly number[], nowMs: number): number {
  let began = nowMs;
  const underWay: number[] = [];
  for (const at of believed(slots, nowMs).toSorted((a, b) => b - a)) {
    if (began - at > SILENCE_MS) break;
    began = Math.min(began, at);
    underWay.push(at);
  }
  const since = nowMs - MINUTES_KEPT * WINDOW_MS;
  const sent = underWay.filter((at) => at >= since).length;
  const isSeen = began <= since && sent > 0;
  return Math.ceil(messages / (isSeen ? Math.min(MOST_A_MINUTE, sent / MINUTES_KEPT) : MOST_A_MINUTE));
}

/** A slot is taken a little ahead; what lies further ahead was written by a wrong clock. */
function believed(slots: readonly number[], nowMs: number): readonly number[] {
  return slots.filter((at) => at <= nowMs + WINDOW_MS);
}
