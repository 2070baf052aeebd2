/** Tells an unexpected error on the terminal: a sentence with a next step, no stack. Node only. */
import process from 'node:process';
import { inspect } from 'node:util';
import { visibleLines } from '../text/visible.ts';
import { explain } from './clock.ts';
import { hideSecrets } from './log.ts';
import { isGrammyError, isTokenRefused, TOKEN_REFUSED } from './token-refused.ts';

/** Of a call that never reached Telegram. */
export const UNREACHABLE =
  'Telegram cannot be reached: look at the network of this machine and at TELEGRAM_API_ROOT';

/** What to do when the operating system refuses. */
export const SYSTEM: Readonly<Record<string, string>> = {
  EACCES: 'give this user the right to it (chown, chmod)',
  EPERM: 'give this user the right to it (chown, chmod)',
  EROFS: 'the disk is mounted read-only: mount it writable, or use another place',
  ENOSPC: 'the disk is full: make room on it',
  EDQUOT: 'the quota of this user is used up: make room, or raise it',
  EIO: 'the disk cannot be read or written: look at the system log, and use another disk',
  ENOTDIR: 'a file stands where a directory is needed: move it away',
  EISDIR: 'a directory stands where a file is needed: move it away',
  ENOENT: 'make it, or correct the path in the settings',
};

/**
 * One line or more; without secrets, and with control characters made visible. With LOG_LEVEL=debug
 * the place follows.
 */
export function sentenceOf(error: unknown): string {
  const trace = process.env['LOG_LEVEL'] === 'debug' ? `\n${inspect(error)}` : '';
  return visibleLines(hideSecrets(words(error) + trace));
}

function words(error: unknown): string {
  if (error instanceof Error && error.name === 'HttpError') return `${UNREACHABLE}, then try again`;
  if (isGrammyError(error))
    return isTokenRefused(error)
      ? TOKEN_REFUSED
      : `Telegram refused ${error.method}: ${error.description}; try again, or look the words up in the Bot API`;
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (code === 'EADDRINUSE' && error instanceof Error && 'port' in error)
    return `port ${String(error.port)} is in use by another program (or by another start of this one): stop it, or set PORT`;
  const step = SYSTEM[code] ?? 'try again; if it comes again, LOG_LEVEL=debug shows where it happened';
  return `${explain(error)}: ${step}`;
}

/** From now on an uncaught error ends the process with 1 and a sentence. */
export function endOnSurprise(): void {
  process.on('uncaughtException', (error) => {
    console.error(`error: ${sentenceOf(error)}`);
    process.exit(1);
  });
}
