/**
 * Brings the second copy of backups up to date, a slice a tick. It is no job among the others: one
 * large object may take minutes, and nothing else shall wait for it.
 */
import { changeState } from '../backup/changes/change-state.ts';
import { placeOf, type Shipped } from '../backup/copy/copy-changes.ts';
import {
  type CopyMemory,
  type CopyNews,
  hasNewChanges,
  isDue,
  newsOf,
  readMemory,
} from '../backup/copy/memory.ts';
import type { Slice } from '../backup/copy/proven.ts';
import { forgetNotice, noticeAdmins } from '../db/admin-notices.ts';
import { copyNote, keepCopyNote, newestRun } from '../db/copy-note.ts';
import type { Statement } from '../db/database.ts';
import type { Job, JobContext } from './job.ts';
import { tick } from './tick.ts';

/** A Worker's cron lives 15 minutes: what is still under way then is given up in order. */
const LONGEST_MS = 12 * 60_000;

/** Looks whether there is something to do, for one request, before it claims anything. */
export async function copyBackups(context: JobContext, holder: string): Promise<void> {
  const { backups, now, requests } = context;
  if (backups.copy === undefined || now() >= context.deadline || !requests.take(1)) return;
  const { memory, run, shipped } = await read(context);
  if (isDue(memory, run, now()) || hasNewChanges(memory, placeOf(shipped)))
    await tick([copyJob], context, holder);
}

interface Found {
  readonly memory: CopyMemory;
  readonly run: string | null;
  readonly shipped: Shipped | undefined;
}

async function read({ db }: JobContext): Promise<Found> {
  const [note, run, state] = await db.read([copyNote(), newestRun(), changeState]);
  const shipped = state && { timeline: state.timeline, seq: state.shippedSeq };
  return { memory: readMemory(note), run: run ?? null, shipped };
}

const copyJob: Job = {
  name: 'copy-backups',
  async run(context) {
    const { backups, db, now, log, requests } = context;
    // Two for the memory, and one that the tick itself takes to free the job.
    if (backups.copy === undefined || !requests.take(3)) return;
    const { memory: before, run, shipped } = await read(context);
    const isOnlyChanges = !isDue(before, run, now());
    const copied = await backups.copy.catchUp(before, sliceOf(context), { shipped, isOnlyChanges });
    const { news, memory } = newsOf({ ...copied, run }, now());
    const { problem, left } = memory;
    if (problem !== null && problem !== before.problem) log.warn('second copy', { problem, left });
    await db.write([keepCopyNote(JSON.stringify(memory)), ...noticeOf(news, memory, now())]);
  },
};

function sliceOf({ now, deadline, requests }: JobContext): Slice {
  const end = new Date(now().getTime() + LONGEST_MS);
  return {
    most: requests.left,
    take: (count) => now() < deadline && requests.take(count),
    check() {
      if (now() >= end)
        throw new Error(`the copy took longer than ${LONGEST_MS / 60_000} min and was given up`);
    },
  };
}

function noticeOf(news: CopyNews | undefined, { problem, left }: CopyMemory, now: Date): Statement[] {
  if (news === undefined) return [];
  const notice = { kind: 'copy', news, left, reason: problem ?? '' } as const;
  // Each is told once, whatever was told before.
  return [forgetNotice('copy'), noticeAdmins('copy', notice, now)];
}
