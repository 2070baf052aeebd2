/**
 * Opening an age file as a stream, telling a wrong key, a cut file and a flipped bit apart as far
 * as the format lets one.
 */
import { Decrypter } from 'age-encryption';
import { CHUNK_BYTES, openChunk, PAYLOAD_NONCE_BYTES, payloadKey, TAG_BYTES } from './age-format.ts';
import { headerEnd } from './age-header.ts';
import { PassphraseIdentity } from './age-passphrase.ts';
import { hasNoKey, type OpeningKeys, UnsealError } from './types.ts';

const MAGIC = 'age-encryption.org/v1\n';
/** A hundred post-quantum recipients fit; anything longer is no header of ours. */
const HEADER_MAX = 256 * 1024;
const SEALED_CHUNK = CHUNK_BYTES + TAG_BYTES;

/**
 * The plaintext, chunk by chunk; nothing is handed out before its tag was checked. Throws {@link
 * UnsealError}.
 */
export async function* decrypted(
  source: AsyncIterable<Uint8Array>,
  keys: OpeningKeys,
): AsyncGenerator<Uint8Array> {
  const chunks = source[Symbol.asyncIterator]();
  try {
    const bytes = new Gatherer(chunks);
    const header = await readHeader(bytes);
    const fileKey = await openHeader(header, keys);
    const nonce = await bytes.take(PAYLOAD_NONCE_BYTES);
    if (nonce.byteLength < PAYLOAD_NONCE_BYTES)
      throw new UnsealError('cut', 'the file ends after its age header');
    const key = payloadKey(fileKey, nonce);
    for (let index = 0; ; index++) {
      const sealed = await bytes.take(SEALED_CHUNK);
      const last = !(await bytes.more());
      const plain = openChunk(key, index, last, sealed);
      if (plain === undefined) throw brokenChunk(key, index, last, sealed);
      if (last && index > 0 && plain.byteLength === 0) {
        throw new UnsealError('damaged', 'the last chunk of the age file is empty');
      }
      yield plain;
      if (last) return;
    }
  } finally {
    // A reader that has seen enough: what the source has open is closed.
    await chunks.return?.();
  }
}

/**
 * Why none of the keys opens the file: its header alone is read. Undefined when one does, or when
 * the header is at fault, which whoever reads the file finds.
 */
export async function keyRefusal(
  source: AsyncIterable<Uint8Array>,
  keys: OpeningKeys,
): Promise<string | undefined> {
  const chunks = source[Symbol.asyncIterator]();
  try {
    await openHeader(await readHeader(new Gatherer(chunks)), keys);
    return undefined;
  } catch (error) {
    if (!(error instanceof UnsealError)) throw error;
    return error.reason === 'wrong key' ? error.message : undefined;
  } finally {
    await chunks.return?.();
  }
}

function brokenChunk(key: Uint8Array, index: number, last: boolean, sealed: Uint8Array): UnsealError {
  const at = `chunk ${index} of the age file`;
  if (last && openChunk(key, index, false, sealed) !== undefined) {
    return new UnsealError('cut', `the file is cut off after ${at}`);
  }
  if (last && sealed.byteLength < TAG_BYTES) return new UnsealError('cut', `the file is cut off in ${at}`);
  if (!last && openChunk(key, index, true, sealed) !== undefined) {
    return new UnsealError('damaged', `something follows ${at}, its last`);
  }
  return new UnsealError('damaged', last ? `${at}, the last, is cut off or damaged` : `${at} is damaged`);
}

async function readHeader(bytes: Gatherer): Promise<Uint8Array> {
  const magic = await bytes.peek(MAGIC.length);
  if (Buffer.from(magic).toString('latin1') !== MAGIC) {
    const prefix = MAGIC.startsWith(Buffer.from(magic).toString('latin1'));
    if (prefix) throw new UnsealError('cut', 'the file ends within its first line');
    throw new UnsealError('foreign', 'not an age file');
  }
  for (let size = 1024; ; size *= 2) {
    const start = await bytes.peek(size);
    const end = headerEnd(start);
    if (end !== -1) return bytes.take(end);
    if (start.byteLength < size) throw new UnsealError('cut', 'the file ends within its age header');
    if (size > HEADER_MAX) throw new UnsealError('damaged', 'the age header has no end');
  }
}

async function openHeader(header: Uint8Array, keys: OpeningKeys): Promise<Uint8Array> {
  if (hasNoKey(keys))
    throw new UnsealError('wrong key', 'it is encrypted: set BACKUP_AGE_IDENTITY or BACKUP_PASSPHRASE');
  const decrypter = new Decrypter();
  for (const [index, identity] of keys.identities.entries()) {
    try {
      decrypter.addIdentity(identity);
    } catch {
      // Without the text and its cause: it is, or was meant to be, a secret.
      throw new UnsealError('wrong key', `key ${index + 1} is not an age identity (AGE-SECRET-KEY-…)`);
    }
  }
  for (const passphrase of keys.passphrases) decrypter.addIdentity(new PassphraseIdentity(passphrase));
  try {
    return await decrypter.decryptHeader(header);
  } catch (error) {
    const message = error instanceof Error ? error.message : '';
    if (message.includes('no identity matched')) {
      throw new UnsealError(
        'wrong key',
        'none of the keys opens the file: set the BACKUP_AGE_IDENTITY or BACKUP_PASSPHRASE that it was made with',
      );
    }
    throw new UnsealError('damaged', `the age header is damaged (${message})`);
  }
}

/** Takes exact numbers of bytes from a stream of chunks of any size. */
class Gatherer {
  readonly #source: AsyncIterator<Uint8Array>;
  #buffer = new Uint8Array(2 * SEALED_CHUNK);
  #start = 0;
  #end = 0;
  /** What of the last chunk does not fit in the buffer yet. */
  #pending: Uint8Array = new Uint8Array(0);
  #ended = false;

  constructor(source: AsyncIterator<Uint8Array>) {
    this.#source = source;
  }

  /** The next `count` bytes, fewer only at the end; a copy. */
  async take(count: number): Promise<Uint8Array> {
    const bytes = await this.peek(count);
    this.#start += bytes.byteLength;
    return bytes;
  }

  async peek(count: number): Promise<Uint8Array> {
    await this.#fill(count);
    return this.#buffer.slice(this.#start, Math.min(this.#start + count, this.#end));
  }

  async more(): Promise<boolean> {
    await this.#fill(1);
    return this.#end > this.#start;
  }

  async #fill(count: number): Promise<void> {
    if (this.#end - this.#start >= count) return;
    this.#makeRoom(count);
    while (this.#end - this.#start < count && !this.#ended) {
      if (this.#pending.byteLength === 0) {
        const { done, value } = await this.#source.next();
        if (done) this.#ended = true;
        else this.#pending = value;
      }
      const piece = this.#pending.subarray(0, this.#buffer.byteLength - this.#end);
      this.#buffer.set(piece, this.#end);
      this.#end += piece.byteLength;
      this.#pending = this.#pending.subarray(piece.byteLength);
    }
  }

  #makeRoom(count: number): void {
    const target = count > this.#buffer.byteLength ? new Uint8Array(count) : this.#buffer;
    target.set(this.#buffer.subarray(this.#start, this.#end));
    this.#buffer = target;
    this.#end -= this.#start;
    this.#start = 0;
  }
}
