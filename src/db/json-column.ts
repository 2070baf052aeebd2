/**
 * JSON that the bot itself wrote into a column. Somebody's SQL or a restored row may have put
 * something else there: that spoils one row, and must not stop those behind it.
 */

/** Undefined where it is no JSON object or array. The shape within is the writer's. */
export function readJson<T extends object>(text: string): T | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as T) : undefined;
  } catch {
    return undefined;
  }
}
