/** What a refusal of Telegram means for whoever sends to many chats. */
import { GrammyError, HttpError } from 'grammy';
import { describeError } from '../../log.ts';

export type SendFailure =
  /** Telegram asks to wait. */
  | { readonly kind: 'flood'; readonly seconds: number }
  /** He blocked the bot, deleted his account, or never started it: do not write to him again. */
  | { readonly kind: 'blocked' }
  /** The network, or Telegram's own servers: the message may have arrived, or not. */
  | { readonly kind: 'passing'; readonly reason: string }
  /** A group became a supergroup with another id. */
  | { readonly kind: 'moved'; readonly chatId: number }
  /** The message to be copied is gone. */
  | { readonly kind: 'sourceless'; readonly reason: string }
  | { readonly kind: 'refused'; readonly reason: string };

export function readSendFailure(error: unknown): SendFailure {
  if (error instanceof HttpError) return { kind: 'passing', reason: describeError(error) };
  if (!(error instanceof GrammyError)) throw error;
  const { error_code: code, description, parameters } = error;
  const reason = description.replace(/^(?:Bad Request|Forbidden): /, '').slice(0, 200);
  if (code === 429) return { kind: 'flood', seconds: parameters.retry_after ?? 1 };
  if (code >= 500) return { kind: 'passing', reason };
  if (parameters.migrate_to_chat_id !== undefined)
    return { kind: 'moved', chatId: parameters.migrate_to_chat_id };
  if (/blocked by the user|user is deactivated|can't initiate conversation/i.test(description))
    return { kind: 'blocked' };
  if (
    /message to (?:copy|forward) not found|message can't be copied|no messages to forward/i.test(description)
  )
    return { kind: 'sourceless', reason };
  return { kind: 'refused', reason };
}
