/**
 * Why something of a file was refused or changed: a code and its detail. The CLI says it in
 * English; the bot in the admin's language (`src/locales/admin/imports`).
 */

/** What each says, in English; `{}` stands for the detail. */
const ENGLISH = {
  missing: 'missing',
  'not-an-object': 'not an object',
  'not-a-list': 'not a list',
  'is-a-list': 'a list where a value belongs',
  'is-an-object': 'an object where a value belongs',
  'not-an-integer': 'not an integer',
  'is-no-integer': '{} is not an integer',
  'not-exact': '{} is not an exact integer',
  'too-large': '{} is too large',
  'not-a-number': 'a real is not a number',
  'not-a-text': 'not a text',
  'too-long': 'longer than {} characters',
  'lone-surrogate': 'text has a lone surrogate',
  'not-a-time': 'not a time',
  'is-no-time': '{} is not a time',
  'no-kind': '{} is not a kind that this bot knows',
  'no-file-id': '{} is not a file_id of Telegram’s',
  'no-chat-link': '{} is not a link to a chat of Telegram’s',
  'of-an-admin': 'this person runs the bot: no file bans an admin',
  nul: 'a NUL character in it',
  'nul-removed': 'a NUL character in it: left out',
  'not-utf8': 'bytes in it that are not UTF-8',
  'not-utf8-replaced': 'bytes in it that are not UTF-8: each became U+FFFD',
  'no-user-id': '{} is not a user’s id (a group’s id is negative)',
  'code-range': 'code {} is not from 1 to 999999',
  'part-range': 'part number {} is not a number from 1',
  'anime-not-in-file': 'anime {} is not in the file',
  'no-anime': 'no anime has the code {}',
  'group-not-in-file': 'group {} is not in the file',
  twice: 'stands in the file twice: first at {}',
} as const;

export type ReasonCode = keyof typeof ENGLISH;

export interface Reason {
  readonly code: ReasonCode;
  /** What the code speaks of (a value, a place in the file); empty when it says all. */
  readonly detail: string;
}

export function reason(code: ReasonCode, detail = ''): Reason {
  return { code, detail };
}

export function inEnglish({ code, detail }: Reason): string {
  return ENGLISH[code].replace('{}', () => detail);
}

/** As staged rows carry it: `code:detail`. */
export function readVerdict(text: string): Reason {
  const [, code = '', detail = ''] = /^([^:]*):(.*)$/s.exec(text) ?? [];
  if (!isReasonCode(code)) throw new Error(`no verdict: ${text}`);
  return { code, detail };
}

/** SQL for {@link readVerdict}; `detail` is SQL. */
export function verdictSql(code: ReasonCode, detail: string): string {
  return `'${code}:' || COALESCE(${detail}, '')`;
}

function isReasonCode(text: string): text is ReasonCode {
  return Object.hasOwn(ENGLISH, text);
}

/** A value for a message: short, and with quotes so that its spaces show. */
export function quoted(text: string): string {
  return JSON.stringify(text.length > 40 ? `${text.slice(0, 40)}…` : text);
}
