/** The b-tree of a table, as far as its leaves. https://sqlite.org/fileformat2.html#b_tree_pages */
import { Buffer } from 'node:buffer';
import { INTERIOR_HEADER, PAGE_SIZE, PageType } from './format.ts';
import { malformed, type PageFile } from './page-file.ts';

/** Deeper than any b-tree of 2^32 pages. */
const MAX_DEPTH = 40;

/** Bytes of content by serial type below 12; 10 and 11 are in no sound file. */
export const SERIAL_BYTES: Int8Array = Int8Array.of(0, 1, 2, 3, 4, 6, 8, 8, 0, 0, -1, -1);

/** Page numbers from left to right. When the next is asked for, the page before is done with. */
export function* leavesOf(pages: PageFile, root: number, depth = 0): Generator<number> {
  if (depth > MAX_DEPTH) throw malformed('a b-tree without end');
  const at = pages.seek(root);
  const type = pages.bytes[at];
  if (type === PageType.tableLeaf) return yield root;
  if (type !== PageType.tableInterior) throw malformed(`page ${root} is none of a table`);
  const page = Buffer.from(pages.bytes.subarray(at, at + PAGE_SIZE));
  const count = page.readUInt16BE(3);
  for (let cell = 0; cell < count; cell += 1)
    yield* leavesOf(pages, page.readUInt32BE(page.readUInt16BE(INTERIOR_HEADER + 2 * cell)), depth + 1);
  yield* leavesOf(pages, page.readUInt32BE(8), depth + 1);
}
