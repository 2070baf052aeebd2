/** Fresh file keys and the headers that carry them, made by age-encryption's own recipients. */
import { randomBytes } from 'node:crypto';
import { Encrypter, type Recipient, type Stanza } from 'age-encryption';
import { PAYLOAD_NONCE_BYTES, payloadKey } from './age-format.ts';
import { PassphraseRecipient } from './age-passphrase.ts';
import type { Encryption } from './types.ts';

/** One file's start and the key of its payload. */
export interface AgeStart {
  /** Header and payload nonce: the file's first bytes. */
  readonly prefix: Uint8Array;
  readonly payloadKey: Uint8Array;
}

/** @throws TypeError naming which recipient is not one; secrets are never repeated. */
export async function startAge(encryption: Encryption): Promise<AgeStart> {
  const capture = new CapturingRecipient();
  const encrypter = new Encrypter();
  encrypter.addRecipient(capture);
  if (encryption.kind === 'passphrase')
    encrypter.addRecipient(new PassphraseRecipient(encryption.passphrase));
  else addRecipients(encrypter, encryption.recipients);
  const header = headerOf(await encrypter.encrypt(new Uint8Array(0)));
  // Not the nonce of that empty file: under it, chunk 0 has been sealed already.
  const nonce = randomBytes(PAYLOAD_NONCE_BYTES);
  return { prefix: Buffer.concat([header, nonce]), payloadKey: payloadKey(capture.fileKey(), nonce) };
}

/** The index just after the header's last line, or -1 when `bytes` does not reach that far. */
export function headerEnd(bytes: Uint8Array): number {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const mac = text.indexOf('\n--- ', 0, 'latin1');
  const newline = mac === -1 ? -1 : text.indexOf('\n', mac + 1, 'latin1');
  return newline === -1 ? -1 : newline + 1;
}

function headerOf(file: Uint8Array): Uint8Array {
  return file.subarray(0, headerEnd(file));
}

function addRecipients(encrypter: Encrypter, recipients: readonly string[]): void {
  if (recipients.length === 0) throw new TypeError('encryption needs at least one recipient');
  for (const [index, recipient] of recipients.entries()) {
    try {
      encrypter.addRecipient(recipient);
    } catch {
      // Without the text and its cause: somebody may have put the secret key there.
      throw new TypeError(`recipient ${index + 1} is not an age recipient (age1…)`);
    }
  }
}

/** Adds nothing to the header and remembers the file key. */
class CapturingRecipient implements Recipient {
  #fileKey: Uint8Array | undefined;

  wrapFileKey(fileKey: Uint8Array): Stanza[] {
    this.#fileKey = fileKey.slice();
    return [];
  }

  fileKey(): Uint8Array {
    if (this.#fileKey === undefined) throw new Error('age-encryption made no file key');
    return this.#fileKey;
  }
}
