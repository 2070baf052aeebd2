/** Who one is, the chats with their unread marks, the language. */
import { avatar, byId, does, draw, el } from './dom.js';
import { currentLanguage, languages, shortTime, t, titled } from './words.js';

export function drawSide(app) {
  draw(
    'actors',
    ...app.seen.actors.map((actor) => {
      const isMe = actor.id === app.actor.id;
      const about = `${t(actor.role)}${actor.isBlocking ? ` · ${t('blocking')}` : ''}`;
      return el(
        'button',
        {
          type: 'button',
          role: 'radio',
          'data-key': actor.id,
          'aria-checked': isMe,
          tabindex: isMe ? 0 : -1,
          ...does('actor', actor.id),
        },
        avatar(actor.name, actor.id),
        el('span', { class: 'lines' }, el('span', {}, actor.name), el('span', { class: 'muted' }, about)),
        isMe ? '' : badge(app.unread(actor.id, actor.id, actor.incoming)),
      );
    }),
  );
  draw('chats', ...app.seen.chats.map((chat) => chatButton(app, chat)));
}

function chatButton(app, chat) {
  const isOpen = chat.id === app.chatId;
  return el(
    'button',
    {
      type: 'button',
      'data-key': chat.id,
      'aria-current': isOpen ? 'true' : undefined,
      tabindex: isOpen ? 0 : -1,
      ...does('chat', chat.id),
    },
    avatar(titled(chat.title), chat.kind === 'bot' ? app.bot.id : chat.id),
    el(
      'span',
      { class: 'lines' },
      el('span', { class: 'row' }, el('span', { class: 'name' }, titled(chat.title)), time(chat.last)),
      el(
        'span',
        { class: 'row' },
        el('span', { class: 'muted preview' }, preview(chat)),
        badge(app.unread(app.actor.id, chat.id, chat.incoming)),
      ),
    ),
  );
}

function time(last) {
  return last === undefined ? '' : el('span', { class: 'muted time' }, shortTime(new Date(last.date * 1000)));
}

function preview({ last }) {
  if (last === undefined) return t('noMessages');
  const text =
    last.text !== '' ? last.text : last.kind === 'service' || last.kind === 'text' ? '' : t(last.kind);
  return last.isMine ? t('you', { text }) : text;
}

function badge(n) {
  return n === 0
    ? ''
    : el(
        'span',
        { class: 'badge' },
        el('span', { 'aria-hidden': 'true' }, n > 99 ? '99+' : n),
        el('span', { class: 'hidden-text' }, t('unread', { n })),
      );
}

export function drawLanguages() {
  draw(
    'languages',
    ...Object.entries(languages).map(([code, name]) =>
      el(
        'button',
        {
          type: 'button',
          lang: code,
          title: name,
          'aria-pressed': code === currentLanguage(),
          ...does('language', code),
        },
        code.toUpperCase(),
      ),
    ),
  );
  byId('languages').setAttribute('aria-label', t('language'));
}
