/**
 * Whether the log of a database in use is still ours, and has only grown. Older files that a person
 * copies over all of a database's files fit each other, so that only what we remember of the newer
 * ones tells. Node only.
 */
import { type BigIntStats, statSync } from 'node:fs';
import { descriptorOf, isSameFile, readFully } from './descriptors.ts';

export interface LogWatch {
  /**
   * `journal`: the log or its index is gone, or another. `older`: the database stands where it
   * stood before. Costs a `stat` each, and three short reads after a write.
   */
  look(main: BigIntStats): 'journal' | 'older' | undefined;
}

/** The log's newest commit. @see https://sqlite.org/walformat.html#the_wal_index_file_format */
interface Position {
  /** Drawn anew for each log. */
  readonly salts: string;
  /** The first of them. A new log counts on from the one before it, or draws lots. */
  readonly count: number;
  readonly frames: number;
  /** The checksum of the last frame, over all frames before it, too. */
  readonly sum: string;
  readonly pageSize: number;
  /** Of page 1 in the file; a checkpoint can only raise it. */
  readonly changes: number;
}

/** Looks that must agree: another process may be at work. */
const LOOKS = 3;
const LOOK_MS = 20;
const QUIETLY = { bigint: true, throwIfNoEntry: false } as const;
/** Of the index: each of the two copies of its header. */
const COPY_BYTES = 48;
const LOG_HEADER_BYTES = 32;
const FRAME_HEADER_BYTES = 24;
/** Of the file's header: the change counter. */
const CHANGES_AT = 24;
/** A log a minute, for a week. By lot, one of 400,000 new logs falls into it. */
const MOST_LOGS = 10_000;

/** `file`: its real path; a connection of this process has it and its log open. */
export function watchLog(file: string): LogWatch {
  const names = [file, `${file}-wal`, `${file}-shm`] as const;
  const held = names.map((name) => statSync(name, QUIETLY));
  const descriptors = names.map(descriptorOf);
  let mark = '';
  let last = positionNow();

  /** Undefined while it cannot be told. */
  function positionNow(): Position | undefined {
    const [main, , index] = descriptors.map((find) => find());
    if (main === undefined || index === undefined) return undefined;
    return positionIn(readFully(index, 0, 2 * COPY_BYTES), readFully(main, CHANGES_AT, 4));
  }

  function isBehind(): boolean {
    for (let i = 0; i < LOOKS; i += 1) {
      if (i > 0) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, LOOK_MS);
      const now = positionNow();
      if (now === undefined) {
        mark = '';
        return false;
      }
      if (last === undefined || isOn(last, now)) {
        last = now;
        return false;
      }
    }
    return true;
  }

  /** Whether the database can have come from `before` to `now`. */
  function isOn(before: Position, now: Position): boolean {
    const log = descriptors[1]?.();
    if (log === undefined) return true;
    if (!isInLog(log, now)) return false;
    if (now.salts === before.salts) return now.frames >= before.frames && isInLog(log, before);
    const logs = (now.count - before.count) | 0;
    return ((now.changes - before.changes) | 0) >= 0 && (logs > 0 || logs < -MOST_LOGS);
  }

  return {
    look(main) {
      const found = [main, ...names.slice(1).map((name) => statSync(name, QUIETLY))];
      if (held.some((id, at) => id !== undefined && !isSameFile(found[at], id))) return 'journal';
      const seen = found.map(markOf).join(' ');
      if (seen === mark) return undefined;
      mark = seen;
      return isBehind() ? 'older' : undefined;
    },
  };
}

/** Undefined while somebody writes it. Its numbers are in the order of bytes of this machine. */
function positionIn(index: Uint8Array, changes: Uint8Array): Position | undefined {
  const [one, two] = [index.subarray(0, COPY_BYTES), index.subarray(COPY_BYTES)];
  if (two.byteLength < COPY_BYTES || changes.byteLength < 4 || Buffer.compare(one, two) !== 0)
    return undefined;
  const numbers = new Uint32Array(one.slice().buffer);
  const [size = 0] = new Uint16Array(one.slice(14, 16).buffer);
  return {
    salts: Buffer.from(one.subarray(32, 40)).toString('hex'),
    // As in the log.
    count: new DataView(one.buffer, one.byteOffset).getUint32(32),
    frames: numbers[4] ?? 0,
    sum: [numbers[6], numbers[7]].join(),
    pageSize: (size & 0xfe00) + ((size & 1) << 16),
    changes: new DataView(changes.buffer, changes.byteOffset).getUint32(0),
  };
}

/** Whether the log has the frame that the index says. */
function isInLog(log: number, { frames, salts, sum, pageSize }: Position): boolean {
  if (frames === 0) return true;
  const at = LOG_HEADER_BYTES + (frames - 1) * (FRAME_HEADER_BYTES + pageSize);
  const header = readFully(log, at, FRAME_HEADER_BYTES);
  if (header.byteLength < FRAME_HEADER_BYTES) return false;
  const view = new DataView(header.buffer, header.byteOffset);
  return (
    Buffer.from(header.subarray(8, 16)).toString('hex') === salts &&
    [view.getUint32(16), view.getUint32(20)].join() === sum
  );
}

function markOf(stats: BigIntStats | undefined): string {
  // A copy may keep the time of the last write, and not that of the last change.
  return `${stats?.size} ${stats?.mtimeNs} ${stats?.ctimeNs}`;
}
