/** A stored change file of an attempt that did not end, opened and held against what it must be. */

import { Buffer } from 'node:buffer';
import { createHash } from 'node:crypto';
import * as v from 'valibot';
import type { OpeningKeys } from '../envelope/types.ts';
import { openUnsealed } from '../envelope/unseal.ts';
import { type ChangeHeader, footerSchema, headerSchema, MAX_CHANGE_FILE_BYTES } from './change-file.ts';

/**
 * The header of a whole file; undefined for one that is damaged, cut, or sealed for others. Its
 * rows are not looked at.
 */
export async function headerOfWhole(
  stored: Uint8Array,
  options: { readonly encrypted: boolean; readonly keys: OpeningKeys | undefined },
): Promise<ChangeHeader | undefined> {
  try {
    const body = new Response(Buffer.from(stored)).body;
    if (body === null) return undefined;
    const bytes = await unpack(openUnsealed(body, options));
    const end = bytes.lastIndexOf('\n', -2) + 1;
    const footer = v.parse(footerSchema, JSON.parse(bytes.toString('utf8', end)));
    if (footer.sha256 !== createHash('sha256').update(bytes.subarray(0, end)).digest('hex')) return undefined;
    return v.parse(headerSchema, JSON.parse(bytes.toString('utf8', 0, bytes.indexOf('\n'))));
  } catch {
    return undefined;
  }
}

async function unpack(stream: ReadableStream<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of stream) {
    bytes += chunk.byteLength;
    if (bytes > MAX_CHANGE_FILE_BYTES) throw new Error('too large');
    chunks.push(chunk.slice());
  }
  return Buffer.concat(chunks);
}
