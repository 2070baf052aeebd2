/** Small helpers over the DOM and the server. */

export const byId = (id) => document.getElementById(id);

/** Builds an element: properties, then children (strings become text). */
export function el(tag, props = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (value === undefined) continue;
    if (name === 'dataset') Object.assign(element.dataset, value);
    else if (name in element) element[name] = value;
    else element.setAttribute(name, value);
  }
  element.append(...children.filter((child) => child !== undefined));
  return element;
}

let running = 0;

/** A call of the server. Shows that something is under way, and what went wrong. */
export async function ask(path, body) {
  const isForm = body instanceof FormData;
  const init =
    body === undefined
      ? {}
      : isForm
        ? { method: 'POST', body }
        : { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
  if (body !== undefined) busy(1);
  try {
    const response = await fetch(path, init);
    const answer = await response.json();
    if (!response.ok) throw new Error(answer.error ?? `HTTP ${response.status}`);
    return answer;
  } catch (error) {
    if (body !== undefined) toast(error.message, true);
    throw error;
  } finally {
    if (body !== undefined) busy(-1);
  }
}

function busy(change) {
  running += change;
  byId('busy').hidden = running === 0;
}

let hiding;

/** The small note at the bottom, as Telegram shows callback answers. */
export function toast(text, isError = false) {
  const note = byId('toast');
  note.textContent = text;
  note.classList.toggle('error', isError);
  note.hidden = false;
  clearTimeout(hiding);
  hiding = setTimeout(() => {
    note.hidden = true;
  }, 4000);
}

/** The window a callback answer with show_alert opens. */
export function alertBox(text) {
  const box = byId('alert');
  box.querySelector('p').textContent = text;
  box.showModal();
}

export function size(bytes) {
  if (bytes < 1024) return `${bytes} B`;
  if (bytes < 1024 * 1024) return `${(bytes / 1024).toFixed(1)} KB`;
  return `${(bytes / 1024 / 1024).toFixed(1)} MB`;
}

export function clockTime(seconds) {
  return new Date(seconds * 1000).toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' });
}
