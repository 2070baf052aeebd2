/** Any JSON file's bytes as UTF-8 without a BOM. */
import { sniffEncoding } from './sniff.ts';
import { DocumentError } from './window.ts';

/** Enough for every BOM. */
const FIRST_BYTES = 4;

/**
 * Passes UTF-8 through, less its BOM; UTF-16 (both orders, with or without BOM) is transcoded.
 * Throws on broken UTF-16.
 */
export async function* textInput(
  source: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array, void, undefined> {
  let first: Uint8Array = new Uint8Array(0);
  let convert: ((chunk: Uint8Array, last: boolean) => Uint8Array) | undefined;
  for await (const chunk of source) {
    if (convert !== undefined) {
      yield convert(chunk, false);
      continue;
    }
    first = concat(first, chunk);
    if (first.length < FIRST_BYTES) continue;
    convert = converter(first);
    yield convert(first, false);
  }
  convert ??= converter(first);
  yield convert(first.length < FIRST_BYTES ? first : new Uint8Array(0), true);
}

/** A function that converts the whole file's bytes, BOM first, chunk by chunk. */
function converter(first: Uint8Array): (chunk: Uint8Array, last: boolean) => Uint8Array {
  const { name, bomBytes } = sniffEncoding(first);
  let skip = bomBytes;
  if (name === 'utf-8') {
    return (chunk) => {
      const rest = chunk.subarray(skip);
      skip = 0;
      return rest;
    };
  }
  const decoder = new TextDecoder('utf-16le', { fatal: true, ignoreBOM: true });
  const encoder = new TextEncoder();
  let odd: Uint8Array = new Uint8Array(0);
  let offset = 0;
  return (chunk, last) => {
    const bytes = concat(odd, chunk).subarray(skip);
    skip = 0;
    const whole = last ? bytes.length : bytes.length & ~1;
    odd = bytes.slice(whole);
    const units = bytes.subarray(0, whole);
    try {
      const text = decoder.decode(name === 'utf-16be' ? swapped(units) : units, { stream: !last });
      offset += whole;
      return encoder.encode(text);
    } catch (cause) {
      throw new DocumentError('', offset, 'the file looks like UTF-16 but is not', cause);
    }
  };
}

function swapped(bytes: Uint8Array): Uint8Array {
  return bytes.map((_, i) => bytes[i ^ 1] ?? 0);
}

function concat(a: Uint8Array, b: Uint8Array): Uint8Array {
  if (a.length === 0) return b;
  const joined = new Uint8Array(a.length + b.length);
  joined.set(a);
  joined.set(b, a.length);
  return joined;
}
