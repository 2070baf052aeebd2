/**
 * JSON from where something else may stand: a column that somebody's SQL filled, a lock file, a
 * setting. Undefined where it is no object or array; what is within is the caller's to check.
 */
export function readJson<T extends object>(text: string): T | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as T) : undefined;
  } catch {
    return undefined;
  }
}

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
