/** Where a link leads. What is not of this world of chats is asked about first. */
import { byId, does, el } from './dom.js';

const TELEGRAM = ['t.me', 'telegram.me', 'telegram.dog'];
const LOOPBACK = ['127.0.0.1', 'localhost', '[::1]'];

/** What a tap on the address does. `chats` as the page lists them, the bot's first. */
export function readLink(address, { bot, chats, actors }) {
  if (address.startsWith('command:')) return { kind: 'command', text: address.slice('command:'.length) };
  const url = URL.parse(address);
  if (url === null) return { kind: 'none' };
  if (url.protocol === 'tg:') {
    const known = readTelegram(fromTg(url), bot, chats, actors);
    return known ?? { kind: 'outside', address };
  }
  if (url.protocol !== 'http:' && url.protocol !== 'https:') return { kind: 'none' };
  if (LOOPBACK.includes(url.hostname)) return { kind: 'local', address };
  const known = readTelegram(fromWeb(url), bot, chats, actors);
  return known ?? { kind: 'outside', address };
}

/** A link of either form as the web's path and query. */
function fromWeb(url) {
  if (TELEGRAM.includes(url.hostname)) return { path: url.pathname, query: url.searchParams };
  const [, name] = /^(\w+)\.t\.me$/.exec(url.hostname) ?? [];
  return name === undefined ? undefined : { path: `/${name}${url.pathname}`, query: url.searchParams };
}

function fromTg(url) {
  const query = url.searchParams;
  const get = (name) => query.get(name) ?? '';
  const post = get('post') === '' ? '' : `/${get('post')}`;
  switch ((url.hostname || url.pathname).replaceAll('/', '')) {
    case 'resolve':
      return { path: `/${get('domain')}${post}`, query };
    case 'join':
      return { path: `/+${get('invite')}`, query };
    case 'privatepost':
      return { path: `/c/${get('channel')}${post}`, query };
    case 'user':
      return { path: `/user/${get('id')}`, query };
    default:
      return undefined;
  }
}

function readTelegram(link, bot, chats, actors) {
  if (link === undefined) return undefined;
  const parts = link.path.split('/').filter((part) => part !== '');
  const name = (parts[0] ?? '').toLowerCase();
  if (name === bot.username.toLowerCase()) {
    if (link.query.has('startgroup') || link.query.has('startchannel')) return { kind: 'add-bot' };
    const payload = link.query.get('start');
    return payload === null ? { kind: 'room', id: chats[0].id } : { kind: 'start', payload };
  }
  if (name === 'user') {
    const person = actors.find(({ id }) => String(id) === parts[1]);
    return person === undefined ? undefined : { kind: 'person', name: person.name };
  }
  const invite = name === 'joinchat' ? parts[1] : name.startsWith('+') ? parts[0].slice(1) : undefined;
  const room = chats
    .slice(1)
    .find(({ id, username, links }) =>
      invite === undefined
        ? name === 'c'
          ? String(id) === `-100${parts[1]}`
          : username?.toLowerCase() === name
        : links.some((one) => /^https:\/\/t\.me\/(?:\+|joinchat\/)(.+)$/.exec(one)?.[1] === invite),
    );
  if (room === undefined) return undefined;
  const post = Number(name === 'c' ? parts[2] : invite === undefined ? parts[1] : undefined);
  return { kind: 'room', id: room.id, post: Number.isInteger(post) ? post : undefined };
}

/** The message's links, without an address of their own: only {@link readLink} decides. */
export function tameLinks(body) {
  for (const link of body.querySelectorAll('a')) {
    const address = link.getAttribute('href') ?? '';
    const tamed = el('a', {
      role: 'link',
      tabindex: 0,
      title: address.replace(/^command:/, ''),
      ...does('link', address),
    });
    tamed.append(...link.childNodes);
    link.replaceWith(tamed);
  }
  for (const spoiler of body.querySelectorAll('tg-spoiler')) {
    spoiler.setAttribute('tabindex', '0');
    spoiler.setAttribute('role', 'button');
    spoiler.setAttribute('data-do', 'reveal');
  }
  return body;
}

/** Shows the address and opens it only when that is wanted. */
export function askToLeave(address) {
  const box = byId('leave');
  byId('leave-address').textContent = address;
  box.returnValue = '';
  box.onclose = () => {
    if (box.returnValue === 'open') window.open(address, '_blank', 'noopener,noreferrer');
  };
  box.showModal();
}
