/** Telegram's word that it does not know the bot's token: it was revoked, or never was one. */
import type { GrammyError } from 'grammy';

export const TOKEN_REFUSED =
  'Telegram does not know this BOT_TOKEN: copy it again from @BotFather (npm run setup proves it)';

/** Of any call: 401, and 404 where it does not look like a token. */
export function isTokenRefused(error: unknown): boolean {
  return isGrammyError(error) && (error.error_code === 401 || error.error_code === 404);
}

/** Told by its name: a command that never talks to Telegram does without the library. */
export function isGrammyError(error: unknown): error is GrammyError {
  return error instanceof Error && error.name === 'GrammyError';
}
