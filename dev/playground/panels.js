import { ask, byId, el, size, toast } from './dom.js';

/** Wires the panels beside the chat: backups, inline mode, the log of Bot API calls. */
export function wirePanels(app) {
  const show = (name) => {
    for (const tab of document.querySelectorAll('[data-tab]'))
      tab.setAttribute('aria-selected', tab.dataset.tab === name);
    for (const panel of document.querySelectorAll('[data-panel]'))
      panel.hidden = panel.dataset.panel !== name;
  };
  for (const tab of document.querySelectorAll('[data-tab]')) {
    tab.onclick = () => show(tab.dataset.tab);
    if (tab.dataset.tab === 'backups') tab.hidden = !app.hasBackups;
  }
  show(app.hasBackups ? 'backups' : 'calls');

  byId('backup-run').onclick = async (event) => {
    const button = event.currentTarget;
    button.disabled = true;
    button.textContent = 'Taking a backup…';
    try {
      drawBackups(await ask('/api/backups', {}));
      toast('The backup was taken and verified.');
    } finally {
      button.disabled = false;
      button.textContent = 'Take a backup now';
    }
  };
  if (app.hasBackups) ask('/api/backups').then(drawBackups, (error) => toast(error.message, true));

  byId('inline-bot').textContent = `@${app.bot.username}`;
  byId('inline').onsubmit = async (event) => {
    event.preventDefault();
    const query = byId('query').value;
    drawResults(app, query, await app.act('inline', { query }));
  };
  app.openInline = (query) => {
    app.show('panel');
    show('inline');
    byId('query').value = query;
    byId('inline').requestSubmit();
  };

  byId('calls-forget').onclick = async () => {
    await ask('/control/calls/forget', {});
    await app.refresh();
  };
}

function drawBackups(backups) {
  byId('backups').replaceChildren(
    ...(backups.length > 0
      ? backups.map(({ name, bytes, files }) =>
          el(
            'li',
            {},
            el(
              'div',
              { className: 'row' },
              el('strong', {}, name),
              el('span', { className: 'muted' }, size(bytes)),
            ),
            ...files.map((file) => el('a', { href: file.href, download: '' }, file.name)),
          ),
        )
      : [el('li', { className: 'muted' }, 'No backup yet.')]),
  );
}

function drawResults(app, query, answer) {
  const results = answer?.results ?? [];
  const none = answer === null ? 'The bot did not answer.' : 'Nothing found.';
  const choose = async (result) => {
    if (!app.room) return toast('Open a group or a channel first, then choose.', true);
    await app.act('choose', { result, query, in: app.room.id }, 'Shared');
    app.show('chat');
  };
  byId('results').replaceChildren(
    ...(results.length > 0
      ? results.map((result) =>
          el(
            'li',
            {},
            el(
              'button',
              { onclick: () => choose(result) },
              el('strong', {}, result.title ?? result.type),
              el('span', { className: 'muted' }, result.description ?? ''),
            ),
          ),
        )
      : [el('li', { className: 'muted pad' }, none)]),
  );
}

/** Newest first, at most a hundred. */
export function drawCalls(calls) {
  byId('call-count').textContent = `${calls.length} calls`;
  byId('calls').replaceChildren(
    ...calls
      .slice(-100)
      .reverse()
      .map(({ method, params, status, answer }) => {
        const mark = el(
          'span',
          { className: status === 200 ? 'ok' : 'bad' },
          status === 0 ? 'lost' : String(status),
        );
        const summary = el('summary', {}, el('code', {}, method), mark);
        const details = status === 200 ? params : { ...params, '→': answer };
        return el('li', {}, el('details', {}, summary, el('pre', {}, JSON.stringify(details, null, 2))));
      }),
  );
}
