/** The page: what it knows, and what is drawn when that changes. */
import { chatIsAtEnd, drawChat, drawHead, drawMenu, scrollToEnd, showMessage, wireChat } from './chat.js';
import { drawLine, focusLine, openLine, startEdit, wireComposer } from './composer.js';
import { alertBox, byId, does, draw, el, onDo, toast } from './dom.js';
import { wireKeys } from './keys.js';
import { askToLeave, readLink } from './links.js';
import { recall, remember } from './memory.js';
import { drawPanels, shownPanel, wirePanels } from './panels.js';
import { post, read } from './server.js';
import { drawLanguages, drawSide } from './side.js';
import { chooseLanguage, currentLanguage, t, translatePage, useZone } from './words.js';

/** Milliseconds between two looks at the server: while one looks on, and while one does not. */
const POLL = 300;
const POLL_HIDDEN = 3000;

const lastRead = recall('read', {});
/** What each chat showed last: another look at it begins with that. */
const shown = new Map();
let mark;
let asked = '';

const app = {
  actorId: 0,
  chatId: 0,
  seen: undefined,

  get actor() {
    return app.seen.actors.find(({ id }) => id === app.actorId);
  },
  get chat() {
    return app.seen.chats.find(({ id }) => id === app.chatId) ?? app.seen.chats[0];
  },

  show(view) {
    document.body.dataset.view = view;
    for (const button of document.querySelectorAll('.bottom [data-do]'))
      button.setAttribute('aria-pressed', button.dataset.about === JSON.stringify(view));
  },

  say: toast,

  openChat(id) {
    app.chatId = id;
    openLine(keyOf(app.actorId, id));
    app.show('chat');
    if (app.seen !== undefined) {
      app.seen = { ...app.seen, chatId: id, messages: shown.get(keyOf(app.actorId, id)) };
      drawChatOnly();
      drawSide(app);
    }
    return app.refresh();
  },

  openActor(id) {
    app.actorId = id;
    // The lists of the person before would name the wrong chat.
    if (app.seen !== undefined) {
      const [bot, ...rooms] = app.seen.chats;
      app.seen.chats = [{ ...bot, id, incoming: app.actor.incoming, last: undefined }, ...rooms];
    }
    return app.openChat(id);
  },

  /** How many of the incoming messages are new to the person. */
  unread(actorId, chatId, incoming) {
    const key = keyOf(actorId, chatId);
    const newest = Math.max(0, ...incoming);
    // A new world counts from one again.
    if ((lastRead[key] ?? 0) > newest) lastRead[key] = newest;
    return incoming.filter((id) => id > (lastRead[key] ?? 0)).length;
  },

  /** Whoever sees the end of a chat has read it. */
  markRead() {
    if (app.seen === undefined) return;
    const n = app.unread(app.actorId, app.chatId, app.chat.incoming);
    const isSeen = chatIsAtEnd() && !document.hidden && byId('messages').offsetParent !== null;
    byId('to-end').hidden = chatIsAtEnd();
    byId('to-end-count').textContent = isSeen || n === 0 ? '' : n;
    if (n === 0 || !isSeen) return;
    lastRead[keyOf(app.actorId, app.chatId)] = Math.max(...app.chat.incoming);
    remember('read', lastRead);
    drawSide(app);
  },

  /** One action of the chosen person; undefined when it failed (the reason was shown). */
  async act(what, body, done) {
    const acting = post(`/control/people/${app.actorId}/${what}`, body);
    // What one wrote is there at once; the bot's answer follows.
    setTimeout(app.refresh, 30);
    const answer = await acting;
    if (answer !== undefined && done !== undefined) toast(t(done));
    await app.refresh();
    return answer;
  },

  async refresh() {
    const { actorId, chatId } = app;
    const wantsCalls = shownPanel() === 'calls' ? 1 : 0;
    const question = `person=${actorId}&chat=${chatId}&calls=${wantsCalls}`;
    try {
      const known = question === asked && mark !== undefined ? `&known=${mark}` : '';
      const answer = await read(`/api/look?${question}${known}`);
      byId('gone').hidden = true;
      if (answer === undefined || actorId !== app.actorId || chatId !== app.chatId) return;
      if (wantsCalls !== (shownPanel() === 'calls' ? 1 : 0)) return;
      mark = answer.mark;
      asked = question;
      app.seen = answer.seen;
      // The room is gone with an older world.
      if (answer.seen.chatId !== chatId) return await app.openChat(answer.seen.chatId);
      shown.set(keyOf(actorId, chatId), app.seen.messages);
      drawAll();
    } catch (error) {
      if (!(error instanceof TypeError) && !/^HTTP/.test(error.message)) throw error;
      byId('gone').hidden = false;
    }
  },
};

function keyOf(actorId, chatId) {
  return `${actorId}:${chatId}`;
}

