/** The keyboard: Esc closes what is open, arrows move in lists, Alt with arrows between chats. */

import { cancelLine, focusLine } from './composer.js';
import { byId, hideToast } from './dom.js';

/** Lists in which arrows move; the chosen entry is the one that Tab reaches. */
const LISTS = { actors: 'button', chats: 'button', tabs: '[role="tab"]:not([hidden])', languages: 'button' };

export function wireKeys(app) {
  document.addEventListener('keydown', (event) => {
    if (document.querySelector('dialog[open]')) return;
    const step = { ArrowUp: -1, ArrowLeft: -1, ArrowDown: 1, ArrowRight: 1 }[event.key];
    if (event.key === 'Escape') close(app, event);
    else if (event.altKey && (event.key === 'ArrowUp' || event.key === 'ArrowDown')) {
      event.preventDefault();
      move(
        app.seen.chats.map(({ id }) => id),
        app.chatId,
        step,
        (id) => app.openChat(id),
      );
    } else if (step !== undefined) moveIn(event, step);
  });
}

function close(app, event) {
  if (!byId('commands').hidden) {
    byId('commands').hidden = true;
    byId('menu').focus();
  } else if (!cancelLine() && !hideToast()) {
    if (document.body.dataset.view === 'chat') focusLine();
    else app.show('chat');
  }
  event.preventDefault();
}

function moveIn(event, step) {
  for (const [id, selector] of Object.entries(LISTS)) {
    if (!byId(id).contains(event.target)) continue;
    event.preventDefault();
    const entries = [...byId(id).querySelectorAll(selector)];
    move(entries, event.target.closest(selector), step, (entry) => {
      entry.focus();
      entry.click();
    });
  }
  if (byId('commands').contains(event.target) || event.target === byId('menu')) {
    const entries = [byId('menu'), ...byId('commands').querySelectorAll('button')].filter(
      (one) => one.offsetParent !== null,
    );
    event.preventDefault();
    move(entries, event.target, step, (entry) => entry.focus());
  }
}

function move(entries, current, step, go) {
  const at = entries.indexOf(current);
  const next = entries[Math.min(entries.length - 1, Math.max(0, at + step))];
  if (next !== undefined && next !== current) go(next);
}
