/**
 * age's passphrases on the runtime's native scrypt. age-encryption brings its own in JavaScript,
 * which takes thirty times as long in workerd (1.6 s against 50 ms at 2^15) and cannot be combined
 * with a recipient that captures the file key.
 */
import { randomBytes, scrypt } from 'node:crypto';
import { type Identity, type Recipient, Stanza } from 'age-encryption';
import { unwrapFileKey, wrapFileKey } from './age-format.ts';

/**
 * scrypt's cost, as the power of two that age writes into the header: 2^15 · 8 · 128 B = 32 MiB for
 * a moment at the start of a file. age's default of 2^18 takes 256 MiB, twice what a Worker has;
 * 2^16 would leave the two streams of a run too little of its 128 MB. That is an eighth of age's
 * work for somebody who guesses, three bits: hence the length that is asked of the passphrase.
 */
const LOG_N = 15;
/** scrypt's block size: age fixes it. */
const R = 8;
/** Twelve characters of people's choosing, where random ones have 72 bits. */
const MIN_LENGTH = 12;
const SALT_BYTES = 16;
const LABEL = 'age-encryption.org/v1/scrypt';

export class PassphraseRecipient implements Recipient {
  readonly #passphrase: string;

  /** @throws TypeError for a passphrase that is too short. */
  constructor(passphrase: string) {
    if (passphrase.length < MIN_LENGTH) {
      throw new TypeError(`the passphrase is shorter than ${MIN_LENGTH} characters`);
    }
    this.#passphrase = passphrase;
  }

  async wrapFileKey(fileKey: Uint8Array): Promise<Stanza[]> {
    const salt = randomBytes(SALT_BYTES);
    const key = await stretch(this.#passphrase, salt, LOG_N);
    const saltText = salt.toString('base64').replace(/=+$/, '');
    return [new Stanza(['scrypt', saltText, String(LOG_N)], wrapFileKey(key, fileKey))];
  }
}

export class PassphraseIdentity implements Identity {
  readonly #passphrase: string;

  constructor(passphrase: string) {
    this.#passphrase = passphrase;
  }

  async unwrapFileKey(stanzas: Stanza[]): Promise<Uint8Array | null> {
    const stanza = stanzas.find(({ args }) => args[0] === 'scrypt');
    if (stanza === undefined) return null;
    // A second stanza would let another reader open what was meant for one passphrase.
    if (stanzas.length !== 1) throw new Error('a passphrase is not the only recipient');
    const [, saltText = '', logNText = ''] = stanza.args;
    const salt = Buffer.from(saltText, 'base64');
    if (stanza.args.length !== 3 || salt.byteLength !== SALT_BYTES || !/^[1-9]\d?$/.test(logNText)) {
      throw new Error('the passphrase stanza is malformed');
    }
    const logN = Number(logNText);
    // More than we write is somebody else's file, made to take memory: 2^20 is 1 GiB.
    if (logN > LOG_N)
      throw new Error(
        `the scrypt work factor 2^${logN} is higher than this program's 2^${LOG_N}: open the file with \`age -d\`, then use what is inside`,
      );
    return unwrapFileKey(await stretch(this.#passphrase, salt, logN), stanza.body) ?? null;
  }
}

function stretch(passphrase: string, salt: Uint8Array, logN: number): Promise<Uint8Array> {
  const N = 2 ** logN;
  // What scrypt itself needs, and some more: OpenSSL counts its own overhead.
  const options = { N, r: R, p: 1, maxmem: 128 * R * N + 32 * 1024 * 1024 };
  const labelled = Buffer.concat([Buffer.from(LABEL), salt]);
  return new Promise((resolve, reject) => {
    scrypt(passphrase, labelled, 32, options, (error, key) => (error ? reject(error) : resolve(key)));
  });
}
