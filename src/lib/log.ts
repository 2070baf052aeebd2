/** One entry a line, as JSON or another format; never tokens, keys or payloads. */
import { visibleLines } from '../text/visible.ts';

export interface Log {
  debug(event: string, fields?: Fields): void;
  info(event: string, fields?: Fields): void;
  warn(event: string, fields?: Fields): void;
  error(event: string, fields?: Fields): void;
}

type Fields = Readonly<Record<string, string | number | boolean | null | undefined>>;
/** From the most to none: LOG_LEVEL. */
export const LOG_LEVELS = ['debug', 'info', 'warn', 'error', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

const RANK: Record<LogLevel, number> = { debug: 0, info: 1, warn: 2, error: 3, silent: 4 };

type Level = Exclude<LogLevel, 'silent'>;
/** One entry as text, undefined for none; secrets are hidden, control characters made visible. */
export type Format = (level: Level, event: string, fields: Fields) => string | undefined;

const asJson: Format = (level, event, fields) =>
  visibleLines(JSON.stringify({ level, event, ...fields }, withoutSecrets));

export function createLog(level: LogLevel, write: (line: string) => void, format = asJson): Log {
  const at =
    (own: Level) =>
    (event: string, fields: Fields = {}): void => {
      const line = RANK[own] >= RANK[level] ? format(own, event, fields) : undefined;
      if (line !== undefined) write(line);
    };
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}

/** For JSON.stringify: hides the secrets of the settings in every text. */
export function withoutSecrets(_key: string, value: unknown): unknown {
  return typeof value === 'string' ? hideKnown(value) : value;
}

/** The name of a setting, which is never a secret: `BOT_TOKEN`, `S3_SECRET_ACCESS_KEY`. */
const NAME = String.raw`[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+(?![\w-])`;
/** A word that marks the value behind it as a secret, at the end of a name or alone. */
const WORD = '(?:bearer|token|jwt|secret|password|passphrase|access_?key|signature|credential)';

/** What looks like a secret, whoever wrote it; the text before the value (`kept`) stays. */
const SECRETS: readonly RegExp[] = [
  // Also behind a letter: the Bot API's addresses are /bot<token>/method.
  /(?<kept>)\d{5,}:[A-Za-z0-9_-]{20,}/g,
  /(?<kept>)AGE-SECRET-KEY-[A-Z0-9-]+/gi,
  // A JSON Web Token, as databases give them.
  /(?<kept>)\beyJ[\w-]{6,}\.[\w-]+(?:\.[\w-]*)?/g,
  // https://user:password@host
  /(?<kept>\b[a-z][a-z0-9+.-]*:\/\/)[^\s/?#@]*(?=@)/gi,
  // token=…, "token":"…"
  new RegExp(`(?<kept>${WORD}["']?\\s?[=:]\\s?["'])(?!\\[hidden)[^"']+`, 'gi'),
  new RegExp(`(?<kept>${WORD}=)(?!["'\\s…]|\\[hidden)[^\\s&"']+`, 'gi'),
  // In a sentence only values that are no words: eight signs with a digit among letters, or twenty.
  new RegExp(
    `(?<kept>${WORD}["']?:?\\s+["']?)(?!(?-i:${NAME})|\\[hidden)` +
      `(?:(?=[^\\s]*\\d)(?=[^\\s]*[a-z])[^\\s"']{8,}|[\\w+/=.-]{20,})`,
    'gi',
  ),
];

const HIDDEN = '[hidden]';
/** Ordinary texts contain shorter ones. */
const SHORTEST_SECRET = 8;
/** The longest first: one may be part of another. */
let known: readonly string[] = [];

/** Settings whose value is a secret. */
const SECRET_NAME = /TOKEN|SECRET|PASS(PHRASE|WORD)|ACCESS_KEY/;

/**
 * From now on {@link hideSecrets} and {@link hideKnown} hide the values of these settings, wherever
 * and however somebody quotes them. Every entry point calls this before anything else reads them.
 */
export function rememberSecrets(settings: Readonly<Record<string, unknown>>): void {
  const found = new Set(known);
  for (const [name, value] of Object.entries(settings)) {
    if (typeof value !== 'string') continue;
    // Each line and each part of an address: an error may quote any of them alone.
    const pairs = [...value.matchAll(/:\/\/([^\s/?#@]+)@/g)].map(([, pair = '']) => pair);
    const queries = [...value.matchAll(/[?&][\w-]*(?:token|jwt|secret|key|passw)[\w-]*=([^&#\s]+)/gi)];
    const secrets = [
      ...(SECRET_NAME.test(name) ? [value.trim(), ...value.split(/[\r\n]+/)] : []),
      ...pairs.flatMap((pair) => [pair, ...pair.split(':')]),
      ...queries.map(([, query = '']) => query),
    ];
    for (const secret of secrets.filter(({ length }) => length >= SHORTEST_SECRET))
      for (const form of [secret, encodeURIComponent(secret.toWellFormed())]) found.add(form);
  }
  known = [...found].toSorted((a, b) => b.length - a.length);
}

/**
 * An error's text fit for logs, records and people: one line, at most 300 characters, without
 * anything that looks like a secret.
 */
export function describeError(error: unknown): string {
  const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return hideSecrets(text).replaceAll(/\s+/g, ' ').slice(0, 300);
}

/**
 * The text without anything that looks like a secret or is a secret of the settings. Names of
 * settings stay.
 */
export function hideSecrets(text: string): string {
  return SECRETS.reduce((clean, pattern) => clean.replaceAll(pattern, `$<kept>${HIDDEN}`), hideKnown(text));
}

/** Without the secrets of the settings; what only looks like a secret stays. */
export function hideKnown(text: string): string {
  return known.reduce((clean, secret) => clean.replaceAll(secret, HIDDEN), text);
}
