/**
 * The one codec of callback data: state travels in the button, at most 64 bytes, garbage in =
 * undefined out. Buttons live for ever, so a tag is never reused for another meaning and arguments
 * are only ever added at the end, optional. An anime is named by its id, never by its code: ids are
 * not reused (AUTOINCREMENT), codes can be moved to another anime.
 */

/** Telegram's limit, bytes of UTF-8. */
const MAX_BYTES = 64;

/**
 * kind -> tag and argument names; arguments are whole numbers, a `text` argument takes the rest and
 * must be last.
 */
export const CALLBACK_SHAPES = {
  /** A label that does nothing when pressed (page counter). */
  label: { tag: '-', args: [] },
  card: { tag: 'c', args: ['anime'] },
  parts: { tag: 'p', args: ['anime', 'page'] },
  play: { tag: 'v', args: ['anime', 'part'] },
  /** A card or a part out of a list: comes as a new message, the list stays. */
  pick: { tag: 'k', args: ['anime'] },
  watch: { tag: 'z', args: ['anime', 'part'] },
  /** The rest of a long description, by its page. */
  more: { tag: 'd', args: ['anime', 'page'] },
  /** Tekshirish: `text` is what was asked for, an action of its own. */
  check: { tag: 's', args: ['text'] },
  /** What a deep link names; only inside `check`, where nothing but the code is known. */
  open: { tag: 'o', args: ['code', 'part'] },
  menu: { tag: 'm', args: [] },
  help: { tag: 'h', args: [] },
  /** `text` is a folded query (src/db/search-query.ts). */
  search: { tag: 'q', args: ['page', 'text'] },
  /** `order` and `direction` count in BROWSE_ORDERS; `anchor` is an anime's id or 0. */
  browse: { tag: 'b', args: ['order', 'anchor', 'direction'] },
  letters: { tag: 'e', args: [] },
  letter: { tag: 'l', args: ['text'] },
  random: { tag: 'r', args: [] },
  /** `list` counts in PERSONAL_LISTS. */
  list: { tag: 'y', args: ['list', 'page'] },
  /** `on` is what the press brings about, 1 or 0: pressing an old button twice does not undo. */
  favourite: { tag: 'f', args: ['anime', 'on'] },
  follow: { tag: 'w', args: ['anime', 'on'] },
  languages: { tag: 'i', args: [] },
  /** `locale` counts in LOCALE_NAMES. */
  language: { tag: 'g', args: ['locale'] },

  // Admins' buttons. `id` is an anime's id; `group`, `channel` and `part` are row ids, never chat
  // ids or part numbers.
  panel: { tag: 'a', args: [] },
  drafts: { tag: 'ad', args: [] },
  draftNew: { tag: 'an', args: [] },
  draftOpen: { tag: 'ao', args: ['draft'] },
  draftPause: { tag: 'az', args: ['draft'] },
  draftDrop: { tag: 'ax', args: ['draft', 'sure'] },
  draftDone: { tag: 'at', args: ['draft', 'version'] },
  draftUndo: { tag: 'au', args: ['draft'] },
  draftStep: { tag: 'as', args: ['draft', 'version', 'step'] },
  draftCode: { tag: 'ac', args: ['draft', 'version', 'code'] },
  draftGroup: { tag: 'ag', args: ['draft', 'group', 'on'] },
  draftGroupsDone: { tag: 'ah', args: ['draft', 'version'] },
  draftPublish: { tag: 'ap', args: ['draft', 'version'] },
  draftNumber: { tag: 'am', args: ['draft'] },
  drop: { tag: 'aq', args: [] },
  catalogue: { tag: 'ae', args: ['page'] },
  edit: { tag: 'aei', args: ['id'] },
  editByCode: { tag: 'aec', args: [] },
  editField: { tag: 'aef', args: ['id', 'field'] },
  photoOff: { tag: 'aeo', args: ['id'] },
  editParts: { tag: 'aep', args: ['id', 'page'] },
  editPart: { tag: 'aeq', args: ['part'] },
  partsAdd: { tag: 'aea', args: ['id'] },
  partReplace: { tag: 'aer', args: ['part'] },
  partMove: { tag: 'aem', args: ['part'] },
  partMoveTo: { tag: 'aen', args: ['part', 'to', 'swap'] },
  partDelete: { tag: 'aed', args: ['part'] },
  partDeleteNow: { tag: 'aek', args: ['id', 'part', 'renumber'] },
  trashAsk: { tag: 'aet', args: ['id'] },
  trashNow: { tag: 'aeu', args: ['id'] },
  trash: { tag: 'aev', args: ['page'] },
  restore: { tag: 'aew', args: ['id'] },
  purgeAsk: { tag: 'aey', args: ['id'] },
  purgeNow: { tag: 'aez', args: ['id'] },
  post: { tag: 'apo', args: ['id'] },
  postChoose: { tag: 'apc', args: ['id', 'group', 'on'] },
  postNow: { tag: 'apn', args: ['id'] },
  groups: { tag: 'agl', args: [] },
  group: { tag: 'agi', args: ['group'] },
  groupAdd: { tag: 'aga', args: [] },
  groupUp: { tag: 'agu', args: ['group'] },
  groupCheck: { tag: 'agc', args: ['group'] },
  groupName: { tag: 'agn', args: ['group'] },
  groupDelete: { tag: 'agd', args: ['group', 'sure'] },
  channels: { tag: 'akl', args: [] },
  channel: { tag: 'aki', args: ['channel'] },
  channelAdd: { tag: 'aka', args: [] },
  channelUp: { tag: 'aku', args: ['channel'] },
  channelCheck: { tag: 'akc', args: ['channel'] },
  channelRequests: { tag: 'akr', args: ['channel'] },
  channelName: { tag: 'akn', args: ['channel'] },
  channelDelete: { tag: 'akd', args: ['channel', 'sure'] },
  chatFound: { tag: 'akf', args: ['chat', 'as'] },
  broadcasts: { tag: 'ab', args: [] },
  broadcastNew: { tag: 'aba', args: [] },
  broadcast: { tag: 'abi', args: ['broadcast'] },
  broadcastTo: { tag: 'abu', args: ['broadcast', 'audience', 'group'] },
  broadcastPick: { tag: 'abp', args: ['broadcast'] },
  broadcastGo: { tag: 'abg', args: ['broadcast'] },
  broadcastSteer: { tag: 'abs', args: ['broadcast', 'to'] },
  stats: { tag: 'ast', args: [] },
  analytics: { tag: 'asa', args: ['metric', 'days'] },
  top: { tag: 'asp', args: ['days'] },
  people: { tag: 'aus', args: [] },
  personFind: { tag: 'auf', args: [] },
  person: { tag: 'aup', args: ['user'] },
  personBan: { tag: 'aub', args: ['user', 'on'] },
  admins: { tag: 'aad', args: [] },
  adminAdd: { tag: 'aaa', args: [] },
  adminGrant: { tag: 'aag', args: ['user'] },
  adminRemove: { tag: 'aar', args: ['user', 'sure'] },
  audit: { tag: 'aau', args: ['page'] },
  export: { tag: 'aex', args: [] },
  selfTest: { tag: 'ats', args: [] },
  failures: { tag: 'afl', args: [] },
  failuresRetry: { tag: 'afr', args: [] },
  failuresDrop: { tag: 'afd', args: [] },
  /** The file is in the message that the button's message replies to. */
  importNow: { tag: 'aim', args: [] },
  importDrop: { tag: 'aix', args: [] },
  importStop: { tag: 'ais', args: [] },
  backups: { tag: 'abl', args: ['page'] },
  backupNow: { tag: 'abn', args: [] },
  /** `text` is a backup's name, here and below. */
  backup: { tag: 'abk', args: ['text'] },
  backupLinks: { tag: 'abd', args: ['text'] },
  backupCheck: { tag: 'abc', args: ['text'] },
  backupSend: { tag: 'abf', args: ['text'] },
  moment: { tag: 'amo', args: [] },
  momentAgo: { tag: 'ama', args: ['minutes'] },
  /** `at` is a time, ms, here and below. */
  momentLook: { tag: 'aml', args: ['at'] },
  momentSend: { tag: 'ams', args: ['at'] },
  momentStop: { tag: 'amx', args: [] },
  archive: { tag: 'ar', args: [] },
  archiveAdd: { tag: 'ara', args: [] },
  archiveCheck: { tag: 'arc', args: [] },
  archiveOff: { tag: 'aro', args: ['sure'] },
  /** A public one, which an owner takes all the same; `chat` is its id. */
  archivePublic: { tag: 'aru', args: ['chat'] },
  archiveMissing: { tag: 'arm', args: ['page'] },
  moveNews: { tag: 'arn', args: [] },
  movePosts: { tag: 'arp', args: ['sure'] },
} as const satisfies Record<string, { tag: string; args: readonly string[] }>;

