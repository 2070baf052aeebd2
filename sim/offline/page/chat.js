/** The conversation: its messages, their place on the screen, the head above them. */
import { avatar, byId, does, draw, el } from './dom.js';
import { bubble, inAlbums } from './message.js';
import { t, titled } from './words.js';

/** Pixels from the end that still count as the end. */
const NEAR = 60;

const list = byId('messages');
/** By chat: how far one had read when one left it. */
const places = new Map();
let current;
let isAtEnd = true;

function toEnd() {
  list.scrollTop = list.scrollHeight;
}

export function chatIsAtEnd() {
  return isAtEnd;
}

export function scrollToEnd() {
  isAtEnd = true;
  toEnd();
}

/** Photos that load late, a keyboard that grows: whoever was at the end stays there. */
export function wireChat(app) {
  const watch = new ResizeObserver(() => {
    if (isAtEnd) toEnd();
  });
  watch.observe(list);
  watch.observe(byId('flow'));
  list.onscroll = () => {
    isAtEnd = list.scrollHeight - list.scrollTop - list.clientHeight < NEAR;
    places.set(current, isAtEnd ? undefined : list.scrollTop);
    app.markRead();
  };
  byId('to-end').onclick = scrollToEnd;
}

/** @param key of the chat; another one than before is shown where it was left. */
export function drawChat(app, key, messages) {
  const isOther = key !== current;
  current = key;
  const where = { ...app.chat, bot: app.bot };
  if (isOther) byId('flow').replaceChildren();
  // Not asked for yet.
  if (messages === undefined) return;
  draw('flow', messages.length > 0 ? inAlbums(messages).map((album) => bubble(album, where)) : empty(app));
  if (isOther) {
    const place = places.get(key);
    isAtEnd = place === undefined;
    if (place !== undefined) list.scrollTop = place;
  }
  if (isAtEnd) toEnd();
}

export function showMessage(id) {
  const found = byId('flow').querySelector(`[data-key="${id}"]`);
  if (found === null) return;
  isAtEnd = false;
  found.scrollIntoView({ block: 'center' });
  found.classList.add('found');
  setTimeout(() => found.classList.remove('found'), 1500);
}

function empty(app) {
  if (app.chat.kind !== 'bot') return el('div', { class: 'empty' }, el('p', {}, t('nothingHere')));
  const { tries } = app.actor;
  return el(
    'div',
    { class: 'empty' },
    el(
      'div',
      { class: 'welcome' },
      el('strong', {}, t('whatCanItDo')),
      el('p', {}, app.seen?.menu.about ?? ''),
    ),
    el('button', { type: 'button', class: 'primary', ...does('start') }, t('start')),
    tries.length === 0
      ? ''
      : el(
          'div',
          { class: 'tries' },
          el('span', {}, t('tryFirst')),
          tries.map((text) => el('button', { type: 'button', class: 'chip', ...does('say', text) }, text)),
        ),
  );
}

export function drawHead(app) {
  const { chat, actor } = app;
  draw('chat-avatar', avatar(titled(chat.title), chat.kind === 'bot' ? app.bot.id : chat.id));
  byId('chat-title').textContent = titled(chat.title);
  // As Telegram's apps write it; a chat without a public name is named by its link, if it has one.
  const name = chat.username === undefined ? chat.links?.[0] : `@${chat.username}`;
  byId('chat-about').textContent = [name, t(chat.kind)].filter(Boolean).join(' · ');
  const button = (text, name, about) =>
    el('button', { type: 'button', class: 'small', ...does(name, about) }, t(text));
  draw(
    'chat-actions',
    ...(chat.kind === 'bot'
      ? [
          actor.isBlocking ? button('unblock', 'unblock') : button('block', 'block'),
          button('restart', 'start'),
        ]
      : [...membership(chat), ...ofBot(chat)].map(([text, path, done]) =>
          button(text, 'room', { path, done }),
        )),
  );
}

/** Whoever manages the chat stays: nobody else here could add the bot again. */
function membership({ isIn, mayManage }) {
  if (mayManage) return [];
  return [isIn ? ['leave', 'leave', 'left'] : ['join', 'join', 'joined']];
}

function ofBot({ bot, mayManage }) {
  if (!mayManage) return [];
  return [
    ...(bot === 'admin' ? [] : [['promoteBot', 'promote-bot', 'promoted']]),
    ...(bot === 'out' ? [] : [['removeBot', 'remove-bot', 'removed']]),
  ];
}

export function drawMenu(app, { commands, replyKeyboard }) {
  byId('reply-keyboard').hidden = replyKeyboard.length === 0;
  draw(
    'reply-keyboard',
    ...replyKeyboard.map((row) =>
      el(
        'div',
        { class: 'keys' },
        row.map((text) => el('button', { type: 'button', class: 'key', ...does('say', text) }, text)),
      ),
    ),
  );
  byId('menu').hidden = app.chat.kind !== 'bot';
  if (app.chat.kind !== 'bot') byId('commands').hidden = true;
  draw(
    'commands',
    ...(commands.length > 0
      ? commands.map(({ command, description }) =>
          el(
            'li',
            {},
            el(
              'button',
              { type: 'button', ...does('command', `/${command}`) },
              el('strong', {}, `/${command}`),
              el('span', { class: 'muted' }, description),
            ),
          ),
        )
      : [el('li', { class: 'muted pad' }, t('noCommands'))]),
  );
}
