/**
 * How long the texts are that the bot shows. A person cannot type longer ones, and an import or a
 * takeover cuts what is longer. A restore brings rows back as they were, so a database may hold
 * more all the same: what reads a text to show or to search it reads its beginning only
 * ({@link readLimit}).
 */

/** Characters, by column. */
export const TEXT_LIMITS = {
  title: 200,
  /** All of them, one a line. */
  aliases: 1000,
  genres: 300,
  /** A message of Telegram's. */
  description: 4096,
  /** Telegram's for the name of a chat. */
  name: 128,
  /** Telegram's are 64 and 32; older accounts have longer ones. */
  first_name: 128,
  last_name: 128,
  username: 64,
  link: 256,
  invite_link: 256,
  source: 64,
  language: 64,
  /** Of an entry of the admins' log. */
  subject: 200,
} as const;

/** Of any other text: a word, a period, a time. */
const OTHER_TEXT = 200;

export function limitOfText(column: string): number {
  return isLimited(column) ? TEXT_LIMITS[column] : OTHER_TEXT;
}

function isLimited(column: string): column is LimitedText {
  return Object.hasOwn(TEXT_LIMITS, column);
}

export type LimitedText = keyof typeof TEXT_LIMITS;

/** The most that anything reads of a text: with room for rows of older programs. */
export function readLimit(column: LimitedText): number {
  // Callers cut names out of SQL, where no type holds them: `substr(x, 1, NaN)` is no SQL.
  if (!isLimited(column)) throw new Error(`column ${column as string} has no limit in TEXT_LIMITS`);
  return 4 * TEXT_LIMITS[column];
}

/** At most `limit` whole characters: half an emoji is no text. */
export function cut(text: string, limit: number): string {
  return text.length <= limit ? text : [...text.slice(0, 2 * limit)].slice(0, limit).join('');
}
