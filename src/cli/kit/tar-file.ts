/**
 * Plain files in one file that every system's `tar` opens (POSIX.1-1988, "ustar"): a header of 512
 * bytes before each, and each filled up to a multiple of 512.
 */
import type { HeadLastWriter } from '../../backup/model/model.ts';

export interface TarFile {
  /** ASCII, at most 100 characters. */
  readonly name: string;
  readonly bytes: number;
  /** Hands over exactly so many bytes. */
  send(write: (chunk: Uint8Array) => Promise<void>): Promise<void>;
}

const BLOCK = 512;
/** The most that eleven octal digits hold. */
const LARGEST_BYTES = 8 ** 11 - 1;

export async function writeTar(
  writer: Pick<HeadLastWriter, 'write'>,
  files: readonly TarFile[],
  modified: Date,
): Promise<void> {
  for (const file of files) {
    await writer.write(headerOf(file, modified));
    let bytes = 0;
    await file.send(async (chunk) => {
      bytes += chunk.byteLength;
      await writer.write(chunk);
    });
    if (bytes !== file.bytes) throw new Error(`${file.name} has ${bytes} bytes, not ${file.bytes}`);
    await writer.write(new Uint8Array((BLOCK - (bytes % BLOCK)) % BLOCK));
  }
  await writer.write(new Uint8Array(2 * BLOCK));
}

function headerOf({ name, bytes }: TarFile, modified: Date): Uint8Array {
  if (Buffer.byteLength(name) > 100 || bytes > LARGEST_BYTES)
    throw new RangeError(`${name} of ${bytes} bytes does not fit into a kit`);
  const header = Buffer.alloc(BLOCK);
  const octal = (value: number, digits: number, at: number): void => {
    header.write(`${value.toString(8).padStart(digits, '0')}\0`, at, 'latin1');
  };
  header.write(name, 0, 'latin1');
  octal(0o600, 7, 100);
  octal(0, 7, 108);
  octal(0, 7, 116);
  octal(bytes, 11, 124);
  octal(Math.floor(modified.getTime() / 1000), 11, 136);
  // The sum is taken with spaces in its own place.
  header.write('        0', 148, 'latin1');
  header.write('ustar\0' + '00', 257, 'latin1');
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return header;
}
