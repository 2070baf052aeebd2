/**
 * Exact texts through libsql's binding. The binding cuts a text at its first NUL character and
 * aborts the whole process over one that is not UTF-8. So no text crosses it as text: each comes as
 * the hex of its bytes (a blob would cost four times as much). Node only.
 */
import { isAscii } from 'node:buffer';
import type { InvalidText } from '../../src/backup/model/model.ts';
import { textOfBytes } from '../../src/backup/model/text-bytes.ts';

/** The query's rows in its order, every text as hex. */
export function textsAsHex(sql: string, columns: number): string {
  const names = Array.from({ length: columns }, (_, index) => `c${index}`);
  const values = names.map((name) => `CASE typeof(${name}) WHEN 'text' THEN hex(${name}) ELSE ${name} END`);
  // The line break ends a comment that the text may close with.
  return `WITH "result set"(${names.join(', ')}) AS (${sql}\n) SELECT ${values.join(', ')} FROM "result set"`;
}

/** Many texts at once: one decoding instead of thousands. */
export function decodeHexTexts(hex: readonly string[]): (string | InvalidText)[] {
  const bytes = Buffer.from(hex.join(''), 'hex');
  const ascii = isAscii(bytes) ? bytes.toString('latin1') : undefined;
  let end = 0;
  return hex.map((text) => {
    const start = end;
    end += text.length / 2;
    return ascii === undefined ? textOfBytes(bytes.subarray(start, end)) : ascii.slice(start, end);
  });
}
