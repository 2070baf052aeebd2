/**
 * The database cannot be used in its present state. The message is for people: what is wrong, and
 * what to do next.
 */
export class DatabaseUnfit extends Error {
  override readonly name: string = 'DatabaseUnfit';
}
