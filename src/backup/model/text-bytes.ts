import { InvalidText } from './model.ts';

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** A TEXT by its bytes, which need not be UTF-8. */
export function textOfBytes(bytes: Uint8Array): string | InvalidText {
  try {
    return UTF8.decode(bytes);
  } catch (error) {
    // fatal: true throws a TypeError for bytes that are not UTF-8, and for nothing else.
    if (error instanceof TypeError) return new InvalidText(bytes);
    throw error;
  }
}
