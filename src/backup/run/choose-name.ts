/** Which name a run gets, or which backup it would repeat. */

import { DAY_MS } from '../../text/times.ts';
import { type Bucket, nowOf } from '../catalog/bucket.ts';
import { loadEntry } from '../catalog/entry.ts';
import type { Ledger } from '../catalog/ledger.ts';
import { readGroups } from '../catalog/list.ts';
import { type BackupName, backupName } from '../catalog/names.ts';

export type NameChoice =
  /** A whole backup with this scheduled time. */
  | { readonly kind: 'exists'; readonly name: BackupName }
  | { readonly kind: 'free'; readonly name: BackupName };

/** Seconds tried after the scheduled one; each is taken by another attempt or backup. */
const TRIES = 60;

/** The same run may be asked for again at most so much later. */
const MOST_LAG_MS = 7 * DAY_MS;

/**
 * The first second from the scheduled one that no attempt ever used. `mayRepeat`: the same run may
 * be asked for again, so a backup of this second is the one that is meant.
 */
export async function chooseName(
  context: Bucket & { readonly ledger: Ledger },
  scheduledAt: Date,
  { mayRepeat }: { readonly mayRepeat: boolean },
): Promise<NameChoice> {
  const names = Array.from({ length: TRIES }, (_, i) =>
    backupName(new Date(scheduledAt.getTime() + i * 1000)),
  );
  const used = await context.ledger.triggers(names);
  const now = nowOf(context).getTime();
  const groups = new Map((await readGroups(context)).map((group) => [group.name, group]));
  for (const name of names) {
    const group = groups.get(name);
    if (group === undefined && !used.has(name)) return { kind: 'free', name };
    if (group === undefined || !mayRepeat) continue;
    const entry = await loadEntry(context, group);
    const { state, manifest } = entry;
    // One stored long ago was named by a clock that ran ahead: it is not the one that is due now.
    const isRecent = group.objects.some(({ modified }) => Math.abs(now - modified.getTime()) < MOST_LAG_MS);
    if (
      state === 'verified' &&
      isRecent &&
      manifest !== undefined &&
      sameSecond(manifest.scheduled_at, scheduledAt) &&
      (await context.doubt?.(entry)) === undefined
    )
      return { kind: 'exists', name };
  }
  throw new Error(
    `${TRIES} attempts at the backup of ${scheduledAt.toISOString()} have been made: no name is left`,
  );
}

function sameSecond(iso: string, time: Date): boolean {
  return Math.floor(Date.parse(iso) / 1000) === Math.floor(time.getTime() / 1000);
}
