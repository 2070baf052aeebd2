/** Which action a button, a command, a code or a name asks for. */
import { foldQuery } from '../db/search-query.ts';
import type { Action } from './callback-data.ts';
import { type Incoming, normaliseDigits } from './incoming.ts';

/** Lists of a viewer's own; buttons name them by their place here, so the order is for ever. */
export const PERSONAL_LISTS = ['history', 'favourites', 'follows'] as const;
/** The same for the catalogue's orders. */
export const BROWSE_ORDERS = ['newest', 'viewed', 'name'] as const;

export function listAction(list: (typeof PERSONAL_LISTS)[number], page = 0): Action {
  return { kind: 'list', list: PERSONAL_LISTS.indexOf(list), page };
}

export function browseAction(order: (typeof BROWSE_ORDERS)[number]): Action {
  return { kind: 'browse', order: BROWSE_ORDERS.indexOf(order), anchor: 0, direction: 0 };
}

const COMMANDS = new Map<string, Action>(
  Object.entries({
    help: { kind: 'help' },
    history: listAction('history'),
    favourites: listAction('favourites'),
    favorites: listAction('favourites'),
    following: listAction('follows'),
    new: browseAction('newest'),
    popular: browseAction('viewed'),
    az: { kind: 'letters' },
    random: { kind: 'random' },
    language: { kind: 'languages' },
  }),
);

/** Commands of admins: each opens what a button opens. */
const ADMIN_COMMANDS = new Map<string, Action>(
  Object.entries({
    admin: { kind: 'panel' },
    add: { kind: 'draftNew' },
    drafts: { kind: 'drafts' },
    edit: { kind: 'catalogue', page: 0 },
    trash: { kind: 'trash', page: 0 },
    groups: { kind: 'groups' },
    channels: { kind: 'channels' },
    broadcast: { kind: 'broadcasts' },
    stats: { kind: 'stats' },
    analytics: { kind: 'analytics', metric: 0, days: 30 },
    top: { kind: 'top', days: 30 },
    users: { kind: 'people' },
    admins: { kind: 'admins' },
    audit: { kind: 'audit', page: 0 },
    export: { kind: 'export' },
    test: { kind: 'selfTest' },
    backup: { kind: 'backupNow' },
    backups: { kind: 'backups', page: 0 },
    archive: { kind: 'archive' },
  }),
);

/** Only what is pressed or typed as a command: whatever else admins write is content. */
export function adminActionOf(incoming: Incoming): Action | undefined {
  if (incoming.kind === 'press') return incoming.action;
  return incoming.kind === 'command' ? ADMIN_COMMANDS.get(incoming.name) : undefined;
}

/**
 * Several stages ask; a text is folded once. Entries go with their update: nothing is remembered
 * from one to the next.
 */
const known = new WeakMap<Incoming, { readonly action: Action | undefined }>();

/** Undefined for what no viewer's feature answers. */
export function actionOf(incoming: Incoming): Action | undefined {
  const found = known.get(incoming) ?? { action: readAction(incoming) };
  known.set(incoming, found);
  return found.action;
}

function readAction(incoming: Incoming): Action | undefined {
  switch (incoming.kind) {
    case 'press':
      return incoming.action;
    case 'command':
      return incoming.name === 'start' ? startAction(incoming.argument) : COMMANDS.get(incoming.name);
    case 'code':
      return incoming.code === null ? undefined : { kind: 'open', code: incoming.code, part: 0 };
    case 'text': {
      const named = PART.exec(normaliseDigits(incoming.text));
      if (named !== null) return { kind: 'open', code: Number(named[1]), part: Number(named[2]) };
      const text = foldQuery(incoming.text);
      return text === '' ? undefined : { kind: 'search', page: 0, text };
    }
    default:
      return undefined;
  }
}

/** `12 5`, `12-5`, `12/5`, `12 qism 5`, `12 5-qism`: part 5 of anime 12. */
const WORD = '(?:qism|қисм|part|часть|серия)';
const PART = new RegExp(
  `^([1-9]\\d{0,5})(?: *[-–_/:] *| +)(?:${WORD} +)?([1-9]\\d{0,5})(?:[- ]*${WORD})?$`,
  'iu',
);

/**
 * `/start 12` opens anime 12, `/start 12_5` its part 5; any other payload names no anime (it is
 * where the viewer came from).
 */
function startAction(payload: string): Action {
  const match = /^([1-9]\d{0,5})(?:_(\d{1,6}))?$/.exec(payload);
  return match === null
    ? { kind: 'menu' }
    : { kind: 'open', code: Number(match[1]), part: Number(match[2] ?? 0) };
}
