/**
 * The stored bytes of a change file, unpacked and held against its own counts and hashes. Runs in
 * workerd and on Node.
 */
import { Buffer } from 'node:buffer';
import { createHash } from 'node:crypto';
import * as v from 'valibot';
import { wholeOf } from '../../lib/capped.ts';
import { readJson } from '../../lib/read-json.ts';
import { gunzippedAtOnce } from '../envelope/gunzip.ts';
import type { OpeningKeys } from '../envelope/types.ts';
import { openUnsealed } from '../envelope/unseal.ts';
import type { Store } from '../store/types.ts';
import {
  ChangeFileError,
  type ChangeHeader,
  footerSchema,
  MAX_CHANGE_FILE_BYTES,
  readHeader,
} from './change-file.ts';

/** Of a stored file: what does not pack at all, with what encryption adds. */
export const MOST_STORED_BYTES: number = MAX_CHANGE_FILE_BYTES + 1024 * 1024;

/** Undefined where there is none. @throws {@link ChangeFileError} for one too large to be one */
export async function readStored(store: Store, key: string): Promise<Uint8Array | undefined> {
  const object = await store.get(key);
  if (object === undefined) return undefined;
  const tooLarge = (): ChangeFileError =>
    new ChangeFileError(`it has ${object.bytes} bytes, more than a change file can have`);
  if (object.bytes <= MOST_STORED_BYTES) return wholeOf(object.body, MOST_STORED_BYTES, tooLarge);
  await object.body.cancel();
  throw tooLarge();
}

export interface ProvedFile {
  readonly header: ChangeHeader;
  /** Unpacked. Its rows were not looked at. */
  readonly body: Buffer;
}

/** @throws UnsealError where no key opens it, {@link ChangeFileError} for one damaged or cut */
export async function proveFile(
  stored: Uint8Array,
  options: { readonly encrypted: boolean; readonly keys: OpeningKeys | undefined },
): Promise<ProvedFile> {
  const body =
    (options.encrypted ? undefined : gunzippedAtOnce(stored)) ??
    (await unpacked(openUnsealed(ReadableStream.from([stored]), options)));
  const at = body.lastIndexOf(0x0a, -2) + 1;
  const footer = v.safeParse(footerSchema, readJson(body.toString('utf8', at)));
  if (!footer.success) throw new ChangeFileError('its last line is not what it should be: it is cut');
  if (createHash('sha256').update(body.subarray(0, at)).digest('hex') !== footer.output.sha256)
    throw new ChangeFileError('its SHA-256 does not match: it was changed');
  return { header: readHeader(body), body };
}

async function unpacked(plain: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of plain) {
    bytes += chunk.byteLength;
    if (bytes > MAX_CHANGE_FILE_BYTES)
      throw new ChangeFileError(`it unpacks to more than ${MAX_CHANGE_FILE_BYTES} bytes`);
    chunks.push(chunk.slice());
  }
  return Buffer.concat(chunks);
}
