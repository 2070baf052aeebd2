/** Which name a run gets, or which backup it would repeat. */
import { DAY_MS } from '../../text/times.ts';
import { type Bucket, nowOf } from '../catalog/bucket.ts';
import { has, loadEntry, type ObjectGroup } from '../catalog/entry.ts';
import type { Ledger } from '../catalog/ledger.ts';
import { readGroups } from '../catalog/list.ts';
import { type BackupName, backupName, parseKey, STEM } from '../catalog/names.ts';

export type NameChoice =
  /** A whole backup with this scheduled time. */
  | { readonly kind: 'exists'; readonly name: BackupName }
  | { readonly kind: 'free'; readonly name: BackupName };

/** Seconds that are looked at together. */
const TOGETHER = 60;
/**
 * The last second that is tried. Everybody who can write to the bucket can take a name with one
 * byte: a minute of them would be taken in a minute.
 */
const MOST_LATER = 86_400;
/** Backups read of those that have a later second: names with a manifest are as cheap. */
const MOST_READ = 60;

/** The same run may be asked for again at most so much later. */
const MOST_LAG_MS = 7 * DAY_MS;

/**
 * The first second from the scheduled one that no attempt ever used, and nothing in the bucket.
 * `mayRepeat`: the same run may be asked for again, so a backup of this second is the one that is
 * meant.
 */
export async function chooseName(
  context: Bucket & { readonly ledger: Ledger },
  scheduledAt: Date,
  { mayRepeat }: { readonly mayRepeat: boolean },
): Promise<NameChoice> {
  const { ledger, store, prefix } = context;
  const groups = new Map((await readGroups(context)).map((group) => [group.name, group]));
  const blocked = await store.blocked?.(`${prefix}${STEM}`);
  const taken = new Set(blocked?.map((key) => parseKey(prefix, key)?.name));
  let left = MOST_READ;
  for (let from = 0; from < MOST_LATER; from += TOGETHER) {
    const names = Array.from({ length: TOGETHER }, (_, i) =>
      backupName(new Date(scheduledAt.getTime() + (from + i) * 1000)),
    );
    const open = names.filter((name) => !groups.has(name) && !taken.has(name));
    const used = open.length === 0 ? new Map() : await ledger.triggers(open);
    for (const name of names) {
      const group = groups.get(name);
      if (group === undefined && !taken.has(name) && !used.has(name)) return { kind: 'free', name };
      if (group === undefined || !mayRepeat || !has(group, 'manifest') || left === 0) continue;
      left -= 1;
      if (await isMeant(context, group, scheduledAt)) return { kind: 'exists', name };
    }
  }
  throw new Error(
    `every name of a backup from ${scheduledAt.toISOString()} to a day later is taken in ${store.description}: remove the files there that no backup of yours made`,
  );
}

/** Whether the backup is whole, and the one that was due then. */
async function isMeant(bucket: Bucket, group: ObjectGroup, scheduledAt: Date): Promise<boolean> {
  const now = nowOf(bucket).getTime();
  // One stored long ago was named by a clock that ran ahead: it is not the one that is due now.
  if (!group.objects.some(({ modified }) => Math.abs(now - modified.getTime()) < MOST_LAG_MS)) return false;
  const entry = await loadEntry(bucket, group);
  return (
    entry.state === 'verified' &&
    entry.manifest !== undefined &&
    sameSecond(entry.manifest.scheduled_at, scheduledAt) &&
    (await bucket.doubt?.(entry)) === undefined
  );
}

function sameSecond(iso: string, time: Date): boolean {
  return Math.floor(Date.parse(iso) / 1000) === Math.floor(time.getTime() / 1000);
}
