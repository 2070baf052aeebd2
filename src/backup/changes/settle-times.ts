/**
 * Times of what follows one another for certain: where a clock went back, one side of the step is
 * wrong, and the order says that it is. Pure.
 */
import { DAY_MS } from '../../text/times.ts';

/** No host of this program ran before: a clock without its battery. */
const EARLIEST = Date.UTC(2020, 0, 1);
/** Nobody goes this long without storing anything: there are full backups every day. */
const MONTH_MS = 30 * DAY_MS;

/**
 * The same times, never falling. A clock that ran ahead made a step forward, as long as the one
 * back, before it was set right: what it dated counts as made when the next right one was. A clock
 * that ran behind made none: what it dated counts as made when the one before it was.
 * @param isWhole nothing came before them: else a step forward may have, and nobody can tell
 */
export function settled(times: readonly number[], isWhole = true): number[] {
  const found = [...times];
  for (const [i, time] of times.entries()) {
    const before = found[i - 1];
    if (before === undefined || time >= before) continue;
    const wasRaised = before > (times[i - 1] ?? before);
    // The same clock, behind still.
    const isOn = wasRaised && time >= (times[i - 1] ?? 0);
    if (!isOn && time >= EARLIEST && ranAhead(found, times, i, isWhole)) lower(found, i, time);
    else found[i] = before;
  }
  return found;
}

/** Whether what comes before `at` and is later than it may be of a clock that ran ahead. */
function ranAhead(found: readonly number[], times: readonly number[], at: number, isWhole: boolean): boolean {
  const back = times[at] ?? 0;
  const step = (found[at - 1] ?? 0) - back;
  for (let i = at - 1; i >= 0; i -= 1) {
    const before = found[i - 1];
    // All are later: the clock may have been ahead from the beginning.
    if (before === undefined)
      return isWhole && (step < MONTH_MS || !isCaughtUp(times, at, found[at - 1] ?? 0));
    if ((found[i] ?? 0) - before >= step) return true;
    if (before <= back) return false;
  }
  return false;
}

/** One step forward took the clock back to where it had been. */
function isCaughtUp(times: readonly number[], at: number, to: number): boolean {
  const next = times.findIndex((time, i) => i > at && time >= to);
  return next > 0 && (times[next] ?? 0) - (times[next - 1] ?? 0) > (to - (times[at] ?? 0)) / 2;
}

function lower(found: number[], at: number, to: number): void {
  for (let i = at - 1; i >= 0 && (found[i] ?? 0) > to; i -= 1) found[i] = to;
}
