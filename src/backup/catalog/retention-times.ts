/** When a backup was made, as far as its manifest and the store agree: what retention goes by. */
import { DAY_MS } from '../../text/times.ts';
import type { BackupName } from './names.ts';
import { believedTime, isAhead } from './true-time.ts';

export interface RetentionEntry {
  readonly name: BackupName;
  /**
   * `verified`: manifest present, and everything that it names. `damaged`: the manifest says that
   * the database was damaged, or an object is gone, has another size, or was proved damaged (a
   * verdict lies beside it). `unreadable`: the manifest cannot be parsed (truncated, or of a newer
   * program). `unfinished`: no manifest (a run under way, or debris).
   */
  readonly state: 'verified' | 'damaged' | 'unreadable' | 'unfinished';
  /** From the manifest (its name repeats it): when the run was scheduled. */
  readonly time: Date;
  /** The store's own time of the manifest: what bounds `time`. */
  readonly modified: Date;
  readonly pinned: boolean;
  /** Made before something changed the database: a restore, an import, a migration, a deploy. */
  readonly isSafety?: boolean;
  /** Why it may not go yet, whatever the rules say. */
  readonly heldBack?: string | undefined;
}

/**
 * Between a run's scheduled time and its manifest lie minutes, hours at worst; beyond this one of
 * the two clocks was wrong, or a copy.
 */
const PLAUSIBLE_LAG_MS = 2 * DAY_MS;
/** Of a run by the CLI (src/cli/session.ts). Two times further apart disagree. */
const LONGEST_RUN_MS = DAY_MS / 2;
/**
 * A run ends soon after it was scheduled; a backup of a longer one counts as of the day that it was
 * finished.
 */
const SLOT_LAG_MS = 3_600_000;
export interface Timed extends RetentionEntry {
  /** When it was made. */
  readonly calendar: number;
  /**
   * For calendar rules: of two times that nearly agree the younger one, so that what is put there
   * today is of today.
   */
  readonly slot: number;
  /**
   * For order: a manifest of a clock that ran behind is no older than its object less {@link
   * PLAUSIBLE_LAG_MS}.
   */
  readonly order: number;
  /**
   * For age: the younger of the two times. Old times after a copy, like old times of a clock, must
   * cost no young backup.
   */
  readonly youngest: number;
  readonly doubtful: boolean;
  /** Of a clock that is, or was, ahead: how old it is cannot be known before time has caught up. */
  readonly isAhead: boolean;
}

export function withTimes(entry: RetentionEntry, clock: Date): Timed {
  const modified = entry.modified.getTime();
  const calendar = believedTime(entry.time, entry.modified, clock).getTime();
  const isBehind = calendar < modified - PLAUSIBLE_LAG_MS;
  const doubtful = Math.abs(calendar - modified) > LONGEST_RUN_MS;
  const isLate = !doubtful && modified - calendar > SLOT_LAG_MS;
  return {
    ...entry,
    calendar,
    order: isBehind ? modified - PLAUSIBLE_LAG_MS : calendar,
    youngest: Math.max(calendar, modified),
    doubtful,
    slot: isLate ? modified : calendar,
    isAhead: isAhead(new Date(calendar), clock),
  };
}

/** Whether older ones may lean on it. */
export function isSuccessor({ state, isAhead }: Timed): boolean {
  return state === 'verified' && !isAhead;
}
