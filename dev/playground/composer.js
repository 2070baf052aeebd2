import { byId, el, size } from './dom.js';

const KINDS = ['photo', 'video', 'document', 'animation'];

/** Wires the writing line: text, files with a caption, the menu of commands, edits. */
export function wireComposer(app) {
  const text = byId('text');
  let files = [];
  let kind = 'document';
  let editing;

  const grow = () => {
    text.style.height = 'auto';
    text.style.height = `${Math.min(text.scrollHeight, 180)}px`;
  };
  const reset = () => {
    text.value = '';
    files = [];
    editing = undefined;
    byId('files').value = '';
    draw();
    grow();
  };
  const draw = () => {
    const box = byId('attached');
    box.hidden = files.length === 0 && editing === undefined;
    const cancel = el('button', { type: 'button', className: 'link', onclick: reset }, 'cancel');
    if (editing !== undefined) return box.replaceChildren(`Editing message ${editing.id}`, cancel);
    const choice = el(
      'select',
      {
        ariaLabel: 'Send as',
        onchange: (event) => {
          kind = event.target.value;
        },
      },
      ...KINDS.map((name) => el('option', { value: name, selected: name === kind }, name)),
    );
    const names =
      files.length === 1 ? `${files[0].name}, ${size(files[0].size)}` : `${files.length} files as an album`;
    box.replaceChildren('Send as ', choice, names, cancel);
  };

  byId('files').onchange = (event) => {
    files = [...event.target.files].slice(0, 10);
    kind = kindOf(files);
    draw();
    text.focus();
  };
  text.oninput = grow;
  text.onkeydown = (event) => {
    const isPlainEnter = event.key === 'Enter' && !event.shiftKey && !event.isComposing;
    if (!isPlainEnter) return;
    event.preventDefault();
    byId('compose').requestSubmit();
  };
  byId('menu').onclick = () => {
    byId('commands').hidden = !byId('commands').hidden;
  };
  byId('compose').onsubmit = async (event) => {
    event.preventDefault();
    byId('commands').hidden = true;
    const value = text.value;
    if (files.length === 0 && value.trim() === '') return;
    const place = app.room ? { in: app.room.id } : {};
    if (editing !== undefined) {
      const { chatId, id } = editing;
      reset();
      await app.act('edit', { chatId, id, text: value });
    } else if (files.length > 0) {
      const form = new FormData();
      form.set('kind', kind);
      form.set('caption', value);
      if (app.room) form.set('in', app.room.id);
      for (const file of files) form.append('file', file);
      reset();
      await app.act('send', form);
    } else {
      reset();
      await app.act('send', { message: value, ...place });
    }
  };

  app.startEdit = (message) => {
    editing = message;
    files = [];
    text.value = message.text;
    draw();
    grow();
    text.focus();
  };
  app.resetComposer = reset;
}

function kindOf(files) {
  if (files.every(({ type }) => type === 'image/gif')) return 'animation';
  if (files.every(({ type }) => type.startsWith('image/'))) return 'photo';
  // A Matroska file has no type of its own in most browsers; the admins' parts are often mkv documents.
  return files.every(({ type }) => type.startsWith('video/')) ? 'video' : 'document';
}
