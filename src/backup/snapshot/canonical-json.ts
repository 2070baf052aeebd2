/**
 * Rows from the canonical encoding into a document's text, bytes to bytes: what
 * document/encode.ts says of rows of JavaScript values, without making any. Node only: a Worker
 * has no rows in this form.
 */
import { Buffer, isUtf8 } from 'node:buffer';
import { canonicalLength, canonicalValue, HEAD_BYTES, TAG, viewOf } from '../model/canonical.ts';
import type { JsonRowForm } from '../model/model.ts';
import {
  blobEnds,
  MOST_ESCAPE,
  NULL,
  padded,
  put,
  putBase64,
  putEscaped,
  putInteger,
  putPlainText,
  putReal,
  putWords,
  SHORT,
  SLACK,
} from './json-bytes.ts';

/** Many a database has dozens of tables with a row or none. */
const LEAST_ROOM = 16 * 1024;
const USUAL_ROOM = 512 * 1024;
/**
 * The most that a value grows by, where its text is made here: NULL is one byte and becomes four, a
 * number nine and becomes 24, a blob gets five and a half bytes for each of its head's; a text that
 * needs no escapes gets shorter.
 */
const GROWTH = 4;
const NO_BYTES = new Uint8Array(0);

/** One buffer, used again: what was encoded is valid until the next. */
export class CanonicalJson {
  #out: Buffer = Buffer.alloc(0);

  encode(canonical: Buffer, rows: number, form: JsonRowForm): Uint8Array {
    const whole = this.#encode(canonical, rows, form, false);
    // All texts at once: each stands between two quotes, so one that is cut short cannot hide.
    return isUtf8(whole) ? whole : this.#encode(canonical, rows, form, true);
  }

  /** @param isDoubtful looks at each text whether it is UTF-8 */
  #encode(canonical: Buffer, rows: number, form: JsonRowForm, isDoubtful: boolean): Uint8Array {
    const [first = NULL, between = NULL, close = NULL, ...heads] = [
      form.first,
      form.between,
      form.close,
      ...form.heads,
    ].map((text) => Buffer.from(text));
    const view = viewOf(canonical);
    const headViews = heads.map(padded);
    const [open, shut] = blobEnds(form.value(NO_BYTES));
    const fixed = heads.reduce(
      (sum, head) => sum + head.length,
      first.length + between.length + close.length,
    );
    let out = this.#roomFor(0, rows * fixed + GROWTH * canonical.length);
    let outView = viewOf(out);
    let used = 0;
    let at = 0;
    for (let row = 0; row < rows; row += 1) {
      const begun = used;
      used = put(out, used, row === 0 ? first : between);
      for (let column = 0; column < heads.length; column += 1) {
        used = putWords(outView, used, headViews[column] as DataView, heads[column]?.length ?? 0);
        const tag = canonical[at];
        const next = at + canonicalLength(view, at);
        let after = -1;
        if (tag === TAG.integer) after = putInteger(out, used, view, at);
        else if (tag === TAG.null) after = put(out, used, NULL);
        else if (tag === TAG.real) after = putReal(out, used, view.getFloat64(at + 1));
        else if (tag === TAG.blob && next - at <= SHORT)
          after = put(out, putBase64(out, put(out, used, open), canonical, at + HEAD_BYTES, next), shut);
        else if (tag === TAG.text && !(isDoubtful && !isUtf8(canonical.subarray(at + HEAD_BYTES, next)))) {
          after = putPlainText(outView, used, view, at + HEAD_BYTES, next);
          if (after < 0) {
            const rest = (rows - row) * fixed + GROWTH * (canonical.length - at);
            out = this.#roomFor(used, MOST_ESCAPE * (next - at) + rest);
            if (out.byteLength !== outView.byteLength) outView = viewOf(out);
            after = putEscaped(out, used, canonical, at + HEAD_BYTES, next);
          }
        }
        if (after < 0) {
          const text = form.value(canonicalValue(canonical, view, at));
          const rest = (rows - row) * fixed + GROWTH * (canonical.length - at);
          out = this.#roomFor(used, 3 * text.length + rest);
          outView = viewOf(out);
          after = used + out.write(text, used);
        }
        used = after;
        at = next;
      }
      used = put(out, used, close);
      if (used - begun > form.maxRowBytes) throw new Error(form.tooLarge);
    }
    return out.subarray(0, used);
  }

  /** A buffer with the first `used` bytes and room for `more`. */
  #roomFor(used: number, more: number): Buffer {
    const wanted = used + more + SLACK;
    // What one huge row took is not kept.
    if (wanted > this.#out.length || (used === 0 && this.#out.length > 4 * Math.max(wanted, USUAL_ROOM))) {
      const room = wanted < USUAL_ROOM ? Math.max(LEAST_ROOM, 2 * wanted) : wanted;
      const other = Buffer.allocUnsafe(room);
      this.#out.copy(other, 0, 0, used);
      this.#out = other;
    }
    return this.#out;
  }
}
