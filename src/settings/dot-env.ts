/** Reads `.env` into the environment, and tells what nobody would read of it. Node only. */
import { existsSync, readFileSync, statSync } from 'node:fs';
import process from 'node:process';
import { parseEnv } from 'node:util';
import { ConfigError } from './config.ts';
import { nearMisses, SETTING_NAMES, tellNearMiss } from './setting-names.ts';

/**
 * Values of the environment stay. Returns one sentence for each line that names a setting and sets
 * none.
 * @throws ConfigError when the file exists and is no text
 */
export function loadDotEnv(file = '.env', env: NodeJS.ProcessEnv = process.env): string[] {
  if (!existsSync(file)) return [];
  const text = readEnvFile(file);
  const settings = parseEnv(text);
  for (const [name, value] of Object.entries(settings)) env[name] ??= value ?? '';
  return text.split('\n').flatMap((line, i) => {
    const name = /^\s*(?:export\s+|set\s+)?([^\s=:#'"`]+)/.exec(line)?.[1];
    if (name === undefined || name in settings || !isOurs(name)) return [];
    return [`${file} line ${i + 1}: ${name} has no = behind it, so the line sets nothing`];
  });
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

function isOurs(name: string): boolean {
  return SETTING_NAMES.includes(name) || nearMisses([name]).length > 0;
}
