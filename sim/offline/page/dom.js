/** Small helpers over the DOM. */
import { morphChildren } from './morph.js';

export const byId = (id) => document.getElementById(id);

/** Builds an element: attributes (not false and undefined ones), then children; acts by data-do. */
export function el(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || (value === false && !name.startsWith('aria-'))) continue;
    element.setAttribute(name, value === true && !name.startsWith('aria-') ? '' : String(value));
  }
  element.append(...children.flat().filter((child) => child !== undefined && child !== ''));
  return element;
}

/** What a click does: a name of {@link onDo}, and what it is told. */
export function does(name, about) {
  return { 'data-do': name, ...(about === undefined ? {} : { 'data-about': JSON.stringify(about) }) };
}

const deeds = new Map();

export function onDo(name, run) {
  deeds.set(name, run);
}

document.addEventListener('click', (event) => {
  const element = event.target.closest?.('[data-do]');
  if (!element || element.disabled) return;
  deeds.get(element.dataset.do)?.(JSON.parse(element.dataset.about ?? 'null'), element);
});
// Links of messages have no address: no middle click or menu of the browser leaves by itself.
document.addEventListener('keydown', (event) => {
  if (event.key !== 'Enter' || !event.target.matches?.('[role="link"], tg-spoiler')) return;
  event.preventDefault();
  event.target.click();
});

/** Shows children in place of those that are there. */
export function draw(id, ...children) {
  morphChildren(byId(id), el('div', {}, ...children));
}

let hiding;

/** The small note at the bottom, as Telegram shows callback answers. */
export function toast(text, isError = false) {
  const note = byId('toast');
  note.textContent = text;
  note.classList.toggle('error', isError);
  note.hidden = false;
  clearTimeout(hiding);
  hiding = setTimeout(hideToast, 4500);
}

export function hideToast() {
  const wasShown = !byId('toast').hidden;
  byId('toast').hidden = true;
  return wasShown;
}

/** The window a callback answer with show_alert opens. */
export function alertBox(text) {
  byId('alert-text').textContent = text;
  byId('alert').showModal();
}

export function avatar(name, id) {
  const hue = (Math.abs(id) * 47) % 360;
  return el(
    'span',
    { class: 'avatar', 'aria-hidden': 'true', 'data-hue': Math.round(hue / 30) },
    [...name][0]?.toUpperCase() ?? '',
  );
}
