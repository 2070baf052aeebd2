/** The Worker's `js-base64`: the database's client needs two functions that workerd has. */
import { Buffer } from 'node:buffer';

export const Base64 = {
  fromUint8Array: (bytes: Uint8Array): string =>
    Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64'),
  /** With or without padding, as servers send it. */
  toUint8Array: (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'base64')),
};
