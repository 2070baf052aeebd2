/** Whether the bot may do its work in a chat, told by Telegram or asked of it. */
import { type Api, GrammyError } from 'grammy';
import type { ChatMember, UserFromGetMe } from 'grammy/types';
import { type ChatUse, chatJudged } from '../db/chat-uses.ts';
import type { Statement } from '../db/database.ts';

/** In Telegram's own words, as a refusal would say it later; undefined: nothing is in the way. */
export function standingTrouble(kind: ChatUse['kind'], me: ChatMember): string | undefined {
  const isIn = me.status === 'restricted' ? me.is_member : me.status !== 'left' && me.status !== 'kicked';
  if (!isIn) return 'bot is not a member of the chat';
  if (kind === 'archive') return archiveTrouble(me);
  // Only in channels is this right told, true or false.
  if (me.status === 'administrator')
    return kind === 'group' && me.can_post_messages === false ? 'no right to post messages' : undefined;
  if (kind === 'channel') return me.status === 'creator' ? undefined : 'need administrator rights';
  return me.status === 'restricted' && !me.can_send_messages ? 'no right to send messages' : undefined;
}

/** Copies are posted there, and forwards deleted. */
function archiveTrouble(me: ChatMember): string | undefined {
  if (me.status !== 'administrator') return 'need administrator rights';
  if (me.can_post_messages !== true) return 'no right to post messages';
  return me.can_delete_messages ? undefined : 'no right to delete messages';
}

/** One call. What fails for Telegram's own sake says nothing of the chat. */
export async function lookAtChat(
  { api, me, now }: { readonly api: Api; readonly me: UserFromGetMe; readonly now: () => Date },
  use: ChatUse,
): Promise<{ readonly trouble: string | undefined; readonly statements: readonly Statement[] }> {
  let trouble: string | undefined;
  try {
    trouble = standingTrouble(use.kind, await api.getChatMember(use.chat, me.id));
  } catch (error) {
    const isAnswer = error instanceof GrammyError && (error.error_code === 400 || error.error_code === 403);
    if (!isAnswer) return { trouble, statements: [] };
    trouble = error.description;
  }
  return { trouble, statements: chatJudged(use, trouble, now()) };
}
