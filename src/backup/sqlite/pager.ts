import type { HeadLastWriter } from '../model/model.ts';
import { type FileLimits, PAGE_SIZE } from './format.ts';

/** Pages a write: 256 KiB. */
const CHUNK_PAGES = 64;
/**
 * Room for what one row may add between two looks at {@link Pager.full}: its pages and the b-tree
 * pages it completes.
 */
const SLACK_PAGES = 64;

/**
 * Numbers pages as they are added, from 2 on (page 1 goes out last), steps over the lock page and
 * gathers pages into chunks. Adding is synchronous; whoever adds calls {@link Pager.flush} when
 * {@link Pager.full} says so, at least once for every 64 pages.
 */
export class Pager {
  readonly #out: HeadLastWriter<unknown>;
  readonly #limits: FileLimits;
  /** No Buffer: its `slice` would be a view to those who take it for a copy. */
  readonly #chunk = new Uint8Array((CHUNK_PAGES + SLACK_PAGES) * PAGE_SIZE);
  #buffered = 0;
  #last = 1;

  constructor(out: HeadLastWriter<unknown>, limits: FileLimits) {
    this.#out = out;
    this.#limits = limits;
  }

  /** Pages of the file so far, page 1 included. */
  get pages(): number {
    return this.#last;
  }

  get full(): boolean {
    return this.#buffered >= CHUNK_PAGES;
  }

  /** The number of the first page after `page` that may hold content. */
  after(page: number): number {
    return page + 1 === this.#limits.lockPage ? page + 2 : page + 1;
  }

  /** Copies a page of `PAGE_SIZE` bytes, zeros from `gapStart` to `gapEnd`; returns its number. */
  add(page: Uint8Array, gapStart: number, gapEnd: number): number {
    const number = this.after(this.#last);
    if (number > this.#limits.maxPages) {
      throw new Error(`database too large: sqlite files have at most ${this.#limits.maxPages} pages`);
    }
    if (number > this.#last + 1) this.#append(ZERO_PAGE, 0, 0);
    this.#append(page, gapStart, gapEnd);
    this.#last = number;
    return number;
  }

  async flush(): Promise<void> {
    if (this.#buffered === 0) return;
    const chunk = this.#chunk.subarray(0, this.#buffered * PAGE_SIZE);
    await this.#out.write(chunk);
    this.#buffered = 0;
  }

  #append(page: Uint8Array, gapStart: number, gapEnd: number): void {
    const at = this.#buffered * PAGE_SIZE;
    if (at >= this.#chunk.length) throw new Error('pager was not flushed in time');
    this.#chunk.set(page, at);
    if (gapStart < gapEnd) this.#chunk.fill(0, at + gapStart, at + gapEnd);
    this.#buffered += 1;
  }
}

const ZERO_PAGE = new Uint8Array(PAGE_SIZE);
