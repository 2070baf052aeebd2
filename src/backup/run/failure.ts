/** A run that made no backup: on record, with its reason, and told to the owners. */
import { databaseFault, isDamagedDatabase } from '../../db/database-fault.ts';
import { explain } from '../../lib/clock.ts';
import { FAILURE_RECORD, retry } from '../../lib/retry.ts';
import { keepDamagedRun } from '../catalog/damage-without-backup.ts';
import { newestVerified } from '../catalog/list.ts';
import type { BackupName } from '../catalog/names.ts';
import type { BackupContext } from './context.ts';

export interface FailedOutcome {
  readonly kind: 'failed';
  /** Undefined when the run got no name. */
  readonly name: BackupName | undefined;
  readonly reason: string;
  readonly cause: unknown;
  /** What could not be removed or recorded; the next run's sweep removes it. */
  readonly left: readonly string[];
}

export interface Failure {
  readonly name: BackupName | undefined;
  readonly error: unknown;
  readonly left: readonly string[];
  /** {@link failureKind} of the failure before it. */
  readonly told?: string | undefined;
}

/** What failures have in common that differ by times, names and counts alone. */
export function failureKind(reason: string): string {
  return reason.replaceAll(/\d+/g, '0').slice(0, MOST_KIND);
}
const MOST_KIND = 300;

/** Records the reason and tells the owners, once; of the kind `told` they know. */
export async function failed(
  context: BackupContext,
  { name, error, left, told }: Failure,
): Promise<FailedOutcome> {
  const reason = faultOf(error) ?? explain(error) + (await spaceHint(context, error));
  const problems = [...left];
  const { ledger, clock } = context;
  const { sleep } = clock;
  if (isDamagedDatabase(reason)) {
    const unkept = await keepDamagedRun(context, reason);
    if (unkept !== undefined) problems.push(unkept);
  }
  if (name !== undefined) {
    const end = {
      finishedAt: clock.now(),
      state: 'failed',
      reason,
      rows: null,
      bytes: null,
    } as const;
    try {
      // Another run took this one for dead, and said so: one message a run.
      if (await retry(FAILURE_RECORD, { sleep, isPassing: () => true }, () => ledger.end(name, end)))
        return { kind: 'failed', name, reason, cause: error, left: problems };
    } catch (cause) {
      problems.push(`the failure could not be recorded: ${explain(cause)}`);
    }
  }
  if (failureKind(reason) === told) return { kind: 'failed', name, reason, cause: error, left: problems };
  await context
    .alert({ kind: 'failed', message: [`backup failed: ${reason}`, ...problems].join('; ') })
    .catch((cause: unknown) => {
      problems.push(`the admins could not be told: ${explain(cause)}`);
    });
  return { kind: 'failed', name, reason, cause: error, left: problems };
}

/** A bare code of SQLite's says nothing to people. */
function faultOf(error: unknown): string | undefined {
  const { code, what } = databaseFault(error);
  return code?.startsWith('SQLITE_') === true && what !== undefined && !explain(error).includes('docs/')
    ? `the database file ${what} (${code})`
    : undefined;
}

/** What full disks, buckets and quotas are called: errno, S3 codes, HTTP 507. */
const NO_SPACE = /ENOSPC|EDQUOT|no space left|quota|insufficient ?storage|\b507\b/i;

/** Out of space: how much the newest backup has, for what this one takes is not known. */
async function spaceHint(context: BackupContext, error: unknown): Promise<string> {
  const said = explain(error);
  if (!NO_SPACE.test(said)) return '';
  const advice = said.includes('make room') ? '' : `: make room in ${context.store.description}`;
  const [newest] = await Promise.allSettled([newestVerified(context)]);
  if (newest.status === 'rejected' || newest.value === undefined) return advice;
  const megabytes = (newest.value.bytes / 1e6).toFixed(1);
  return `${advice}; the newest backup there has ${megabytes} MB, this one may need more`;
}
