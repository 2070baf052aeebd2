/**
 * Texts of a database that may be no UTF-8: libsql ends the process when it reads such a one, so
 * they come as digits. Node only.
 */

/** SQL of the bytes of a text; '' for NULL. */
export function hexOf(column: string): string {
  return `hex(CAST(${column} AS BLOB))`;
}

/** What {@link hexOf} gave; each byte that is not UTF-8 is U+FFFD then. */
export function textOfHex(hex: string): string {
  return Buffer.from(hex, 'hex').toString();
}
