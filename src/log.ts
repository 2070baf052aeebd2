/** One JSON object a line; never tokens, keys or payloads. */
import type { LogLevel } from './config.ts';

export interface Log {
  debug(event: string, fields?: Fields): void;
  info(event: string, fields?: Fields): void;
  warn(event: string, fields?: Fields): void;
  error(event: string, fields?: Fields): void;
}

type Fields = Readonly<Record<string, string | number | boolean | null | undefined>>;
const RANK: Record<LogLevel, number> = { debug: 0, info: 1, warn: 2, error: 3, silent: 4 };

export function createLog(level: LogLevel, write: (line: string) => void): Log {
  const at =
    (own: Exclude<LogLevel, 'silent'>) =>
    (event: string, fields: Fields = {}): void => {
      if (RANK[own] >= RANK[level]) write(JSON.stringify({ level: own, event, ...fields }));
    };
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}

const SECRETS = [
  // Also behind a letter: the Bot API's addresses are /bot<token>/method.
  /\d{5,}:[A-Za-z0-9_-]{20,}/g,
  /AGE-SECRET-KEY-[A-Z0-9-]+/gi,
  /(bearer|token|secret|password)(["'=:\s]+)\S+/gi,
];

/** An error's text fit for logs, records and people: one line, at most 300 characters, without anything that looks like a secret. */
export function describeError(error: unknown): string {
  const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return hideSecrets(text).replaceAll(/\s+/g, ' ').slice(0, 300);
}

/** The text without anything that looks like a secret. */
export function hideSecrets(text: string): string {
  return SECRETS.reduce((clean, pattern) => clean.replaceAll(pattern, '[hidden]'), text);
}
