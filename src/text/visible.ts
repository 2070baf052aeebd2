/**
 * Texts of others (names of files and tables, errors that quote them) on a terminal or in a log.
 * Characters that would move the cursor, change colours, ring, or turn the text's direction appear
 * as `\u001b`. Pure.
 */

/**
 * C0, DEL and C1 controls; marks, embeddings, overrides and isolates of direction; separators of
 * lines and paragraphs.
 */
const UNSEEN = /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

/** Without line breaks either: no text can pose as a line of ours. */
export function visible(text: string): string {
  return text.replaceAll(UNSEEN, escaped);
}

/**
 * The same for text of several lines. JSON keeps its meaning, for such characters stand in its
 * strings only.
 */
export function visibleLines(text: string): string {
  return text.split('\n').map(visible).join('\n');
}

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
