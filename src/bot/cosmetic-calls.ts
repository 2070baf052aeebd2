/** Calls whose failure never decides a turn: what the person wanted does not depend on them. */
import type { Api, Transformer } from 'grammy';
import { describeError, type Log } from '../lib/log.ts';

/**
 * Late answers to presses and inline queries ("query is too old", after any outage), a chat action,
 * a message that is to go, the menu and the description of the bot. The bot never asks for the
 * result of one of these.
 */
const COSMETIC: ReadonlySet<string> = new Set<keyof Api['raw']>([
  'answerCallbackQuery',
  'answerInlineQuery',
  'deleteMessage',
  'sendChatAction',
  'setMyCommands',
  'setMyDescription',
  'setMyShortDescription',
]);

/** Telegram's answer to an edit that changes nothing. */
const UNCHANGED = /message is not modified/;

/** Whether the call's failure is nobody's trouble; then it is not worth a wait either. */
export function isCosmetic(method: string): boolean {
  return COSMETIC.has(method);
}

/**
 * Turns a failed cosmetic call into a successful one, and logs it; an edit that changes nothing
 * counts as done.
 */
export function forgiveCosmetic(log: Pick<Log, 'warn'>): Transformer {
  return async (call, method, payload, signal) => {
    try {
      const answer = await call(method, payload, signal);
      if (answer.ok || !isForgiven(method, answer.description)) return answer;
      if (isCosmetic(method)) log.warn('cosmetic call failed', { method, error: answer.description });
    } catch (error) {
      if (!isCosmetic(method)) throw error;
      log.warn('cosmetic call failed', { method, error: describeError(error) });
    }
    // The type of the result depends on the method; of these methods it is `true`, or not looked
    // at.
    return { ok: true, result: true as never };
  };
}

function isForgiven(method: string, description: string): boolean {
  return isCosmetic(method) || (method.startsWith('editMessage') && UNCHANGED.test(description));
}
