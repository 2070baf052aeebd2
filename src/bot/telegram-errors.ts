/** What a refusal of Telegram means for whoever sends to many chats. */
import { GrammyError, HttpError } from 'grammy';
import { describeError } from '../lib/log.ts';

export type SendFailure =
  /** Telegram asks to wait. */
  | { readonly kind: 'flood'; readonly seconds: number }
  /** 403: blocked, deleted, never started, or not allowed to write there: do not try again. */
  | { readonly kind: 'blocked'; readonly reason: string }
  /** The network, or Telegram's own servers: the message may have arrived, or not. */
  | { readonly kind: 'passing'; readonly reason: string }
  /** The message to be copied is gone. */
  | { readonly kind: 'sourceless'; readonly reason: string }
  | { readonly kind: 'refused'; readonly reason: string };

/** What is stored of a message is not enough to send it: no chat gets it. */
export class NoSource extends Error {
  override readonly name = 'NoSource';
}

export function readSendFailure(error: unknown): SendFailure {
  if (error instanceof NoSource) return { kind: 'sourceless', reason: error.message };
  if (error instanceof HttpError) return { kind: 'passing', reason: describeError(error) };
  if (!(error instanceof GrammyError)) throw error;
  const { error_code: code, description, parameters, method } = error;
  const reason = description.replace(/^(?:Bad Request|Forbidden): /, '').slice(0, 200);
  if (code === 429) return { kind: 'flood', seconds: parameters.retry_after ?? 1 };
  if (code >= 500) return { kind: 'passing', reason };
  if (code === 403) return { kind: 'blocked', reason };
  // Where the words name the message, no chat will get it; anything else is this chat's refusal.
  const isSource =
    method.startsWith('copyMessage') && /\bto (?:copy|forward)\b|be copied|MESSAGE_ID/i.test(description);
  return { kind: isSource ? 'sourceless' : 'refused', reason };
}

/** Faults of the network or of Telegram's servers, and floods. Our own bugs do not pass. */
export function isPassing(error: unknown): boolean {
  if (error instanceof HttpError) return true;
  return error instanceof GrammyError && (error.error_code === 429 || error.error_code >= 500);
}
