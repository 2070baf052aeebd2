import { alertBox, ask, byId, clockTime, el, size, toast } from './dom.js';

/** Draws the messages of a chat; `app` gives who acts, and refreshes. */
export function drawMessages(app, messages) {
  const list = byId('messages');
  const atEnd = list.scrollHeight - list.scrollTop - list.clientHeight < 80;
  list.replaceChildren(
    ...(messages.length > 0 ? messages.map((message) => bubble(app, message)) : [empty(app)]),
  );
  if (atEnd || app.jumpToEnd) list.scrollTop = list.scrollHeight;
  app.jumpToEnd = false;
}

function empty(app) {
  const start = el('button', { className: 'primary', onclick: () => app.act('start', {}) }, 'Start');
  return el(
    'li',
    { className: 'empty' },
    app.room ? 'Nothing here yet.' : 'What can this bot do?',
    app.room ? '' : start,
  );
}

function bubble(app, message) {
  const isMine = message.from?.id === app.actor.id && !message.isViaBot;
  const body = el('div', { className: 'text' });
  body.innerHTML = message.html;
  for (const link of body.querySelectorAll('a')) prepareLink(app, link);
  const marks = [
    message.isPinned ? 'pinned' : '',
    message.isViaBot ? `via @${app.bot.username}` : '',
    message.isProtected ? 'protected' : '',
    message.edits > 0 ? 'edited' : '',
    clockTime(message.date),
  ].filter((mark) => mark !== '');
  return el(
    'li',
    { className: `message ${isMine ? 'mine' : ''}`, dataset: { id: message.id } },
    el(
      'div',
      { className: 'bubble' },
      sender(app, message, isMine),
      message.raw.forward_origin
        ? el('div', { className: 'forwarded' }, `Forwarded from ${originName(message.raw.forward_origin)}`)
        : '',
      media(message),
      message.text === '' ? '' : body,
      el('div', { className: 'meta' }, tools(app, message, isMine), marks.join(' · ')),
    ),
    keyboard(app, message),
  );
}

function sender(app, message, isMine) {
  if (isMine || (!app.room && message.isFromBot)) return '';
  return el('div', { className: 'sender' }, message.from ? message.from.first_name : (app.room?.title ?? ''));
}

function originName(origin) {
  return origin.sender_user?.first_name ?? origin.chat?.title ?? 'someone';
}

function media({ kind, file }) {
  if (file === undefined) return '';
  const id = el(
    'code',
    { className: 'file-id', title: file.fileId },
    `${file.fileId.slice(0, 8)}…${file.fileId.slice(-8)}`,
  );
  if (kind === 'photo' && file.href)
    return el('img', { className: 'photo', src: file.href, alt: 'photo', loading: 'lazy' });
  if (kind === 'video' && file.href)
    return el('video', { className: 'photo', src: file.href, controls: true, preload: 'metadata' });
  if (kind === 'document') {
    const name = el('span', { className: 'file-name' }, file.name ?? 'file');
    const about = el('span', { className: 'muted' }, size(file.size));
    const icon = el('span', { className: 'file-icon', 'aria-hidden': 'true' }, '↓');
    const line = el('span', {}, name, about);
    return file.href
      ? el('a', { className: 'document', href: file.href, download: file.name ?? '' }, icon, line)
      : el('div', { className: 'document' }, icon, line);
  }
  const sign = { photo: 'PHOTO', video: '▶', animation: 'GIF' }[kind];
  return el(
    'div',
    { className: `placeholder ${kind}` },
    el('span', { className: 'sign' }, sign),
    el('span', {}, file.name ?? ''),
    id,
  );
}

function tools(app, message, isMine) {
  if (isMine && message.kind === 'text') {
    return el('button', { className: 'link', onclick: () => app.startEdit(message) }, 'edit');
  }
  if (app.room && !message.isProtected) {
    const forward = () =>
      app.act('forward', { chatId: message.chatId, id: message.id }, 'Forwarded to the bot');
    return el('button', { className: 'link', onclick: forward }, 'forward to the bot');
  }
  return '';
}

function keyboard(app, message) {
  if (message.keyboard.length === 0) return '';
  const rows = message.keyboard.map((row) =>
    el('div', { className: 'keys' }, ...row.map((button) => key(app, message, button))),
  );
  return el('div', { className: 'keyboard' }, ...rows);
}

function key(app, message, button) {
  if (button.url !== undefined) {
    const link = el(
      'a',
      { className: 'key', href: button.url, title: button.url },
      button.text,
      el('span', { className: 'corner' }, '↗'),
    );
    prepareLink(app, link);
    return link;
  }
  const query = button.switchInline ?? button.switchInlineHere;
  if (query !== undefined) {
    return el(
      'button',
      { className: 'key', onclick: () => app.openInline(query) },
      button.text,
      el('span', { className: 'corner' }, '@'),
    );
  }
  return el(
    'button',
    {
      className: 'key',
      title: button.data,
      onclick: (event) => press(app, message, button, event.currentTarget),
    },
    button.text,
  );
}

async function press(app, { chatId, id }, button, element) {
  element.classList.add('waiting');
  const answer = await app.act('press', { chatId, id, button: button.data });
  element.classList.remove('waiting');
  if (answer === null) toast('The bot did not answer this press.', true);
  else if (answer?.text) (answer.isAlert ? alertBox : toast)(answer.text);
}

/** Links to the bot start it; others open elsewhere; anything but http and tg does nothing. */
function prepareLink(app, link) {
  const url = new URL(link.getAttribute('href') ?? '', 'https://t.me/');
  const isOwn = url.hostname === 't.me' && url.pathname === `/${app.bot.username}`;
  if (isOwn || (url.protocol === 'tg:' && url.searchParams.get('domain') === app.bot.username)) {
    link.onclick = (event) => {
      event.preventDefault();
      app.openRoom(undefined);
      app.act('start', { payload: url.searchParams.get('start') ?? undefined });
    };
  } else if (url.protocol === 'https:' || url.protocol === 'http:') {
    link.target = '_blank';
    link.rel = 'noopener noreferrer';
  } else {
    link.removeAttribute('href');
  }
}

export async function drawMenu(app) {
  const { commands, replyKeyboard } = await ask(`/control/people/${app.actor.id}/menu`);
  const keys = byId('reply-keyboard');
  keys.hidden = replyKeyboard.length === 0 || app.room !== undefined;
  keys.replaceChildren(
    ...replyKeyboard.map((row) =>
      el(
        'div',
        { className: 'keys' },
        ...row.map((text) =>
          el('button', { className: 'key', onclick: () => app.act('send', { message: text }) }, text),
        ),
      ),
    ),
  );
  byId('commands').replaceChildren(
    ...(commands.length > 0
      ? commands.map(({ command, description }) =>
          el(
            'li',
            {},
            el(
              'button',
              {
                onclick: () => {
                  byId('commands').hidden = true;
                  app.act('send', { message: `/${command}` });
                },
              },
              el('strong', {}, `/${command}`),
              el('span', { className: 'muted' }, description),
            ),
          ),
        )
      : [el('li', { className: 'muted pad' }, 'The bot has set no commands.')]),
  );
}
