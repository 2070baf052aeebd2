/**
 * Brings the second copy of backups up to date, a slice a tick. It stands apart from the other
 * jobs: one large object may take minutes, and nothing else should wait for it.
 */
import { changeState } from '../backup/catalog/change-state.ts';
import { placeOf, type Shipped, type StoredFiles } from '../backup/copy/copy-changes.ts';
import {
  alteredSince,
  type CopyMemory,
  type CopyNews,
  hasNewChanges,
  isDue,
  newsOf,
  readMemory,
} from '../backup/copy/memory.ts';
import type { Slice } from '../backup/copy/proven.ts';
import { forgetNotice, noticeAdmins } from '../db/admin-notices.ts';
import { copyNote, keepCopyNote } from '../db/bucket-notes.ts';
import type { Statement } from '../db/database.ts';
import { newestRun } from '../db/runs.ts';
import { forgetCopied, storedFiles } from '../db/stored-files.ts';
import type { Job, JobContext } from './job.ts';
import { rottenNotice } from './rotten-notice.ts';
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
    const stored: StoredFiles = async (from, to) => (await db.read([storedFiles(from, to)]))[0];
    const mended: string[] = [];
    const copied = await backups.copy.catchUp(before, sliceOf(context), {
      ...{ shipped, stored, isOnlyChanges },
      onMended: (file) => void mended.push(file),
      onCopied: (_, replaced) => void mended.push(...replaced),
    });
    if (mended.length > 0) log.warn('second copy: damaged files were replaced', { files: mended.join(', ') });
    const { news, memory } = newsOf({ ...copied, run }, now());
    const { problem, left, changes } = memory;
    if (problem !== null && problem !== before.problem) log.warn('second copy', { problem, left });
    await db.write([
      keepCopyNote(JSON.stringify(memory)),
      ...forgetCopied(changes.upTo, Object.keys(changes.refused)),
      ...noticeOf(news, memory, now()),
      ...alteredNotice(alteredSince(before, memory), now()),
      ...rottenNotice(mended, true, now()),
    ]);
  },
};

function alteredNotice(names: readonly string[], now: Date): Statement[] {
  const [first] = names;
  if (first === undefined) return [];
  const notice = { kind: 'altered', names: names.slice(0, NAMED), count: names.length } as const;
  return [noticeAdmins(`altered:${first}`, notice, now)];
}

/** What a message has room for. */
const NAMED = 3;

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
