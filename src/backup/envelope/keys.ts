/**
 * Keys for encrypted backups: making one, and proving that what is encrypted for it can be opened
 * again.
 */
import { randomBytes } from 'node:crypto';
import {
  Decrypter,
  Encrypter,
  generateHybridIdentity,
  generateX25519Identity,
  identityToRecipient,
} from 'age-encryption';
import { UnsealError } from './types.ts';

export interface KeyPair {
  /** `AGE-SECRET-KEY-…`: opens backups; shown once, never stored by the bot. */
  readonly identity: string;
  /** `age1…`: encrypts them; all that the bot needs. */
  readonly recipient: string;
}

/**
 * A new key. `x25519` is what every `age` opens (Debian's 1.1 too); `hybrid` withstands quantum
 * computers as well, and needs age 1.3.
 */
export async function generateKey(kind: 'x25519' | 'hybrid' = 'x25519'): Promise<KeyPair> {
  const identity = kind === 'hybrid' ? await generateHybridIdentity() : await generateX25519Identity();
  return { identity, recipient: await recipientOf(identity) };
}

/** What encrypts for this key. */
export function recipientOf(identity: string): Promise<string> {
  return identityToRecipient(identity);
}

/** Whether it can be a key at all: one that was cut off or misspelt opens nothing. */
export function isIdentity(text: string): boolean {
  try {
    new Decrypter().addIdentity(text);
    return true;
  } catch {
    return false;
  }
}

/**
 * Encrypts random bytes for `recipient` and opens them with `identity`; rejects with an {@link
 * UnsealError} when that fails.
 */
export async function proveKey(recipient: string, identity: string): Promise<void> {
  const secret = randomBytes(32);
  const encrypter = new Encrypter();
  const decrypter = new Decrypter();
  try {
    encrypter.addRecipient(recipient);
  } catch {
    throw new UnsealError('wrong key', 'the recipient is not one of age (age1…)');
  }
  try {
    decrypter.addIdentity(identity);
  } catch {
    throw new UnsealError('wrong key', 'the key is not an age identity (AGE-SECRET-KEY-…)');
  }
  const sealed = await encrypter.encrypt(secret);
  const opened = await decrypter.decrypt(sealed).catch(() => undefined);
  if (opened === undefined || !secret.equals(opened)) {
    throw new UnsealError('wrong key', 'this key does not open what is encrypted for this recipient');
  }
}
