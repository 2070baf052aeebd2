/** Lines of `.env` that set another value than a person reads there, or none. Node only. */
import { parseEnv } from 'node:util';
import { nearMisses, SETTING_NAMES } from './setting-names.ts';

export interface UnreadLine {
  readonly name: string;
  /** For people; never the value. */
  readonly problem: string;
  /** Half of it is a wrong secret, or backups that no one encrypts: nothing may start with it. */
  readonly isSecret: boolean;
}

const SECRETS = [
  'BACKUP_PASSPHRASE',
  'BACKUP_AGE_RECIPIENTS',
  'BACKUP_AGE_IDENTITY',
  'BOT_TOKEN',
  'WEBHOOK_SECRET',
  'DATABASE_AUTH_TOKEN',
  'S3_ACCESS_KEY_ID',
  'S3_SECRET_ACCESS_KEY',
];
/** Values with spaces: behind one, only `# ` begins a comment for certain. */
const SPACED = ['BACKUP_DIR', 'DATABASE_URL', 'BACKUP_AGE_IDENTITY'];

/** Node takes only `export` before a name; the other words are of Windows and of csh. */
const LINE = /^\s*(?:(export|set|setx|setenv)\s+|(\$env:))?([^\s=:#'"`]+)[^\S\n]*(=?)[^\S\n]*([^\n]*)$/i;

export function unreadLines(text: string, file: string): UnreadLine[] {
  const settings = parseEnv(text);
  const found: UnreadLine[] = [];
  let start = 0;
  let quotedTo = 0;
  for (const [i, line] of text.split('\n').entries()) {
    const end = start + line.length;
    const [, word, shell, name = '', sign, value = ''] = LINE.exec(line) ?? [];
    const isInQuotes = start < quotedTo;
    start = end + 1;
    if (isInQuotes || !isOurs(name)) continue;
    const tell = (problem: string, isSecret: boolean): void => {
      found.push({ name, problem: `${file} line ${i + 1}: ${name} ${problem}`, isSecret });
    };
    const prefix = shell ?? (word === 'export' ? undefined : word);
    if (prefix !== undefined)
      tell(`has ${prefix} before it, so the line sets nothing: take that away`, name === 'BACKUP_PASSPHRASE');
    else if (sign !== '=') {
      if (!(name in settings))
        tell('has no = behind it, so the line sets nothing', name === 'BACKUP_PASSPHRASE');
    } else {
      const at = end - value.length;
      const closed = /^['"`]/.test(value) ? text.indexOf(value.charAt(0), at + 1) : -1;
      if (closed !== -1) quotedTo = closed;
      const cut =
        closed === -1
          ? cutAtHash(name, value)
          : (cutAtQuote(text.slice(closed + 1), value.charAt(0)) ?? escaped(text.slice(at, closed)));
      if (cut !== undefined) tell(cut, SECRETS.includes(name));
    }
  }
  return found;
}

/** Of an unquoted value; a quote that nothing closes keeps its line whole. */
function cutAtHash(name: string, value: string): string | undefined {
  const hash = /^['"`]/.test(value) ? -1 : value.indexOf('#');
  if (hash === -1) return undefined;
  const isApart = hash === 0 ? /^#+(\s|$)/.test(value) : /\s/.test(value.charAt(hash - 1));
  const mayGoOn = name === 'BACKUP_PASSPHRASE' || (SPACED.includes(name) && /^#\S/.test(value.slice(hash)));
  return isApart && !mayGoOn ? undefined : 'ends at #: put the value in quotes';
}

/** @param rest what follows the closing quote */
function cutAtQuote(rest: string, quote: string): string | undefined {
  return /^[^\S\n]*(#[^\n]*)?(\n|$)/.test(rest)
    ? undefined
    : `ends at its second ${quote}: put the value in quotes of a kind that it does not hold`;
}

/** Node makes a line break of these two characters, and only between double quotes. */
function escaped(quoted: string): string | undefined {
  return /^".*\\n/s.test(quoted)
    ? String.raw`has \n between double quotes, which makes a line break: put the value in single quotes`
    : undefined;
}

function isOurs(name: string): boolean {
  return SETTING_NAMES.includes(name) || nearMisses([name]).length > 0;
}
