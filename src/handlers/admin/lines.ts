/** What people type, as it is kept: cut by whole characters, since half an emoji is no text. */

/** One line of at most `limit` characters. */
export function oneLine(text: string, limit: number): string {
  return cut(text.replaceAll(/\s+/g, ' ').trim(), limit);
}

export function cut(text: string, limit: number): string {
  return [...text].slice(0, limit).join('');
}
