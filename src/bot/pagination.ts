/** Pages of a list: pure arithmetic. Pages are 0-based inside and 1-based for people. */

export interface Page {
  readonly page: number;
  readonly pages: number;
  readonly hasNext: boolean;
}

/** The page nearest to the requested one: an old button may name a page that is gone. */
export function pageOf(asked: number, total: number, perPage: number): Page {
  const pages = Math.max(1, Math.ceil(total / perPage));
  const page = Math.min(Math.max(0, asked), pages - 1);
  return { page, pages, hasNext: page < pages - 1 };
}
