/**
 * A JSON document of any length as a stream, whoever wrote it and however it is spelled: the keys
 * of its outer objects and the elements of its lists, each read as one piece. What they mean is
 * said by reader.ts (rows of a backup) and legacy.ts (records of an import).
 */
import { BYTE, follows, isSpace, jsonKey, nextByte, punctuation } from './json-value.ts';
import type { ByteWindow } from './window.ts';

/** The keys of the object at the position; whoever iterates consumes each one's value. */
export async function* keysOf(window: ByteWindow): AsyncGenerator<string> {
  const { path } = window;
  const depth = path.length;
  const seen = new Set<string>();
  if ((await window.take(nextByte)) !== BYTE.openBrace) throw window.fault('not a JSON object');
  window.pos += 1;
  while (await window.take(() => follows(window, BYTE.closeBrace, seen.size === 0))) {
    const key = await window.take(jsonKey);
    if (seen.has(key)) throw window.fault(`the key ${JSON.stringify(key)} stands twice`);
    seen.add(key);
    path.push(key);
    yield key;
    path.length = depth;
  }
}

/** The elements of the list at the position, in batches. `read` consumes one. */
export async function* elementsOf<T>(
  window: ByteWindow,
  read: (window: ByteWindow) => T,
): AsyncGenerator<readonly T[]> {
  const { path } = window;
  const elements: T[] = [];
  let index = 0;
  await window.take(() => punctuation(window, BYTE.open));
  const next = (): boolean => {
    if (!follows(window, BYTE.close, index === 0)) return false;
    path.push(index);
    elements.push(read(window));
    path.pop();
    index += 1;
    return true;
  };
  yield* window.batches(next, () => elements.splice(0));
}

/** @throws DocumentError when anything but space is left */
export async function requireEnd(window: ByteWindow): Promise<void> {
  while (!(await window.atEnd())) {
    if (!isSpace(window.bytes[window.pos])) throw window.fault('something follows the document');
    window.pos += 1;
  }
}
