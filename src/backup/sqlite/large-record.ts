import { InvalidText, type Row, type SqlValue } from '../model/model.ts';
import type { RecordLayout } from './layout.ts';
import { NUMERIC_BYTES, putNumber } from './number.ts';
import { checkText, headerLengthBytes, putHeaderBefore } from './record.ts';
import { varintLength } from './varint.ts';

/** UTF-16 units of a text encoded at a time: at most 48 KiB of UTF-8. */
const TEXT_UNITS = 16 * 1024;
/** Bytes of a blob handed on at a time. */
const BLOB_BYTES = 48 * 1024;

/**
 * A record too large to build in one buffer: its length, known before its content, and the content
 * piece by piece.
 */
export interface LargeRecord {
  readonly length: number;
  /** Pieces of at most 48 KiB (the header may be longer), each valid until the next is taken. */
  pieces(): Iterable<Buffer>;
}

export function largeRecord(row: Row, layout: RecordLayout): LargeRecord {
  const types: number[] = [];
  const contents: (string | Buffer)[] = [];
  let typeBytes = 0;
  let length = 0;
  layout.source.forEach((from, column) => {
    const { type, bytes, content } = measure(
      from < 0 ? null : (row[from] as SqlValue),
      layout.real[column] === 1,
    );
    types.push(type);
    contents.push(content);
    typeBytes += varintLength(type);
    length += bytes;
  });
  const header = Buffer.alloc(typeBytes + headerLengthBytes(typeBytes));
  putHeaderBefore(header, header.length, types, typeBytes);
  return {
    length: header.length + length,
    *pieces() {
      yield header;
      for (const content of contents)
        yield* typeof content === 'string' ? textPieces(content) : blobPieces(content);
    },
  };
}

function measure(value: SqlValue, real: boolean): { type: number; bytes: number; content: string | Buffer } {
  if (value === null) return { type: 0, bytes: 0, content: '' };
  if (typeof value === 'bigint' || typeof value === 'number') {
    const content = Buffer.alloc(8);
    const type = putNumber(new DataView(content.buffer, content.byteOffset, 8), 0, value, real);
    const bytes = NUMERIC_BYTES[type] as number;
    return { type, bytes, content: content.subarray(0, bytes) };
  }
  if (typeof value === 'string') {
    checkText(value);
    const bytes = Buffer.byteLength(value, 'utf8');
    return { type: 13 + 2 * bytes, bytes, content: value };
  }
  const source = value instanceof InvalidText ? value.bytes : value;
  const content = Buffer.from(source.buffer, source.byteOffset, source.byteLength);
  return {
    type: (value instanceof InvalidText ? 13 : 12) + 2 * content.length,
    bytes: content.length,
    content,
  };
}

function* textPieces(text: string): Iterable<Buffer> {
  for (let at = 0; at < text.length; ) {
    let end = Math.min(at + TEXT_UNITS, text.length);
    // Never cut a surrogate pair: its halves have no UTF-8 of their own.
    if (end < text.length && (text.charCodeAt(end - 1) & 0xfc00) === 0xd800) end -= 1;
    yield Buffer.from(text.slice(at, end), 'utf8');
    at = end;
  }
}

function* blobPieces(blob: Buffer): Iterable<Buffer> {
  for (let at = 0; at < blob.length; at += BLOB_BYTES) yield blob.subarray(at, at + BLOB_BYTES);
}
