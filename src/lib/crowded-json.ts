/**
 * JSON that is cheap to send and dear to read: 60 MB of `{},{},…` are 20 million objects, which
 * hold the event loop for ten seconds. So what opens or parts its values is counted first.
 */
import { Buffer } from 'node:buffer';

/** It takes no time that matters, whatever it holds. */
const HARMLESS_LENGTH = 1024 * 1024;
/** 500 rows of 2,000 values, three to a value, and some more. */
export const MOST_PARTS = 4_000_000;

const COMMA = 0x2c;
const BRACE = 0x7b;
const BRACKET = 0x5b;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** One look at each byte: a search for the next quote is slow where there are many. */
export function isCrowded(json: string | Uint8Array): boolean {
  if (json.length <= HARMLESS_LENGTH) return false;
  const bytes = typeof json === 'string' ? Buffer.from(json) : json;
  let parts = 0;
  let isText = false;
  for (let at = 0; at < bytes.length; at += 1) {
    const code = bytes[at];
    if (code === QUOTE) isText = !isText;
    else if (isText && code === BACKSLASH) at += 1;
    else if (!isText && (code === COMMA || code === BRACE || code === BRACKET)) parts += 1;
    if (parts > MOST_PARTS) return true;
  }
  return false;
}
