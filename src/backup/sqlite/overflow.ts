import { OVERFLOW_CAPACITY, PAGE_SIZE } from './format.ts';
import type { Pager } from './pager.ts';

/**
 * Writes the part of a payload that does not fit its b-tree page, as a chain of pages in a row.
 * Nothing else may be added to the pager between {@link OverflowChain.begin} and the last byte:
 * every page names the next one before it is written.
 */
export class OverflowChain {
  readonly #pager: Pager;
  readonly #page = Buffer.alloc(PAGE_SIZE);
  #number = 0;
  #filled = 0;
  #remaining = 0;

  constructor(pager: Pager) {
    this.#pager = pager;
  }

  /** Starts a chain for `length` > 0 bytes and returns the number of its first page. */
  begin(length: number): number {
    this.#number = this.#pager.after(this.#pager.pages);
    this.#filled = 0;
    this.#remaining = length;
    return this.#number;
  }

  /** Takes the next bytes of the payload; the chain ends by itself with its last byte. */
  write(bytes: Buffer, from: number, to: number): void {
    let at = from;
    while (at < to) {
      const length = Math.min(to - at, OVERFLOW_CAPACITY - this.#filled);
      bytes.copy(this.#page, 4 + this.#filled, at, at + length);
      at += length;
      this.#filled += length;
      this.#remaining -= length;
      if (this.#filled === OVERFLOW_CAPACITY || this.#remaining === 0) this.#addPage();
    }
  }

  #addPage(): void {
    const next = this.#remaining === 0 ? 0 : this.#pager.after(this.#number);
    this.#page.writeUInt32BE(next, 0);
    const added = this.#pager.add(this.#page, 4 + this.#filled, PAGE_SIZE);
    if (added !== this.#number) throw new Error(`overflow page ${this.#number} became page ${added}`);
    this.#number = next;
    this.#filled = 0;
  }
}
