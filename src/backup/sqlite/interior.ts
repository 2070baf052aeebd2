import { INTERIOR_HEADER, PAGE_SIZE, type PageType } from './format.ts';
import type { Pager } from './pager.ts';

/**
 * The interior page under construction at one height of a b-tree. A cell is a child's page number
 * and the divider behind that child: the key of its last row in a table, an entry of its own in an
 * index.
 */
export class InteriorLevel {
  /**
   * After {@link close}: the divider behind the closed page is `page[dividerStart, dividerEnd)`,
   * until the next append.
   */
  dividerStart = 0;
  dividerEnd = 0;
  readonly page = Buffer.alloc(PAGE_SIZE);
  readonly #type: (typeof PageType)['tableInterior' | 'indexInterior'];
  #cells = 0;
  #content = PAGE_SIZE;
  #lastSize = 0;

  constructor(type: (typeof PageType)['tableInterior' | 'indexInterior']) {
    this.#type = type;
  }

  /** Adds a child and the divider `bytes[from, to)` behind it; false when the page has no room. */
  append(child: number, bytes: Buffer, from: number, to: number): boolean {
    const size = 4 + to - from;
    if (INTERIOR_HEADER + 2 * (this.#cells + 1) + size > this.#content) return false;
    this.#content -= size;
    this.page.writeUInt32BE(child, this.#content);
    bytes.copy(this.page, this.#content + 4, from, to);
    this.page.writeUInt16BE(this.#content, INTERIOR_HEADER + 2 * this.#cells);
    this.#cells += 1;
    this.#lastSize = size;
    return true;
  }

  /**
   * Ends a full page and starts the next: the last cell leaves it, its child becomes the right-most
   * one, its divider goes up. So the page that follows never starts without a cell, which SQLite
   * takes for corruption.
   */
  close(pager: Pager): number {
    const rightMost = this.page.readUInt32BE(this.#content);
    this.dividerStart = this.#content + 4;
    this.dividerEnd = this.#content + this.#lastSize;
    this.#content += this.#lastSize;
    this.#cells -= 1;
    this.#seal(rightMost);
    const number = pager.add(this.page, INTERIOR_HEADER + 2 * this.#cells, this.#content);
    this.#cells = 0;
    this.#content = PAGE_SIZE;
    return number;
  }

  /** The level's last page, complete. */
  finish(rightMost: number): Buffer {
    this.#seal(rightMost);
    return this.page.fill(0, INTERIOR_HEADER + 2 * this.#cells, this.#content);
  }

  #seal(rightMost: number): void {
    putPageHeader(this.page, this.#type, this.#cells, this.#content);
    this.page.writeUInt32BE(rightMost, 8);
  }
}

/** The 8 bytes all b-tree pages start with; without free blocks and fragments. */
export function putPageHeader(page: Buffer, type: number, cells: number, content: number): void {
  page[0] = type;
  page.writeUInt16BE(0, 1);
  page.writeUInt16BE(cells, 3);
  page.writeUInt16BE(content, 5);
  page[7] = 0;
}
