/** A small JSON object beside the backups: what hosts and commands tell each other. */
import * as v from 'valibot';
import type { Store } from '../store/types.ts';
import { ManifestError } from './manifest.ts';
import { readSmall } from './small-object.ts';

export function putNote(store: Store, key: string, note: object): Promise<void> {
  return store.put(key, new TextEncoder().encode(`${JSON.stringify(note, null, 2)}\n`));
}

/** Undefined: there is none. One that cannot be read counts as none. */
export async function readNote<T>(
  store: Store,
  key: string,
  schema: v.GenericSchema<unknown, T>,
): Promise<T | undefined> {
  const bytes = await readSmall(store, key).catch((error: unknown) => {
    if (error instanceof ManifestError) return undefined;
    throw error;
  });
  return parseNote(bytes, schema);
}

export function parseNote<T>(
  bytes: Uint8Array | undefined,
  schema: v.GenericSchema<unknown, T>,
): T | undefined {
  const text = bytes === undefined ? '' : new TextDecoder().decode(bytes);
  const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), schema), text);
  return parsed.success ? parsed.output : undefined;
}
