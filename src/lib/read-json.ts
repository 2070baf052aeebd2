/**
 * JSON from where something else may stand: a column that somebody's SQL or a restored row filled, a
 * lock file, a setting. Undefined where it is no object or array; the shape within is the caller's
 * to look at.
 */
export function readJson<T extends object>(text: string): T | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as T) : undefined;
  } catch {
    return undefined;
  }
}
