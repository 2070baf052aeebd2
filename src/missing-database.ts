/** A start without a database file where there was one: an empty one in its place would hide the loss. Node only. */
import { readdirSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Bucket } from './backup/list.ts';
import { latestBackup, noLatest } from './backup/newest.ts';
import { formatDuration } from './cli/format.ts';
import { describeError, type Log } from './log.ts';
import { StartRefused } from './start-mode.ts';

/** A bucket that does not answer must not keep a first start waiting for long. */
const PATIENCE_MS = 15_000;

/** Nothing is there, or an empty file. */
export function isMissing(path: string): boolean {
  return (statSync(path, { throwIfNoEntry: false })?.size ?? 0) === 0;
}

/** @throws StartRefused when the bucket has a backup. One that cannot be listed is logged, and the start goes on. */
export async function requireNoBackups(path: string, bucket: Bucket, log: Log): Promise<void> {
  const late = new AbortController();
  try {
    const latest = await Promise.race([
      latestBackup(bucket),
      sleep(PATIENCE_MS, undefined, { ref: false, signal: late.signal }).then(() => {
        throw new Error(`no answer within ${PATIENCE_MS / 1000} s`);
      }),
    ]);
    const { entry, newer } = latest;
    if (entry === undefined && newer.length === 0) return;
    const newest =
      entry === undefined
        ? noLatest(bucket, latest)
        : `the newest backup is ${entry.name} (${formatDuration(Date.now() - entry.time.getTime())} old)`;
    throw new StartRefused(
      [
        `the database file ${path} is missing, and ${newest}. Nothing was changed. One of:`,
        ...rescuedOf(path).map((name) => `  what a running bot rescued of it:  mv ${name} ${path}`),
        entry === undefined
          ? '  a backup:  npm run backup -- list, then restore <name>'
          : '  the newest backup:  npm run backup -- restore latest',
        '  an empty database, on purpose:  npm start -- --new-database',
      ].join('\n'),
    );
  } catch (error) {
    if (error instanceof StartRefused) throw error;
    log.warn('backups not looked for', {
      message: `the database ${path} is begun anew, and the bucket could not be asked for backups of an earlier one`,
      error: describeError(error),
    });
  } finally {
    late.abort();
  }
}

/** The newest one (rescue.ts). */
function rescuedOf(path: string): string[] {
  try {
    const names = readdirSync(dirname(path)).filter((name) => name.startsWith(`${basename(path)}.rescued-`));
    return names
      .toSorted()
      .slice(-1)
      .map((name) => join(dirname(path), name));
  } catch {
    return [];
  }
}
