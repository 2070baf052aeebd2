/**
 * Values in the canonical encoding (docs/formats.md, "Digests"), each of which says its own length.
 * A row that only passes on its way into a backup can stay in it.
 */
import type { SqlValue } from './model.ts';
import { textOfBytes } from './text-bytes.ts';

/** First byte of a value. */
export const TAG = { null: 0, integer: 1, real: 2, text: 3, blob: 4 } as const;
/** An INTEGER or a REAL with its tag. */
export const NUMBER_BYTES = 9;
/** Tag and length before the bytes of TEXT and BLOB. */
export const HEAD_BYTES = 5;

/** Bytes of the value that begins at `at`, tag included. */
export function canonicalLength(view: DataView, at: number): number {
  const tag = view.getUint8(at);
  if (tag === TAG.null) return 1;
  return tag < TAG.text ? NUMBER_BYTES : HEAD_BYTES + view.getUint32(at + 1);
}

/** The value that begins at `at`; its bytes are copied. */
export function canonicalValue(bytes: Uint8Array, view: DataView, at: number): SqlValue {
  switch (view.getUint8(at)) {
    case TAG.null:
      return null;
    case TAG.integer:
      return view.getBigInt64(at + 1);
    case TAG.real:
      return view.getFloat64(at + 1);
    default: {
      const content = Uint8Array.from(bytes.subarray(at + HEAD_BYTES, at + canonicalLength(view, at)));
      return view.getUint8(at) === TAG.text ? textOfBytes(content) : content;
    }
  }
}

export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
