/**
 * One slice of recipients, sent to in parallel: each begins when the pace lets it, whether or not
 * those before have their answer. Who asks to wait stops all lanes.
 */
import { greatest } from '../lib/extremes.ts';
import { describeError } from '../lib/log.ts';
import type { JobContext } from './job.ts';

/** Recipients at most: a killed host may repeat as many messages. */
export const SLICE = 10;
/** Longer waits are not waited for: the recipient's turn comes again in a later tick. */
const LONGEST_WAIT_SECONDS = 5;
/** Further tries after so short a wait. */
const TRIES = 2;

/** Seconds that Telegram named; 0: it named none. */
export interface Later {
  readonly kind: 'later';
  readonly seconds: number;
}

export interface Told<R, O> {
  readonly recipient: R;
  readonly outcome: O | Later;
}

export interface Sending<R, O> {
  /** For each recipient; Telegram counts those of an album one by one. */
  readonly messages: number;
  readonly send: (recipient: R) => Promise<O | Later>;
}

/** Who is known to be out of reach needs no call, and takes no turn. */
interface Recipient {
  readonly isReachable?: boolean;
}

/**
 * Those who were told, in their order: the first of the recipients, or all. After the first who
 * must wait, or after the message itself is gone, nobody is begun with. The caller has taken a
 * request for each of them from the budget; what was not used is given back.
 */
export async function sendSlice<R extends Recipient, O extends { readonly kind: string }>(
  context: JobContext,
  recipients: readonly R[],
  sending: Sending<R, O>,
): Promise<readonly Told<R, O>[]> {
  let told = await wave(context, recipients, sending);
  context.requests.giveBack(recipients.length - told.length);
  for (let round = 0; round < TRIES; round += 1) {
    const waits = told.map(({ outcome }) => shortWait(outcome));
    const seconds = greatest([0, ...waits]);
    const count = waits.filter((wait) => wait > 0).length;
    const isTime = context.now().getTime() + 1000 * seconds < context.deadline.getTime();
    if (count === 0 || !isTime || !context.requests.take(count)) break;
    await context.sleep(1000 * seconds);
    const waiting = told.filter((_, i) => (waits[i] ?? 0) > 0).map(({ recipient }) => recipient);
    const again = await wave(context, waiting, sending);
    context.requests.giveBack(count - again.length);
    told = told.map((one) => again.find(({ recipient }) => recipient === one.recipient) ?? one);
  }
  return told;
}

async function wave<R extends Recipient, O extends { readonly kind: string }>(
  { pace, now, sleep, log }: JobContext,
  recipients: readonly R[],
  { messages, send }: Sending<R, O>,
): Promise<readonly Told<R, O>[]> {
  const gapMs = pace.gapMs(now().getTime(), recipients.length, messages);
  const underWay: Promise<Told<R, O>>[] = [];
  let isHeld = false;
  for (const recipient of recipients) {
    if (recipient.isReachable !== false) await sleep(pace.take(now().getTime(), messages, gapMs));
    if (isHeld) break;
    underWay.push(
      send(recipient)
        .catch((error: unknown): Later => {
          // The others of the slice have their message: what happened to them must be recorded.
          log.error('recipient not reached', { error: describeError(error) });
          return { kind: 'later', seconds: 0 };
        })
        .then((outcome) => {
          isHeld ||= outcome.kind === 'later' || outcome.kind === 'sourceless';
          return { recipient, outcome };
        }),
    );
  }
  return await Promise.all(underWay);
}

/** Seconds, 0 where there is none worth a wait. */
function shortWait(outcome: { readonly kind: string } | Later): number {
  if (outcome.kind !== 'later' || !('seconds' in outcome)) return 0;
  return outcome.seconds <= LONGEST_WAIT_SECONDS ? outcome.seconds : 0;
}
