/** What may be done to an object between the writers and the store. */

/** For whom a backup is encrypted: age recipients (`age1…`, `age1pq1…`) or one passphrase. */
export type Encryption =
  | { readonly kind: 'recipients'; readonly recipients: readonly string[] }
  | { readonly kind: 'passphrase'; readonly passphrase: string };

/**
 * What may open a backup: age identities (`AGE-SECRET-KEY-1…`, `AGE-SECRET-KEY-PQ-1…`),
 * passphrases, or both; all are tried.
 */
export interface OpeningKeys {
  readonly identities: readonly string[];
  readonly passphrases: readonly string[];
}

/** Whether nothing encrypted can be opened with them. */
export function hasNoKey(keys: OpeningKeys | undefined): boolean {
  return keys === undefined || keys.identities.length + keys.passphrases.length === 0;
}

/** Why an object could not be opened. */
export type UnsealReason =
  /** It is encrypted, and there is no key that fits. */
  | 'wrong key'
  /** It ends before its end. */
  | 'cut'
  /** Some bit is not what was written. */
  | 'damaged'
  /** It is not of the format that its name promises. */
  | 'foreign';

/** An object that does not open; says why, never what is in it. */
export class UnsealError extends Error {
  override readonly name = 'UnsealError';
  readonly reason: UnsealReason;
  constructor(reason: UnsealReason, message: string, options?: { readonly cause?: unknown }) {
    super(message, options);
    this.reason = reason;
  }
}
