/** One message, or the messages of one album, as a bubble. */
import { does, el } from './dom.js';
import { tameLinks } from './links.js';
import { media } from './media.js';
import { clockTime, t, titled } from './words.js';

/** Neighbours of one album are shown as one. */
export function inAlbums(messages) {
  const albums = [];
  for (const message of messages) {
    const last = albums.at(-1);
    if (message.group !== undefined && last?.[0].group === message.group) last.push(message);
    else albums.push([message]);
  }
  return albums;
}

/** @param album one message, or those of an album; `where` says whose chat it is. */
export function bubble(album, where) {
  const [first] = album;
  if (first.kind === 'service') return el('div', { class: 'service', 'data-key': first.id }, first.text);
  const files = album.map(media);
  const texts = album.filter(({ text }) => text !== '');
  const sender = first.sender ?? titled(where.title);
  const named = !first.isMine && (where.kind !== 'bot' || !first.isFromBot);
  return el(
    'article',
    {
      class: `message${first.isMine ? ' mine' : ''}`,
      'data-key': first.id,
      'aria-label': `${sender}, ${clockTime(new Date(first.date * 1000))}`,
    },
    el(
      'div',
      { class: 'bubble' },
      named ? el('div', { class: 'sender' }, sender) : '',
      first.origin === undefined
        ? ''
        : el('div', { class: 'forwarded' }, t('forwardedFrom', { name: first.origin || t('somebody') })),
      files.length > 1
        ? el('div', { class: 'album', 'data-count': Math.min(files.length, 4) }, files)
        : files,
      ...texts.map(textOf),
      el('div', { class: 'meta' }, tools(album, where), el('span', {}, marks(first, where).join(' · '))),
    ),
    keyboard(first),
  );
}

function textOf(message) {
  const body = el('div', { class: 'text', dir: 'auto' });
  // The stand-in's own HTML: escaped, and only Telegram's tags.
  body.innerHTML = message.html;
  return tameLinks(body);
}

function marks(message, where) {
  return [
    message.isViaBot ? t('via', { bot: where.bot.username }) : '',
    message.isProtected ? t('protected') : '',
    message.isEdited ? t('edited') : '',
    clockTime(new Date(message.date * 1000)),
  ].filter((mark) => mark !== '');
}

function tools([first, ...more], where) {
  const about = { chatId: first.chatId, id: first.id };
  if (first.isMine && !first.isViaBot && more.length === 0 && (first.kind === 'text' || first.text !== ''))
    return el('button', { type: 'button', class: 'link', ...does('edit', about) }, t('edit'));
  if (where.kind !== 'bot' && !first.isProtected)
    return el('button', { type: 'button', class: 'link', ...does('forward', about) }, t('forwardToBot'));
  return '';
}

function keyboard(message) {
  if (message.keyboard.length === 0) return '';
  const rows = message.keyboard.map((row) =>
    el(
      'div',
      { class: 'keys' },
      row.map((button) => key(message, button)),
    ),
  );
  return el('div', { class: 'keyboard' }, rows);
}

function key({ chatId, id }, button) {
  const sign = (text) => el('span', { class: 'corner', 'aria-hidden': 'true' }, text);
  if (button.url !== undefined)
    return el(
      'a',
      { class: 'key', role: 'link', tabindex: 0, title: button.url, ...does('link', button.url) },
      button.text,
      sign('↗'),
    );
  const query = button.switchInline ?? button.switchInlineHere;
  if (query !== undefined)
    return el('button', { type: 'button', class: 'key', ...does('inline', query) }, button.text, sign('@'));
  return el(
    'button',
    { type: 'button', class: 'key', ...does('press', { chatId, id, button: button.data }) },
    button.text,
  );
}
