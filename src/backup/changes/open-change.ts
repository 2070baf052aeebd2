/** A stored change file, read to its end and held against its own name, counts and hashes. */
import { createHash } from 'node:crypto';
import * as v from 'valibot';
import { explain } from '../../lib/clock.ts';
import { readJson } from '../../lib/read-json.ts';
import type { Bucket } from '../catalog/list.ts';
import { NotOpened } from '../catalog/not-opened.ts';
import { hasNoKey, type OpeningKeys, UnsealError } from '../envelope/types.ts';
import { openUnsealed } from '../envelope/unseal.ts';
import { Damaged } from '../foreign/errors.ts';
import { ChangeFileError, type ChangeHeader, MAX_CHANGE_FILE_BYTES, readChangeFile } from './change-file.ts';
import { parseChangeKey } from './change-names.ts';
import type { StoredChange } from './list-changes.ts';

export interface OpenedChange {
  readonly file: StoredChange;
  /** Of the stored bytes, hex: what the next file names. */
  readonly sha256: string;
  readonly header: ChangeHeader;
  readonly rows: number;
  readonly deleted: number;
  /** Unpacked. Its rows were not looked at. */
  readonly body: Buffer;
}

/** What does not pack at all, with what encryption adds. */
const MOST_STORED = MAX_CHANGE_FILE_BYTES + 1024 * 1024;

/**
 * @throws {@link Damaged} for one that is gone, altered, cut, or under another's name; {@link
 * NotOpened} where no key fits; errors of the store as they are.
 */
export async function openChange(
  bucket: Bucket,
  file: StoredChange,
  keys: OpeningKeys | undefined,
): Promise<OpenedChange> {
  // Whoever can write to the bucket can make one that is not encrypted.
  if (bucket.isSealed === true && !file.encrypted)
    throw new Damaged(`${file.file} is not encrypted, although your settings encrypt`);
  if (file.encrypted && hasNoKey(keys)) throw new NotOpened(file.file);
  const stored = await bucket.store.get(`${bucket.prefix}${file.file}`);
  if (stored === undefined) throw new Damaged(`${file.file} is not in the bucket`);
  if (stored.bytes > MOST_STORED) {
    await stored.body.cancel();
    throw new Damaged(`${file.file} has ${stored.bytes} bytes, more than a change file can have`);
  }
  const packed = new Uint8Array(await new Response(stored.body).arrayBuffer());
  const sha256 = createHash('sha256').update(packed).digest('hex');
  try {
    const plain = openUnsealed(ReadableStream.from([packed]), { encrypted: file.encrypted, keys });
    const body = await unpacked(plain);
    return { file, sha256, body, ...(await proved(file, body)) };
  } catch (error) {
    if (error instanceof UnsealError && error.reason === 'wrong key')
      throw new NotOpened(file.file, explain(error));
    if (error instanceof UnsealError || error instanceof ChangeFileError)
      throw new Damaged(`${file.file}: ${explain(error)}`, { cause: error });
    throw error;
  }
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

const footerSchema = v.strictObject({ rows: v.number(), deleted: v.number(), sha256: v.string() });

async function proved(
  file: StoredChange,
  body: Buffer,
): Promise<Pick<OpenedChange, 'header' | 'rows' | 'deleted'>> {
  const at = body.lastIndexOf(0x0a, -2) + 1;
  const footer = v.safeParse(footerSchema, readJson(body.toString('utf8', at)));
  if (!footer.success) throw new ChangeFileError('its last line is not what it should be: it is cut');
  const { rows, deleted, sha256 } = footer.output;
  if (createHash('sha256').update(body.subarray(0, at)).digest('hex') !== sha256)
    throw new ChangeFileError('its SHA-256 does not match: it was changed');
  const header = await headerOf(body);
  const isIts =
    header.timeline === file.timeline &&
    header.first === file.first &&
    header.last === file.last &&
    Date.parse(header.time) === parseChangeKey('', file.file)?.time.getTime();
  if (!isIts) throw new ChangeFileError('it is another file under this name');
  return { header, rows, deleted };
}

async function headerOf(body: Buffer): Promise<ChangeHeader> {
  const events = readChangeFile(ReadableStream.from([body]), () => undefined);
  try {
    const { value } = await events.next();
    if (value?.kind !== 'header') throw new ChangeFileError('it has no header');
    return value.header;
  } finally {
    await events.return(undefined);
  }
}
