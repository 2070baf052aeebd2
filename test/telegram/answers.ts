/** Which messages ask for an answer, and whether each of them has one of its own in the chat. */
import type { Update } from 'grammy/types';
import type { Telegram } from '../../sim/telegram/telegram.ts';

export interface Duty {
  readonly messageId: number;
  readonly asked: string;
  /** What an answer to it looks like; left out, anything the bot says. */
  readonly answer: RegExp | undefined;
}

/** Where one must join first, or has asked too often. */
const INSTEAD = /^(🔒|❗️|Juda tez-tez)/u;
/** Said for whatever was asked before it. */
export const LATE = /^Telegram’dagi uzilish/u;
/** What comes unasked. */
const UNASKED = /^(Xabar \d|🔔|⚠️|⏳|🔇|🔴)/u;

/** What this person wrote to the bot, as far as it is to be answered. */
export function dutyOf({ message }: Update, personId: number): Duty[] {
  if (message?.chat.type !== 'private' || message.chat.id !== personId) return [];
  const asked = message.text ?? '';
  // The parts of a burst are answered together.
  if (message.video !== undefined) return [];
  return [{ messageId: message.message_id, asked, answer: answerTo(asked) }];
}

function answerTo(asked: string): RegExp | undefined {
  const code = /^(?:\/start )?(\d+)$/.exec(asked)?.[1];
  if (code !== undefined) return new RegExp(`Kod: ${code}\\b|^${code} kodli`, 'u');
  return asked.startsWith('qxjz') ? new RegExp(asked, 'u') : undefined;
}

export interface Said {
  readonly id: number;
  readonly text: string;
}

/** What the bot sent to a chat, as it was sent: presses turn it into other screens later. */
export function saidTo({ calls }: Telegram, chatId: number): Said[] {
  return calls.flatMap(({ method, params, answer }) => {
    if (!method.startsWith('send') || Number(params['chat_id']) !== chatId) return [];
    if (typeof answer !== 'object' || answer === null || !('message_id' in answer)) return [];
    const text = 'text' in answer ? answer.text : 'caption' in answer ? answer.caption : '';
    return [{ id: Number(answer.message_id), text: String(text) }];
  });
}

/** One sentence for each that has no answer of its own, however the answers are dealt out. */
export function answersTo(duties: readonly Duty[], messages: readonly Said[]): string[] {
  const late = messages.findLast(({ text }) => LATE.test(text))?.id ?? 0;
  const free = messages.filter(({ text }) => !UNASKED.test(text) && !LATE.test(text));
  const fits = ({ messageId, answer }: Duty, { id, text }: Said): boolean =>
    id > messageId && (answer === undefined || answer.test(text) || INSTEAD.test(text));
  const owners = new Map<Said, Duty>();
  /** Gives the duty a message, moving others to another one of theirs (Kuhn's matching). */
  const deal = (duty: Duty, tried: Set<Said>): boolean => {
    for (const message of free) {
      if (tried.has(message) || !fits(duty, message)) continue;
      tried.add(message);
      const owner = owners.get(message);
      if (owner !== undefined && !deal(owner, tried)) continue;
      owners.set(message, duty);
      return true;
    }
    return false;
  };
  return duties
    .filter((duty) => duty.messageId > late && !deal(duty, new Set()))
    .map(({ asked, messageId }) => `no answer to ${JSON.stringify(asked)} (message ${messageId})`);
}
