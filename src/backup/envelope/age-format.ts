/**
 * The pieces of the age file format (https://age-encryption.org/v1) that sealing and opening share;
 * ciphers are the runtime's own.
 */
import { createCipheriv, createDecipheriv, hkdfSync } from 'node:crypto';

/** Plaintext bytes of every payload chunk but the last. */
export const CHUNK_BYTES = 64 * 1024;
/** Poly1305 tag at the end of every chunk. */
export const TAG_BYTES = 16;
/** Random bytes between header and payload. */
export const PAYLOAD_NONCE_BYTES = 16;

const CIPHER = 'chacha20-poly1305';
const NONCE_BYTES = 12;

/** The key of the payload's chunks. */
export function payloadKey(fileKey: Uint8Array, nonce: Uint8Array): Uint8Array {
  return new Uint8Array(hkdfSync('sha256', fileKey, nonce, 'payload', 32));
}

/**
 * Ciphertext and tag of one payload chunk. Chunks are independent: they may be sealed in any order,
 * but each only once.
 */
export function sealChunk(key: Uint8Array, index: number, last: boolean, plain: Uint8Array): Uint8Array {
  return seal(key, chunkNonce(index, last), plain);
}

/**
 * The plaintext of one payload chunk, or undefined when it is not what was sealed under this key,
 * index and flag.
 */
export function openChunk(
  key: Uint8Array,
  index: number,
  last: boolean,
  sealed: Uint8Array,
): Uint8Array | undefined {
  return open(key, chunkNonce(index, last), sealed);
}

/** A file key wrapped under a key used only once: the nonce is zero. */
export function wrapFileKey(key: Uint8Array, fileKey: Uint8Array): Uint8Array {
  return seal(key, new Uint8Array(NONCE_BYTES), fileKey);
}

/** What {@link wrapFileKey} wrapped, or undefined when the key is another. */
export function unwrapFileKey(key: Uint8Array, wrapped: Uint8Array): Uint8Array | undefined {
  return open(key, new Uint8Array(NONCE_BYTES), wrapped);
}

function open(key: Uint8Array, nonce: Uint8Array, sealed: Uint8Array): Uint8Array | undefined {
  if (sealed.byteLength < TAG_BYTES) return undefined;
  const decipher = createDecipheriv(CIPHER, key, nonce, { authTagLength: TAG_BYTES });
  decipher.setAuthTag(sealed.subarray(sealed.byteLength - TAG_BYTES));
  try {
    const plain = decipher.update(sealed.subarray(0, sealed.byteLength - TAG_BYTES));
    decipher.final();
    return plain;
  } catch {
    // A tag that does not fit, the one thing that can be wrong here: Node finds out in `final`,
    // workerd in `update`.
    return undefined;
  }
}

function seal(key: Uint8Array, nonce: Uint8Array, plain: Uint8Array): Uint8Array {
  const cipher = createCipheriv(CIPHER, key, nonce, { authTagLength: TAG_BYTES });
  const sealed = new Uint8Array(plain.byteLength + TAG_BYTES);
  sealed.set(cipher.update(plain));
  cipher.final();
  sealed.set(cipher.getAuthTag(), plain.byteLength);
  return sealed;
}

/** 11 bytes of counter, big-endian, and the flag of the last chunk. */
function chunkNonce(index: number, last: boolean): Uint8Array {
  const nonce = new Uint8Array(NONCE_BYTES);
  const view = new DataView(nonce.buffer);
  view.setUint32(3, Math.floor(index / 2 ** 32));
  view.setUint32(7, index % 2 ** 32);
  nonce[11] = last ? 1 : 0;
  return nonce;
}
