/**
 * Whether a database's path still leads to the file that this process opened. When a person moves,
 * removes or overwrites it, open connections notice nothing: they go on with a file that has no
 * name, or mix two files. Node only.
 */
import { fstatSync, statSync } from 'node:fs';
import { isSameFile, ownDescriptor, readFully } from './descriptors.ts';
import { judgeWal } from './journal-owner.ts';
import { type LogWatch, watchLog } from './log-watch.ts';

/**
 * `overwritten`: the same file, with the content of another. `journal`: its log is gone, or
 * another. `older`: the same files, with an earlier content of theirs.
 */
export type Loss = 'missing' | 'another' | 'overwritten' | 'journal' | 'older';

/** Looks that must agree: another process may be checkpointing. */
const LOOKS = 3;
const LOOK_MS = 20;
/** The most that page 1 can be. */
const LARGEST_PAGE = 65_536;
const MAGIC = 'SQLite format 3\0';

export interface FileWatch {
  /**
   * Undefined while the file is ours; once lost, it stays lost. Costs a `stat` of the file, and a
   * look at page 1 after a write to it.
   */
  look(): Loss | undefined;
  /**
   * From now on a connection of ours has the log open. SQLite removes it only when the last one
   * closes, so from now on it is lost when the name leads elsewhere.
   */
  holdLog(): void;
  /** The disk that the file was on. */
  readonly device: bigint;
}

/** `file`: its real path; this process has it open. */
export function watchFile(file: string): FileWatch {
  const opened = statSync(file, { bigint: true });
  let isEmpty = opened.size === 0n;
  let lost: Loss | undefined;
  let mark = '';
  let log: LogWatch | undefined;
  return {
    device: opened.dev,
    holdLog() {
      log = watchLog(file);
    },
    look() {
      if (lost !== undefined) return lost;
      const stats = statSync(file, QUIETLY);
      if (stats === undefined) lost = 'missing';
      else if (!isSameFile(stats, opened)) lost = 'another';
      else {
        const seen = `${stats.size} ${stats.mtimeNs}`;
        isEmpty &&= stats.size === 0n;
        if (seen !== mark && !isEmpty && isOverwritten(file)) lost = 'overwritten';
        else lost = log?.look(stats);
        mark = seen;
      }
      return lost;
    },
  };
}

const QUIETLY = { bigint: true, throwIfNoEntry: false } as const;

/** Only certain findings count: a needless stop would be our own fault. */
function isOverwritten(file: string): boolean {
  for (let i = 0; i < LOOKS; i += 1) {
    if (i > 0) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, LOOK_MS);
    if (!isForeign(file)) return false;
  }
  return true;
}

function isForeign(file: string): boolean {
  const main = ownDescriptor(file);
  if (main === undefined) return false;
  const firstPage = readFully(main, 0, LARGEST_PAGE);
  if (Buffer.from(firstPage.subarray(0, MAGIC.length)).toString('latin1') !== MAGIC) return true;
  const log = ownDescriptor(`${file}-wal`);
  if (log === undefined) return false;
  const verdict = judgeWal({ firstPage, bytes: fstatSync(main).size }, (at, length) =>
    readFully(log, at, length),
  );
  return verdict.kind === 'foreign';
}
