/**
 * What a file is, by its first bytes: names lie, and files come compressed, encrypted or from
 * Windows.
 */

export type FileKind = 'gzip' | 'age' | 'sqlite' | 'json' | 'unknown';

/**
 * RFC 1952; and https://age-encryption.org/v1 (binary, and armored); and
 * https://sqlite.org/fileformat.html#magic_header_string
 */
const MAGIC: readonly (readonly [string, FileKind])[] = [
  ['\x1f\x8b', 'gzip'],
  ['age-encryption.org/v1', 'age'],
  ['-----BEGIN AGE ENCRYPTED FILE-----', 'age'],
  ['SQLite format 3\0', 'sqlite'],
];

/**
 * How the text of a JSON file is encoded. Python writes UTF-8; Windows editors add a BOM or save
 * UTF-16.
 */
interface TextEncoding {
  readonly name: 'utf-8' | 'utf-16le' | 'utf-16be';
  readonly bomBytes: number;
}

/**
 * Give it the file's first 64 bytes or so: the longest mark is 35 long, and JSON may begin with
 * space.
 */
export function sniff(first: Uint8Array): FileKind {
  for (const [magic, kind] of MAGIC) {
    if (startsWith(first, magic)) return kind;
  }
  const { name, bomBytes } = sniffEncoding(first);
  const unit = name === 'utf-8' ? 1 : 2;
  for (let at = bomBytes; at + unit <= first.length; at += unit) {
    const text = String.fromCharCode(...first.subarray(at, at + unit)).replace('\0', '');
    if (text === '{') return 'json';
    if (!/^[ \t\r\n]$/.test(text)) return 'unknown';
  }
  return 'unknown';
}

/**
 * By the BOM; without one, UTF-16 shows in the zero byte beside the first character, which is ASCII
 * in JSON.
 */
export function sniffEncoding(first: Uint8Array): TextEncoding {
  if (startsWith(first, '\xef\xbb\xbf')) return { name: 'utf-8', bomBytes: 3 };
  if (startsWith(first, '\xff\xfe')) return { name: 'utf-16le', bomBytes: 2 };
  if (startsWith(first, '\xfe\xff')) return { name: 'utf-16be', bomBytes: 2 };
  if (first.length >= 2 && first[0] !== 0 && first[1] === 0) return { name: 'utf-16le', bomBytes: 0 };
  if (first.length >= 2 && first[0] === 0 && first[1] !== 0) return { name: 'utf-16be', bomBytes: 0 };
  return { name: 'utf-8', bomBytes: 0 };
}

function startsWith(bytes: Uint8Array, magic: string): boolean {
  return bytes.length >= magic.length && [...magic].every((char, i) => bytes[i] === char.charCodeAt(0));
}
