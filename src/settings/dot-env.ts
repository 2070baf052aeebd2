/** Reads `.env` into the environment, and tells what nobody would read of it. Node only. */
import { existsSync, lstatSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import process from 'node:process';
import { parseEnv } from 'node:util';
import { ConfigError } from './config.ts';
import { unreadLines } from './dot-env-lines.ts';
import { nearMisses, tellNearMiss } from './setting-names.ts';

/**
 * Values of the environment stay. Returns one sentence for each line that names a setting and sets
 * none, or another value than it shows.
 * @throws ConfigError when the file exists and is no text, or when a secret in it is such a value
 */
export function loadDotEnv(file = '.env', env: NodeJS.ProcessEnv = process.env): string[] {
  if (!existsSync(file)) {
    if (lstatSync(file, { throwIfNoEntry: false }) === undefined) return [];
    throw new ConfigError([
      `${file}: is a link to ${readlinkSync(file)}, which is not there: mount its disk`,
    ]);
  }
  const text = readEnvFile(file);
  // Where the environment has the setting, the file's line is not used.
  const unread = unreadLines(text, file).filter(({ name }) => env[name] === undefined);
  const refused = unread.filter(({ isSecret }) => isSecret);
  if (refused.length > 0) throw new ConfigError(refused.map(({ problem }) => problem));
  for (const [name, value] of Object.entries(parseEnv(text))) env[name] ??= value ?? '';
  return unread.map(({ problem }) => problem);
}

/**
 * Reads `.env`, and tells what in it and in the environment looks like a setting and is none.
 * @throws ConfigError
 */
export function environmentNotes(): string[] {
  const unread = loadDotEnv();
  return [...nearMisses(Object.keys(process.env)).map(tellNearMiss), ...unread];
}

/** The text of such a file. @throws ConfigError when it cannot be read or is no text */
export function readEnvFile(file: string): string {
  // Reading a pipe would never end.
  if (statSync(file, { throwIfNoEntry: false })?.isFile() === false)
    throw new ConfigError([`${file}: is no file (a directory, or a pipe): put a file in its place`]);
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(file));
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
    throw new ConfigError([
      code === 'ERR_ENCODING_INVALID_ENCODED_DATA'
        ? NO_TEXT(file)
        : `${file}: cannot be read (${code}); make it a file that this user may read`,
    ]);
  }
  if (text.includes('\0')) throw new ConfigError([NO_TEXT(file)]);
  return text;
}

const NO_TEXT = (file: string): string =>
  `${file}: is not UTF-8 text (some Windows programs write UTF-16); save it as UTF-8`;
