/** Holding the lease while a run lasts (docs/spec/backup.md, "A run"). */
import type { StoredFile } from '../../db/stored-files.ts';
import type { Clock } from '../../lib/clock.ts';
import { explain } from '../../lib/clock.ts';
import type { Ledger } from '../catalog/ledger.ts';

/**
 * How long a silent holder is waited for that may live. A run beats with its progress, so only a
 * dead or stalled one is silent so long; it must outlast the publishing of a manifest after {@link
 * Lease.confirm} (one small put with its retries).
 */
export const LEASE_TTL_MS = 120_000;
/** A beat costs one round trip; six fit in the lease's life. */
const BEAT_MS = 20_000;

/** Another run holds the lease now: this one stalled too long and may not publish. */
export class LeaseLost extends Error {
  override readonly name = 'LeaseLost';
  readonly isFinal = true;
}

export interface Lease {
  /** Null where the database has no lease table. */
  readonly fence: number | null;
  /** What was wrong with it when it was taken, for people. */
  readonly problems: readonly string[];
  /**
   * Call with every bit of progress; renews when due. A database that does not answer is borne
   * until {@link confirm}. @throws LeaseLost
   */
  beat(): Promise<void>;
  /**
   * Right before publishing: renews now, or throws ({@link LeaseLost}, or that the database did not
   * answer).
   * @param stored what is published next
   */
  confirm(stored?: StoredFile): Promise<void>;
  /** Never throws: an unreleased lease expires. */
  release(): Promise<void>;
}

export type LeaseOutcome =
  | { readonly kind: 'held'; readonly lease: Lease }
  | { readonly kind: 'busy'; readonly holder: string; readonly secondsLeft: number };

/** Another holder's. */
export interface HeldLease {
  readonly fence: number;
  /** By this host's clock, and no earlier than it was. */
  readonly renewedAt: Date;
}

/**
 * `holder` is for people: which host, which process. `isOver`: whether the lease found is known to
 * be nobody's any more.
 */
export async function takeLease(
  ledger: Ledger,
  holder: string,
  clock: Clock,
  isOver: (held: HeldLease) => Promise<boolean> = async () => false,
): Promise<LeaseOutcome> {
  let answer = await ledger.acquire(holder, LEASE_TTL_MS);
  if (answer.kind === 'held') {
    const renewedAt = new Date(clock.now().getTime() + answer.leftMs - LEASE_TTL_MS);
    if (await isOver({ fence: answer.fence, renewedAt })) {
      await ledger.release(answer.fence);
      answer = await ledger.acquire(holder, LEASE_TTL_MS);
    }
  }
  if (answer.kind === 'held')
    return {
      kind: 'busy',
      holder: answer.holder,
      secondsLeft: Math.max(0, Math.ceil(answer.leftMs / 1000)),
    };
  if (answer.kind === 'absent') return { kind: 'held', lease: unfenced };
  const problems = answer.note === undefined ? [] : [answer.note];
  return { kind: 'held', lease: fenced(ledger, answer.fence, { clock, problems }) };
}

function fenced(
  ledger: Ledger,
  fence: number,
  { clock, problems }: Pick<Lease, 'problems'> & { readonly clock: Clock },
): Lease {
  let last = clock.now().getTime();
  let trouble: unknown;
  async function renew(stored?: StoredFile): Promise<void> {
    if (!(await ledger.renew(fence, LEASE_TTL_MS, stored)))
      throw new LeaseLost(
        `the lease (fence ${fence}) was taken over by another run: this one stalled too long`,
      );
    trouble = undefined;
  }
  return {
    fence,
    problems,
    async beat() {
      const now = clock.now().getTime();
      // A clock that jumped back must not stop the beats.
      if (now >= last && now - last < BEAT_MS) return;
      last = now;
      try {
        await renew();
      } catch (error) {
        if (error instanceof LeaseLost) throw error;
        trouble = error;
      }
    },
    async confirm(stored) {
      try {
        await renew(stored);
      } catch (error) {
        if (error instanceof LeaseLost) throw error;
        const before = trouble === undefined ? '' : ` (nor at the last beat: ${explain(trouble)})`;
        throw new Error(`could not confirm the lease${before}`, { cause: error });
      }
    },
    async release() {
      await ledger.release(fence).catch((error: unknown) => {
        trouble = error;
      });
    },
  };
}

const unfenced: Lease = {
  fence: null,
  problems: [],
  beat: async () => {},
  confirm: async () => {},
  release: async () => {},
};