type Shapes = typeof CALLBACK_SHAPES;
type ArgsOf<K extends keyof Shapes> = Shapes[K]['args'][number];
type ActionOf<K extends keyof Shapes> = { readonly kind: K } & {
  readonly [A in ArgsOf<K>]: A extends 'text' ? string : number;
};
export type Action = { [K in keyof Shapes]: ActionOf<K> }[keyof Shapes];

/**
 * @throws RangeError when the data would not fit Telegram's 64 bytes or a number is not a whole
 * one: a programming error.
 */
export function encodeAction(action: Action): string {
  const shape: { tag: string; args: readonly string[] } = CALLBACK_SHAPES[action.kind];
  const values = new Map(Object.entries(action));
  const data = [shape.tag, ...shape.args.map((name) => encodeArgument(name, values.get(name)))].join(':');
  if (Buffer.byteLength(data) > MAX_BYTES)
    throw new RangeError(`callback data of ${action.kind} is over ${MAX_BYTES} bytes`);
  return data;
}

/** What a pressed button asks for, or undefined for anything this program never wrote. */
export function decodeAction(data: string): Action | undefined {
  if (Buffer.byteLength(data) > MAX_BYTES) return undefined;
  const [tag, ...rest] = data.split(':');
  for (const [kind, shape] of Object.entries(CALLBACK_SHAPES)) {
    if (shape.tag !== tag) continue;
    const values = decodeArguments(shape.args, rest);
    return values === undefined ? undefined : ({ kind, ...values } as Action);
  }
  return undefined;
}

function encodeArgument(name: string, value: unknown): string {
  if (name === 'text') return String(value);
  if (typeof value !== 'number' || !Number.isSafeInteger(value))
    throw new RangeError(`callback argument ${name} is not a whole number`);
  return value.toString(36);
}

function decodeArguments(
  names: readonly string[],
  raw: readonly string[],
): Record<string, number | string> | undefined {
  const takesText = names.at(-1) === 'text';
  if (takesText ? raw.length < names.length : raw.length !== names.length) return undefined;
  const values: Record<string, number | string> = {};
  for (const [i, name] of names.entries()) {
    if (name === 'text') {
      values[name] = raw.slice(i).join(':');
      break;
    }
    const text = raw[i] ?? '';
    const number = /^-?[0-9a-z]{1,11}$/.test(text) ? Number.parseInt(text, 36) : Number.NaN;
    if (!Number.isSafeInteger(number)) return undefined;
    values[name] = number;
  }
  return values;
}
