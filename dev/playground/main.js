import { drawMenu, drawMessages } from './chat.js';
import { wireComposer } from './composer.js';
import { ask, byId, el, toast } from './dom.js';
import { drawCalls, wirePanels } from './panels.js';

/** Milliseconds between two looks at the server. */
const POLL = 800;

const setup = await ask('/api/setup');

/** What the page knows; drawn anew only when something changed. */
const app = {
  ...setup,
  actor: setup.actors[0],
  room: undefined,
  jumpToEnd: true,
  seen: { chat: '', calls: '', rooms: '', menu: '' },

  show(view) {
    document.body.dataset.view = view;
    for (const button of document.querySelectorAll('.bottom button')) {
      button.setAttribute('aria-pressed', button.dataset.view === view);
    }
  },

  openRoom(room) {
    app.room = room;
    app.jumpToEnd = true;
    app.seen.chat = '';
    app.seen.rooms = '';
    app.resetComposer();
    app.show('chat');
    app.refresh();
  },

  /** One action of the chosen person; undefined when it failed (the reason was shown). */
  async act(what, body, done) {
    try {
      const answer = await ask(`/control/people/${app.actor.id}/${what}`, body);
      if (done) toast(done);
      return answer;
    } catch {
      return undefined;
    } finally {
      app.jumpToEnd = true;
      await app.refresh();
    }
  },

  async refresh() {
    const chatId = app.room?.id ?? app.actor.id;
    const [state, messages, calls] = await Promise.all([
      ask('/control/state'),
      ask(`/control/chats/${chatId}/messages`),
      ask('/control/calls'),
    ]);
    if (chatId !== (app.room?.id ?? app.actor.id)) return;
    changed('rooms', [state.rooms, app.actor.id], () => drawSide(state.rooms));
    changed('chat', messages, () => drawMessages(app, messages));
    changed('calls', calls, () => drawCalls(calls));
    if (changed('menu', [calls.length, chatId], () => undefined)) await drawMenu(app);
  },
};

function changed(part, value, draw) {
  const text = JSON.stringify(value);
  if (app.seen[part] === text) return false;
  app.seen[part] = text;
  draw();
  return true;
}

function drawSide(rooms) {
  byId('actors').replaceChildren(
    ...app.actors.map((actor) =>
      el(
        'button',
        {
          role: 'radio',
          ariaChecked: String(actor.id === app.actor.id),
          onclick: () => {
            app.actor = actor;
            app.openRoom(undefined);
          },
        },
        avatar(actor.first_name, actor.id),
        el('span', {}, actor.first_name, el('span', { className: 'muted' }, `${actor.role} · ${actor.id}`)),
      ),
    ),
  );
  byId('chats').replaceChildren(
    chatButton(app.bot.first_name, `@${app.bot.username}`, app.bot.id, app.room === undefined, undefined),
    ...rooms.map((room) =>
      chatButton(room.title, room.link ?? room.kind, room.id, app.room?.id === room.id, room),
    ),
  );
  drawHead();
}

function chatButton(title, about, id, isCurrent, room) {
  const text = el('span', {}, title, el('span', { className: 'muted' }, about));
  return el(
    'button',
    { ariaCurrent: String(isCurrent), onclick: () => app.openRoom(room) },
    avatar(title, id),
    text,
  );
}

function avatar(name, id) {
  const circle = el('span', { className: 'avatar', 'aria-hidden': 'true' }, name.slice(0, 1).toUpperCase());
  circle.style.setProperty('--hue', String((Math.abs(id) * 47) % 360));
  return circle;
}

function drawHead() {
  byId('chat-title').textContent = app.room?.title ?? app.bot.first_name;
  byId('chat-about').textContent = app.room ? app.room.kind : `as ${app.actor.first_name}`;
  const button = (label, act) => el('button', { className: 'small', onclick: act }, label);
  const roomAct = (path, done) => async () => {
    const answer = await ask(`/control/rooms/${app.room.id}/${path}`, { person: app.actor.id });
    toast(answer.result ?? done);
    await app.refresh();
  };
  byId('chat-actions').replaceChildren(
    ...(app.room
      ? [
          button('Join', roomAct('join', 'Joined')),
          button('Leave', roomAct('leave', 'Left')),
          button('Bot: admin', roomAct('promote-bot', 'The bot is an administrator')),
          button('Bot: remove', roomAct('remove-bot', 'The bot is out')),
        ]
      : [
          button('Block', () => app.act('block', {}, 'Blocked: the bot gets 403 now')),
          button('Restart', () => app.act('start', {})),
        ]),
  );
}

byId('deeplink').onsubmit = async (event) => {
  event.preventDefault();
  const payload = byId('payload').value;
  app.openRoom(undefined);
  await app.act('start', payload === '' ? {} : { payload });
};
for (const button of document.querySelectorAll('.bottom button'))
  button.onclick = () => app.show(button.dataset.view);

wireComposer(app);
wirePanels(app);
app.show('chat');
await app.refresh();

let isPolling = false;
setInterval(async () => {
  if (isPolling || document.hidden) return;
  isPolling = true;
  try {
    await app.refresh();
  } catch (error) {
    toast(`The playground is gone: ${error.message}`, true);
  } finally {
    isPolling = false;
  }
}, POLL);
