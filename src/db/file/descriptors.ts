/**
 * Reads a database's files beside our own connections. Opening and closing a file would end our
 * locks (open-here.ts); reading from a descriptor that is open does not. Node only.
 */
import { type BigIntStats, fstatSync, readdirSync, readSync, statSync } from 'node:fs';

type FileId = Pick<BigIntStats, 'dev' | 'ino'>;

export function isSameFile(one: FileId | undefined, other: FileId): boolean {
  return one?.ino === other.ino && one.dev === other.dev;
}

/**
 * The descriptor of our own connection to the file that now has this name. Undefined where we have
 * none, or the system does not list them.
 */
export function ownDescriptor(name: string): number | undefined {
  const stats = statSync(name, { bigint: true, throwIfNoEntry: false });
  if (stats === undefined) return undefined;
  try {
    return readdirSync('/dev/fd')
      .map(Number)
      .find((descriptor) => isOpenOn(descriptor, stats));
  } catch {
    return undefined;
  }
}

/** {@link ownDescriptor}, looked for again only when the connection that had it is closed. */
export function descriptorOf(name: string): () => number | undefined {
  const stats = statSync(name, { bigint: true, throwIfNoEntry: false });
  let found: number | undefined;
  return () => {
    if (stats === undefined) return undefined;
    if (found === undefined || !isOpenOn(found, stats)) found = ownDescriptor(name);
    return found;
  };
}

function isOpenOn(descriptor: number, id: FileId): boolean {
  try {
    return isSameFile(fstatSync(descriptor, { bigint: true }), id);
  } catch {
    return false;
  }
}

/** Fewer bytes at the end of the file. */
export function readFully(descriptor: number, at: number, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let done = 0; done < length; ) {
    const count = readSync(descriptor, bytes, done, length - done, at + done);
    if (count === 0) return bytes.subarray(0, done);
    done += count;
  }
  return bytes;
}
