/**
 * Telegram HTML. Escaping happens here and nowhere else: text enters a message through the `html`
 * template.
 */

/** Markup ready to be sent; only this module makes it. */
export class Html {
  readonly markup: string;
  /** Characters (UTF-16 units, as Telegram counts) that remain after entity parsing. */
  readonly length: number;
  constructor(markup: string, length: number) {
    this.markup = markup;
    this.length = length;
  }
}

/** Telegram's limits, UTF-16 units after entity parsing (docs/platform-facts.md). */
export const TEXT_LIMIT = 4096;
export const CAPTION_LIMIT = 1024;

type Piece = Html | string | number;

/**
 * `html\`<b>${title}</b>\``: literal parts are markup, values are escaped unless they are Html
 * already.
 */
export function html(literals: TemplateStringsArray, ...values: readonly Piece[]): Html {
  let markup = '';
  let length = 0;
  for (const [i, literal] of literals.entries()) {
    markup += literal;
    length += literal.replaceAll(/<[^>]*>/g, '').replaceAll(/&[a-z]+;/g, '_').length;
    const value = values[i];
    if (value === undefined) continue;
    const piece = value instanceof Html ? value : escapeHtml(String(value));
    markup += piece.markup;
    length += piece.length;
  }
  return new Html(markup, length);
}

function escapeHtml(text: string): Html {
  const markup = text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
  return new Html(markup, text.length);
}

export function join(pieces: readonly Html[], separator: string): Html {
  const between = escapeHtml(separator);
  return new Html(
    pieces.map((piece) => piece.markup).join(between.markup),
    pieces.reduce((sum, piece) => sum + piece.length, 0) + between.length * Math.max(0, pieces.length - 1),
  );
}

/**
 * Cuts plain text to at most `limit` UTF-16 units, and ends it in `…` when something was cut. Never
 * splits a surrogate pair, and prefers the last space. Cut before escaping, so that no entity is
 * ever cut in two.
 */
export function cutText(text: string, limit: number): { readonly text: string; readonly rest: string } {
  if (text.length <= limit) return { text, rest: '' };
  if (limit <= 1) return { text: '', rest: text };
  let end = limit - 1;
  const space = text.lastIndexOf(' ', end);
  const line = text.lastIndexOf('\n', end);
  const boundary = Math.max(space, line);
  if (boundary > end / 2) end = boundary;
  else if (isHighSurrogate(text.charCodeAt(end - 1))) end -= 1;
  return { text: `${text.slice(0, end)}…`, rest: text.slice(end).trimStart() };
}

function isHighSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdbff;
}
