/** The writing line: text, files with a caption, edits. Each chat keeps its own until sent. */

import { scrollToEnd } from './chat.js';
import { byId, does, draw, el, onDo } from './dom.js';
import { recall, remember } from './memory.js';
import { size, t } from './words.js';

const KINDS = ['photo', 'video', 'document', 'animation'];
/** Telegram's limit of an album. */
const ALBUM = 10;

const text = byId('text');
const lines = new Map();
const kept = recall('drafts', {});
let key = '';

function line() {
  if (!lines.has(key))
    lines.set(key, { text: kept[key] ?? '', files: [], kind: 'document', editing: undefined });
  return lines.get(key);
}

/** Shows the writing line of a chat, as it was left. */
export function openLine(wanted) {
  key = wanted;
  text.value = line().text;
  drawLine();
  grow();
}

function keep(value) {
  line().text = value;
  if (value === '' || line().editing) delete kept[key];
  else kept[key] = value;
  remember('drafts', kept);
}

function grow() {
  text.style.height = 'auto';
  text.style.height = `${Math.min(text.scrollHeight, 180)}px`;
}

function put(value) {
  text.value = value;
  keep(value);
  grow();
}

/** What is attached or edited; redrawn when the language changes. */
export function drawLine() {
  const { files, kind, editing } = line();
  byId('attached').hidden = files.length === 0 && editing === undefined;
  const cancel = el('button', { type: 'button', class: 'link', ...does('cancel') }, t('cancel'));
  if (editing !== undefined) return draw('attached', el('span', {}, `✏️ ${t('editing')}`), cancel);
  const n = files.length;
  const about =
    n === 1
      ? `${files[0].name}, ${size(files[0].size)}`
      : n <= ALBUM
        ? t('oneAlbum', { n })
        : t('albums', { n, albums: Math.ceil(n / ALBUM) });
  draw(
    'attached',
    el('strong', {}, about),
    el(
      'label',
      {},
      `${t('sendAs')} `,
      el(
        'select',
        { id: 'kind' },
        KINDS.map((name) => el('option', { value: name, selected: name === kind }, t(name))),
      ),
    ),
    cancel,
  );
  byId('kind').value = kind;
  byId('kind').onchange = (event) => {
    line().kind = event.target.value;
  };
}

/** Leaves an edit or takes files back; false when there was neither. */
export function cancelLine() {
  const { files, editing } = line();
  if (files.length === 0 && editing === undefined) return false;
  Object.assign(line(), { files: [], editing: undefined });
  byId('files').value = '';
  if (editing !== undefined) put('');
  drawLine();
  text.focus();
  return true;
}

export function startEdit(message) {
  Object.assign(line(), { editing: message, files: [] });
  put(message.text);
  drawLine();
  text.focus();
}

export function focusLine() {
  if (matchMedia('(min-width: 821px)').matches && !text.disabled) text.focus();
}

function attach(files) {
  if (files.length === 0) return;
  Object.assign(line(), { files, kind: kindOf(files), editing: undefined });
  drawLine();
  text.focus();
}

export function wireComposer(app) {
  byId('files').onchange = (event) => attach([...event.target.files]);
  text.onpaste = (event) => attach([...event.clipboardData.files]);
  byId('chat').ondragover = (event) => event.preventDefault();
  byId('chat').ondrop = (event) => {
    event.preventDefault();
    attach([...event.dataTransfer.files]);
  };
  text.oninput = () => {
    keep(text.value);
    grow();
  };
  text.onkeydown = (event) => {
    if (event.key === 'ArrowUp' && text.value === '' && !event.altKey) {
      const last = app.seen?.messages?.findLast(
        ({ isMine, isViaBot, text: said }) => isMine && !isViaBot && said !== '',
      );
      if (last === undefined) return;
      event.preventDefault();
      startEdit(last);
    }
    if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    byId('compose').requestSubmit();
  };
  byId('compose').onsubmit = (event) => {
    event.preventDefault();
    byId('commands').hidden = true;
    send(app);
  };
  onDo('cancel', cancelLine);
}

async function send(app) {
  const from = key;
  const { files, kind, editing } = line();
  const value = text.value;
  if (files.length === 0 && value.trim() === '') return;
  Object.assign(line(), { files: [], editing: undefined });
  byId('files').value = '';
  put('');
  drawLine();
  scrollToEnd();
  const place = app.chat.kind === 'bot' ? {} : { in: app.chat.id };
  if (editing !== undefined)
    return giveBack(
      from,
      { text: value, editing },
      await app.act('edit', { chatId: editing.chatId, id: editing.id, text: value }),
    );
  if (files.length === 0)
    return giveBack(from, { text: value }, await app.act('send', { message: value, ...place }));
  const about = await Promise.all(files.map(measure));
  for (let at = 0; at < files.length; at += ALBUM) {
    const part = files.slice(at, at + ALBUM);
    const form = new FormData();
    form.set('kind', kind);
    form.set('caption', at === 0 ? value : '');
    form.set('about', JSON.stringify(about.slice(at, at + ALBUM)));
    if (place.in !== undefined) form.set('in', place.in);
    for (const file of part) form.append('file', file);
    if (files.length > ALBUM) app.say(t('sending', { n: at + part.length, all: files.length }));
    const answer = await app.act('send', form);
    if (answer === undefined)
      return giveBack(from, { text: at === 0 ? value : '', files: files.slice(at), kind }, answer);
  }
}

/** What could not be sent is in the line again, unless something else is there by now. */
function giveBack(from, unsent, answer) {
  if (answer !== undefined) return;
  const now = lines.get(from);
  if (now.text !== '' || now.files.length > 0) return;
  Object.assign(now, unsent);
  if (from === key) {
    put(unsent.text);
    drawLine();
  }
}

/** As the apps tell Telegram: pixels and seconds; empty for what the browser cannot show. */
async function measure(file) {
  if (file.type.startsWith('image/')) {
    const image = await createImageBitmap(file).catch(() => undefined);
    return image === undefined ? {} : { width: image.width, height: image.height };
  }
  if (!file.type.startsWith('video/')) return {};
  const video = el('video', { preload: 'metadata' });
  const href = URL.createObjectURL(file);
  const loaded = await new Promise((resolve) => {
    video.onloadedmetadata = () => resolve(true);
    video.onerror = () => resolve(false);
    video.src = href;
  });
  URL.revokeObjectURL(href);
  if (!loaded || video.videoWidth === 0) return {};
  const duration = Number.isFinite(video.duration) ? Math.round(video.duration) : 0;
  return { width: video.videoWidth, height: video.videoHeight, duration };
}

function kindOf(files) {
  if (files.every(({ type }) => type === 'image/gif')) return 'animation';
  if (files.every(({ type }) => type.startsWith('image/'))) return 'photo';
  // A Matroska file has no type in most browsers; the admins' parts are often mkv documents.
  return files.every(({ type }) => type.startsWith('video/')) ? 'video' : 'document';
}
