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
  'BACKUP_PASSPHRASE_OLD',
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
  /** Where each setting stands. */
  const lines = new Map<string, { readonly line: number; readonly value: string }>();
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
          ? (unclosed(value) ?? cutAtHash(name, value))
          : (cutAtQuote(text.slice(closed + 1), value.charAt(0)) ?? escaped(text.slice(at, closed)));
      if (cut !== undefined) tell(cut, SECRETS.includes(name));
      const before = lines.get(name);
      // A copy of .env.example has empty lines that a person adds to.
      if (before !== undefined && before.value !== '' && before.value !== value.trim())
        tell(`stands in line ${before.line} too: take one of the two away`, SECRETS.includes(name));
      lines.set(name, { line: i + 1, value: value.trim() });
    }
  }
  return found;
}

/** Node takes such a quote as a character of the value. */
function unclosed(value: string): string | undefined {
  const [quote] = /^['"`]/.exec(value) ?? [];
  return (
    quote &&
    `begins with a ${quote} that nothing closes: close it, or put quotes of another kind around it all`
  );
}

/** Of an unquoted value. */
function cutAtHash(name: string, value: string): string | undefined {
  const hash = value.indexOf('#');
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