function drawChatOnly() {
  drawHead(app);
  drawChat(app, keyOf(app.actorId, app.chatId), app.seen.messages);
  const { kind, mayWrite } = app.chat;
  const why = mayWrite
    ? ''
    : t(kind === 'bot' ? 'youBlocked' : kind === 'channel' ? 'noWriting' : 'joinToWrite');
  draw(
    'no-writing',
    why,
    mayWrite || kind !== 'bot'
      ? ''
      : el('button', { type: 'button', class: 'small', ...does('unblock') }, t('unblock')),
  );
  byId('no-writing').hidden = mayWrite;
  byId('compose').hidden = !mayWrite;
}

function drawAll() {
  drawChatOnly();
  drawMenu(app, app.seen.menu);
  drawPanels(app.seen);
  app.markRead();
  drawSide(app);
  const news = app.seen.chats.reduce((sum, chat) => sum + app.unread(app.actorId, chat.id, chat.incoming), 0);
  byId('news').textContent = news === 0 ? '' : news;
  document.title = news === 0 ? t('title') : `(${news}) ${t('title')}`;
}

function drawWords() {
  translatePage();
  drawLanguages();
  drawLine();
  if (app.seen !== undefined) drawAll();
}

/** The bot learns it as Telegram would tell it. */
async function tellLanguage() {
  const code = currentLanguage();
  for (const actor of app.actors.filter(({ language_code }) => language_code !== code)) {
    await post(`/control/people/${actor.id}/language`, { code });
    actor.language_code = code;
  }
}

async function follow(address) {
  const link = readLink(address, { bot: app.bot, chats: app.seen.chats, actors: app.seen.actors });
  if (link.kind === 'outside') return askToLeave(link.address);
  if (link.kind === 'local') return window.open(link.address, '_blank', 'noopener,noreferrer');
  if (link.kind === 'person') return toast(t('person', { name: link.name }));
  if (link.kind === 'add-bot') return toast(t('addBot'));
  if (link.kind === 'command')
    return app.act('send', { message: link.text, ...(app.chat.kind === 'bot' ? {} : { in: app.chatId }) });
  if (link.kind === 'start') {
    app.openChat(app.actorId);
    return app.act('start', link.payload === '' ? {} : { payload: link.payload });
  }
  if (link.kind !== 'room') return undefined;
  await app.openChat(link.id);
  if (link.post !== undefined) showMessage(link.post);
}

async function press(about, element) {
  element.classList.add('waiting');
  const answer = await app.act('press', about);
  element.classList.remove('waiting');
  if (answer === null) toast(t('noAnswer'), true);
  else if (answer?.url) follow(answer.url);
  else if (answer?.text) (answer.isAlert ? alertBox : toast)(answer.text);
}

onDo('view', (view) => app.show(view));
onDo('actor', (id) => app.openActor(id).then(focusLine));
onDo('chat', (id, element) => {
  const byKeyboard = element === document.activeElement && element.matches(':focus-visible');
  app.openChat(id);
  if (!byKeyboard) focusLine();
});
onDo('language', async (code) => {
  chooseLanguage(code);
  drawWords();
  await tellLanguage();
  await app.refresh();
});
onDo('link', follow);
onDo('press', press);
onDo('reveal', (_, element) => element.classList.toggle('revealed'));
onDo('start', () => app.act('start', {}));
onDo('block', () => app.act('block', {}, 'blocked'));
onDo('unblock', () => app.act('unblock', {}));
onDo('forward', (about) => app.act('forward', about, 'forwarded'));
onDo('edit', ({ id }) => startEdit(app.seen.messages.find((message) => message.id === id)));
onDo('room', async ({ path, done }) => {
  const answer = await post(`/control/rooms/${app.chatId}/${path}`, { person: app.actorId });
  if (answer !== undefined) toast(t(answer.result === 'requested' ? 'requested' : done));
  await app.refresh();
});
onDo('menu', () => {
  byId('commands').hidden = !byId('commands').hidden;
});
for (const name of ['say', 'command'])
  onDo(name, (text) => {
    byId('commands').hidden = true;
    scrollToEnd();
    app.act('send', { message: text });
  });
byId('deeplink').onsubmit = (event) => {
  event.preventDefault();
  const payload = byId('payload').value;
  app.openChat(app.actorId);
  app.act('start', payload === '' ? {} : { payload });
};
document.addEventListener('click', (event) => {
  if (!event.target.closest('#commands, #menu')) byId('commands').hidden = true;
});
document.addEventListener('visibilitychange', () => {
  if (!document.hidden) app.refresh().then(app.markRead);
});

drawWords();
const setup = await read('/api/setup');
Object.assign(app, setup);
useZone(setup.timeZone);
wireChat(app);
wireComposer(app);
await tellLanguage();
await app.openActor(setup.actors[0].id);
wirePanels(app);
wireKeys(app);
drawWords();
focusLine();

async function poll() {
  await app.refresh();
  setTimeout(poll, document.hidden ? POLL_HIDDEN : POLL);
}
poll();
