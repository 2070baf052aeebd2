/** The panels beside the chat: backups, inline mode, the log of Bot API calls. */
import { byId, does, draw, el, onDo, toast } from './dom.js';
import { post } from './server.js';
import { dayAndTime, hasText, size, t } from './words.js';

let isTaking = false;
let found;

export function shownPanel() {
  return document.querySelector('[data-tab][aria-selected="true"]')?.dataset.tab;
}

function show(app, name) {
  for (const tab of document.querySelectorAll('[data-tab]')) {
    const isShown = tab.dataset.tab === name;
    tab.setAttribute('aria-selected', isShown);
    tab.tabIndex = isShown ? 0 : -1;
    byId(`panel-${tab.dataset.tab}`).hidden = !isShown;
  }
  app.refresh();
}

export function wirePanels(app) {
  byId('tab-backups').hidden = !app.hasBackups;
  onDo('tab', (name) => show(app, name));
  onDo('take-backup', async () => {
    isTaking = true;
    drawTaking();
    if ((await post('/api/backups', {})) !== undefined) toast(t('backupTaken'));
    isTaking = false;
    drawTaking();
    app.refresh();
  });
  byId('inline-bot').textContent = `@${app.bot.username}`;
  byId('inline').onsubmit = async (event) => {
    event.preventDefault();
    const query = byId('query').value;
    const answer = await app.act('inline', { query });
    if (answer !== undefined) found = { query, answer };
    drawResults();
  };
  onDo('inline', (query) => {
    app.show('panel');
    show(app, 'inline');
    byId('query').value = query;
    byId('query').focus();
    byId('inline').requestSubmit();
  });
  onDo('choose', async (at) => {
    if (app.chat.kind === 'bot') return toast(t('openRoomFirst'), true);
    const result = found.answer.results[at];
    if ((await app.act('choose', { result, query: found.query, in: app.chat.id }, 'shared')) !== undefined)
      app.show('chat');
  });
  onDo('forget-calls', async () => {
    await post('/control/calls/forget', {});
    app.refresh();
  });
  show(app, app.hasBackups ? 'backups' : 'calls');
}

function drawTaking() {
  byId('backup-run').disabled = isTaking;
  byId('backup-run').textContent = t(isTaking ? 'takingBackup' : 'takeBackup');
}

export function drawPanels({ backups, calls }) {
  drawTaking();
  drawBackups(backups);
  drawResults();
  drawCalls(calls);
}

function drawBackups(backups = []) {
  if (backups === 'unreadable') return draw('backups', el('li', { class: 'muted' }, t('backupsUnreadable')));
  if (backups.length === 0) return draw('backups', el('li', { class: 'muted' }, t('noBackups')));
  draw(
    'backups',
    ...backups.map(({ name, at, state, bytes, files, trigger }) =>
      el(
        'li',
        { 'data-key': name },
        el(
          'div',
          { class: 'row' },
          el('strong', {}, dayAndTime(new Date(at))),
          el('span', { class: `state ${state}` }, `${state === 'verified' ? '✓ ' : ''}${t(state)}`),
        ),
        el(
          'div',
          { class: 'row muted' },
          el('span', {}, el('code', {}, name), ' UTC'),
          el('span', {}, size(bytes)),
        ),
        reasonOf(trigger),
        files.map((file) => fileLink(name, file)),
      ),
    ),
  );
}

/** What was saved before something changed the database is not the newest state for long. */
function reasonOf(trigger) {
  const key = `before:${trigger}`;
  return hasText(key) ? el('div', { class: 'muted' }, t(key)) : '';
}

function fileLink(name, file) {
  const kind = /\.db\b/.test(file) ? 'databaseFile' : /\.json\b/.test(file) ? 'documentFile' : undefined;
  return el(
    'a',
    {
      href: `/api/backups/${encodeURIComponent(name)}/${encodeURIComponent(file)}`,
      title: file,
      'aria-label': t('download', { name: file }),
    },
    el('span', { 'aria-hidden': 'true' }, '↓ '),
    kind === undefined ? file : t(kind),
  );
}

function drawResults() {
  if (found === undefined) return draw('results', el('li', { class: 'muted' }, t('inlineHint')));
  const results = found.answer?.results ?? [];
  if (results.length === 0)
    return draw(
      'results',
      el('li', { class: 'muted' }, t(found.answer === null ? 'noInlineAnswer' : 'nothingFound')),
    );
  draw(
    'results',
    ...results.map((result, at) =>
      el(
        'li',
        {},
        el(
          'button',
          { type: 'button', ...does('choose', at) },
          el('strong', {}, result.title ?? result.type),
          el('span', { class: 'muted' }, result.description ?? ''),
        ),
      ),
    ),
  );
}

/** Newest first. */
function drawCalls({ count, latest }) {
  byId('call-count').textContent = t('callCount', { n: count });
  draw(
    'calls',
    ...latest
      .map((call, at) => ({ ...call, number: count - latest.length + at }))
      .reverse()
      .map(({ method, params, status, answer, number }) => {
        const mark = el('span', { class: status === 200 ? 'ok' : 'bad' }, status === 0 ? t('lost') : status);
        const details = status === 200 ? params : { ...params, '→': answer };
        return el(
          'li',
          { 'data-key': `${number} ${method}` },
          el(
            'details',
            {},
            el('summary', {}, el('code', {}, method), mark),
            el('pre', {}, JSON.stringify(details, null, 2)),
          ),
        );
      }),
  );
}
