import type { MessageEntity } from 'grammy/types';
import { type FormattedText, sortEntities } from './parse-html.ts';

/** Escapes text for the Bot API's HTML. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"]/g, (c) =>
    c === '&' ? '&amp;' : c === '<' ? '&lt;' : c === '>' ? '&gt;' : '&quot;',
  );
}

/**
 * Text with entities as the Bot API's HTML, nested properly even where entities overlap. Entities
 * Telegram finds by itself (links, mentions, commands) stay plain text.
 */
export function renderHtml({ text, entities }: FormattedText, tagsOf: Tags = botApiTags): string {
  const shown = sortEntities(entities.filter((entity) => tagsOf(entity, text) !== undefined));
  const cuts = [...new Set([0, text.length, ...shown.flatMap((e) => [e.offset, e.offset + e.length])])];
  cuts.sort((a, b) => a - b);
  let html = '';
  let stack: MessageEntity[] = [];
  for (const [index, cut] of cuts.entries()) {
    const next = shown.filter((e) => e.offset <= cut && cut < e.offset + e.length);
    let kept = 0;
    while (kept < stack.length && stack[kept] === next[kept]) kept += 1;
    for (const entity of stack.slice(kept).reverse()) html += tagsOf(entity, text)?.[1] ?? '';
    for (const entity of next.slice(kept)) html += tagsOf(entity, text)?.[0] ?? '';
    stack = next;
    html += escapeHtml(text.slice(cut, cuts[index + 1] ?? text.length));
  }
  return html;
}

type Tags = (entity: MessageEntity, text: string) => [string, string] | undefined;

/** As the apps show it: what Telegram finds can be tapped. A command's link: `command:/start`. */
export function renderShown(formatted: FormattedText): string {
  return renderHtml(formatted, (entity, text) => {
    const found = text.slice(entity.offset, entity.offset + entity.length);
    const link = (href: string): [string, string] => [`<a href="${escapeHtml(href)}">`, '</a>'];
    if (entity.type === 'url') return link(/^https?:/i.test(found) ? found : `https://${found}`);
    if (entity.type === 'mention') return link(`https://t.me/${found.slice(1)}`);
    if (entity.type === 'bot_command') return link(`command:${found}`);
    return botApiTags(entity);
  });
}

function botApiTags(entity: MessageEntity): [string, string] | undefined {
  switch (entity.type) {
    case 'bold':
      return ['<b>', '</b>'];
    case 'italic':
      return ['<i>', '</i>'];
    case 'underline':
      return ['<u>', '</u>'];
    case 'strikethrough':
      return ['<s>', '</s>'];
    case 'spoiler':
      return ['<tg-spoiler>', '</tg-spoiler>'];
    case 'code':
      return ['<code>', '</code>'];
    case 'pre':
      return entity.language === undefined
        ? ['<pre>', '</pre>']
        : [`<pre><code class="language-${escapeHtml(entity.language)}">`, '</code></pre>'];
    case 'blockquote':
      return ['<blockquote>', '</blockquote>'];
    case 'expandable_blockquote':
      return ['<blockquote expandable>', '</blockquote>'];
    case 'text_link':
      return [`<a href="${escapeHtml(entity.url)}">`, '</a>'];
    case 'text_mention':
      return [`<a href="tg://user?id=${entity.user.id}">`, '</a>'];
    case 'custom_emoji':
      return [`<tg-emoji emoji-id="${entity.custom_emoji_id}">`, '</tg-emoji>'];
    default:
      return undefined;
  }
}
