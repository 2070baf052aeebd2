/** Pages of a SQLite file of ours, read in runs: neighbours on disk are neighbours in a table. */
import { Buffer } from 'node:buffer';
import { PAGE_SIZE } from './format.ts';

/** Pages a read. */
const RUN_PAGES = 64;

const NONE = Buffer.alloc(0);

/** Reads into all of `into` from `position` on; returns how many bytes there were. */
export type ReadAt = (into: Uint8Array, position: number) => number;

/** What SQLite calls it, so that whoever reads the message does the same about it. */
export function malformed(what: string): Error {
  return new Error(`database disk image is malformed: ${what}`);
}

export class PageFile {
  /** Holds the page of the last {@link seek}; what it does not hold was never there. */
  bytes: Buffer = NONE;
  readonly #read: ReadAt;
  #run = -1;
  #held = 0;

  constructor(read: ReadAt) {
    this.#read = read;
  }

  /** Where in {@link bytes} the page begins; pages are numbered from 1. */
  seek(page: number): number {
    const run = Math.floor((page - 1) / RUN_PAGES);
    if (run !== this.#run) {
      this.#run = -1;
      // Many a table has no overflow, and many a database dozens of tables.
      if (this.bytes === NONE) this.bytes = Buffer.allocUnsafe(RUN_PAGES * PAGE_SIZE);
      this.#held = this.#read(this.bytes, run * RUN_PAGES * PAGE_SIZE);
      this.#run = run;
    }
    const at = (page - 1 - run * RUN_PAGES) * PAGE_SIZE;
    if (at < 0 || at + PAGE_SIZE > this.#held) throw malformed(`there is no page ${page}`);
    return at;
  }
}
