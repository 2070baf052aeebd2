/**
 * Whether a database's path still leads to the file that this process opened. When a person moves,
 * removes or overwrites it, open connections notice nothing: they go on with a file that has no
 * name, or mix two files. Node only.
 */
import { type BigIntStats, fstatSync, readdirSync, readSync, statSync } from 'node:fs';
import { judgeWal } from './journal-owner.ts';

/**
 * `overwritten`: the same file, with the content of another. `journal`: its log is gone, or
 * another.
 */
export type Loss = 'missing' | 'another' | 'overwritten' | 'journal';

/** Looks that must agree: another process may be checkpointing. */
const LOOKS = 3;
const LOOK_MS = 20;
/** The most that page 1 can be. */
const LARGEST_PAGE = 65_536;
const MAGIC = 'SQLite format 3\0';

export interface FileWatch {
  /**
   * Undefined while the file is ours; once lost, it stays lost. Costs one `stat` of the file, of
   * its log and of the log's index, and a look at page 1 after a write to the file.
   */
  look(): Loss | undefined;
  /**
   * From now on a connection of ours has the log open. SQLite removes it only when the last one
   * closes, so from now on it is lost when the name leads elsewhere.
   */
  holdLog(): void;
}

/** `file`: its real path; this process has it open, and it has at least one page. */
export function watchFile(file: string): FileWatch {
  const opened = statSync(file, { bigint: true });
  let lost: Loss | undefined;
  let mark = '';
  /** The log and its index, as they were opened. */
  let held: readonly (FileId | undefined)[] = [];
  const areHeld = (): boolean => held.every((id, at) => id === undefined || isFile(`${file}${LOGS[at]}`, id));
  return {
    holdLog() {
      held = LOGS.map((suffix) => statSync(file + suffix, QUIETLY));
    },
    look() {
      if (lost !== undefined) return lost;
      const stats = statSync(file, QUIETLY);
      if (stats === undefined) lost = 'missing';
      else if (stats.dev !== opened.dev || stats.ino !== opened.ino) lost = 'another';
      else {
        const seen = `${stats.size} ${stats.mtimeNs}`;
        if (seen !== mark && isOverwritten(file)) lost = 'overwritten';
        // Without the index another program makes its own: the two write over each other's rows.
        else if (!areHeld()) lost = 'journal';
        mark = seen;
      }
      return lost;
    },
  };
}

const LOGS = ['-wal', '-shm'] as const;

type FileId = Pick<BigIntStats, 'dev' | 'ino'>;
const QUIETLY = { bigint: true, throwIfNoEntry: false } as const;

function isFile(name: string, { dev, ino }: FileId): boolean {
  const stats = statSync(name, QUIETLY);
  return stats?.ino === ino && stats.dev === dev;
}

/**
 * The descriptor of our own connection to the file that now has this name. Opening and closing the
 * file would end our locks (open-here.ts); reading from this descriptor does not. Undefined where
 * we have none, or the system does not list them.
 */
export function ownDescriptor(name: string): number | undefined {
  const stats = statSync(name, QUIETLY);
  if (stats === undefined) return undefined;
  const isIt = (descriptor: number): boolean => {
    try {
      const own = fstatSync(descriptor, { bigint: true });
      return own.dev === stats.dev && own.ino === stats.ino;
    } catch {
      return false;
    }
  };
  try {
    return readdirSync('/dev/fd').map(Number).find(isIt);
  } catch {
    return undefined;
  }
}

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

/** Fewer bytes at the end of the file. */
export function readFully(descriptor: number, at: number, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let done = 0; done < length; ) {
    const count = readSync(descriptor, bytes, done, length - done, at + done);
    if (count === 0) return bytes.subarray(0, done);
    done += count;
  }
  return bytes;
}
