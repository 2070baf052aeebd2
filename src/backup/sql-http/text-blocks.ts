/** A byte stream as blocks of whole lines. */
import { Buffer } from 'node:buffer';
import { WireError } from './wire.ts';

/**
 * Longest line taken: a row of 5 MB (the server's limit) whose every byte became six characters,
 * with room to spare.
 */
const MAX_LINE_BYTES = 64 * 1024 * 1024;
const NEWLINE = 0x0a;
const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * Yields text that ends in a line break, in order, as it comes. Throws {@link WireError} when the
 * stream ends inside a line or holds bytes that are not UTF-8; a failing stream throws what it
 * throws.
 */
export async function* textBlocks(reader: ReadableStreamDefaultReader<Uint8Array>): AsyncGenerator<string> {
  let pending: Uint8Array[] = [];
  let pendingBytes = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    const end = value.lastIndexOf(NEWLINE) + 1;
    if (end > 0) {
      const whole =
        pending.length === 0 ? value.subarray(0, end) : Buffer.concat([...pending, value.subarray(0, end)]);
      pending = [];
      pendingBytes = 0;
      yield decode(whole);
    }
    if (end < value.length) {
      pending.push(value.slice(end));
      pendingBytes += value.length - end;
      if (pendingBytes > MAX_LINE_BYTES) throw new WireError(`a line of more than ${MAX_LINE_BYTES} bytes`);
    }
  }
  if (pendingBytes > 0) throw new WireError('the answer ends inside a line');
}

function decode(bytes: Uint8Array): string {
  try {
    return UTF8.decode(bytes);
  } catch (error) {
    throw new WireError('the answer is not UTF-8', { cause: error });
  }
}
