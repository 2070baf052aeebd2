/**
 * Looks a chat up at Telegram before it is stored: its kind, the bot's rights there, and the link
 * by which people join. So nothing gets past that would fail a viewer later.
 */
import { type Api, GrammyError } from 'grammy';
import type { ChatFullInfo, ChatMember, Message, UserFromGetMe } from 'grammy/types';
import { standingTrouble } from '../../bot/chat-health.ts';
import { isRelayed, normaliseDigits } from '../../bot/incoming.ts';
import { isPassing } from '../../bot/telegram-errors.ts';
import type { ChatKind } from '../../db/groups.ts';

/** What the chat is for: to post in, to be a mandatory subscription, to keep copies of files. */
export type Purpose = 'group' | 'channel' | 'archive';

export interface FoundChat {
  readonly chatId: number;
  readonly name: string;
  readonly username: string | null;
  readonly kind: ChatKind;
  readonly link: string | null;
}

export type Refusal =
  | 'not-found'
  | 'not-a-chat'
  | 'not-there'
  | 'cannot-post'
  | 'not-admin'
  | 'no-link'
  | 'not-a-channel'
  | 'cannot-archive'
  | 'private-link';

export type Lookup =
  | { readonly ok: true; readonly chat: FoundChat }
  | { readonly ok: false; readonly why: Refusal; readonly name: string };

/** The chat a message names: a forwarded post, an id, @name or a link. Undefined: none. */
export function chatNamedBy(message: Message): number | string | undefined {
  const origin = message.forward_origin;
  if (origin?.type === 'channel') return origin.chat.id;
  if (origin?.type === 'chat') return origin.sender_chat.id;
  // A link inside somebody else's message is not what the admin chose.
  if (isRelayed(message)) return undefined;
  const text = normaliseDigits((message.text ?? '').trim());
  if (/^-?\d{5,16}$/.test(text))
    return text.startsWith('-') ? Number(text) : Number(`-100${text.replace(/^100(?=\d{10})/, '')}`);
  const inside = /^(?:https?:\/\/)?(?:t|telegram)\.me\/c\/(\d{5,13})(?:[/?]|$)/i.exec(text);
  if (inside !== null) return Number(`-100${inside[1]}`);
  if (isPrivateLink(text)) return text;
  const name =
    /^(?:@|(?:https?:\/\/)?(?:t|telegram)\.me\/(?:s\/)?|tg:\/\/resolve\?domain=)([A-Za-z]\w{3,31})(?:[/?&]|$)/i.exec(
      text,
    )?.[1];
  return name === undefined ? undefined : `@${name}`;
}

function isPrivateLink(text: string): boolean {
  return /(?:t|telegram)\.me\/(?:\+|joinchat\/)/i.test(text);
}

/** Three calls, or four when a link has to be made. */
export async function lookUpChat(
  bot: { readonly api: Api; readonly me: UserFromGetMe },
  wanted: number | string,
  purpose: Purpose,
  options: { readonly joinRequests?: boolean } = {},
): Promise<Lookup> {
  // Bots cannot see what is behind an invite link.
  if (typeof wanted === 'string' && isPrivateLink(wanted))
    return { ok: false, why: 'private-link', name: wanted };
  const refused = (why: Refusal, name = String(wanted)): Lookup => ({ ok: false, why, name });
  try {
    const chat = await bot.api.getChat(wanted);
    if (chat.type === 'private') return refused('not-a-chat', chat.first_name);
    // A group that became a supergroup tells its new id only to who looks inside.
    if (chat.type === 'group') await bot.api.getChatAdministrators(chat.id);
    const me = await bot.api.getChatMember(chat.id, bot.me.id);
    const problem = PROBLEMS[purpose](chat, me);
    if (problem !== undefined) return refused(problem, chat.title);
    const isJoined = purpose !== 'archive';
    const link = isJoined ? await linkOf(bot.api, chat, me, options.joinRequests === true) : null;
    // A mandatory channel without a link would be a button nobody can press.
    if (purpose === 'channel' && link === null) return refused('no-link', chat.title);
    const { id: chatId, title: name, type: kind } = chat;
    return { ok: true, chat: { chatId, name, username: chat.username ?? null, kind, link } };
  } catch (error) {
    if (!(error instanceof GrammyError) || isPassing(error)) throw error;
    const moved = error.parameters.migrate_to_chat_id;
    if (moved !== undefined) return lookUpChat(bot, moved, purpose, options);
    return refused(error.error_code === 403 ? 'not-there' : 'not-found');
  }
}

function postingProblem(chat: ChatFullInfo, me: ChatMember): Refusal | undefined {
  if (me.status === 'left' || me.status === 'kicked') return 'not-there';
  if (chat.type === 'channel')
    return me.status === 'administrator' && me.can_post_messages === true ? undefined : 'cannot-post';
  if (me.status === 'restricted') return me.is_member && me.can_send_messages ? undefined : 'cannot-post';
  return undefined;
}

/** getChatMember is sure only where the bot is an administrator (docs/platform-facts.md). */
function gateProblem(me: ChatMember): Refusal | undefined {
  if (me.status === 'left' || me.status === 'kicked') return 'not-there';
  return me.status === 'administrator' || me.status === 'creator' ? undefined : 'not-admin';
}

/** Only a channel is readable for years: in groups people write. */
function archiveProblem(chat: ChatFullInfo, me: ChatMember): Refusal | undefined {
  if (chat.type !== 'channel') return 'not-a-channel';
  if (me.status === 'left' || me.status === 'kicked') return 'not-there';
  return standingTrouble('archive', me) === undefined ? undefined : 'cannot-archive';
}

const PROBLEMS: Readonly<Record<Purpose, (chat: ChatFullInfo, me: ChatMember) => Refusal | undefined>> = {
  group: postingProblem,
  channel: (_, me) => gateProblem(me),
  archive: archiveProblem,
};

/** The public page, the link there is, or a new one; making one takes the right to invite. */
async function linkOf(
  api: Api,
  chat: ChatFullInfo,
  me: ChatMember,
  joinRequests: boolean,
): Promise<string | null> {
  if (!joinRequests && chat.username !== undefined) return `https://t.me/${chat.username}`;
  if (!joinRequests && chat.invite_link !== undefined) return chat.invite_link;
  if (me.status !== 'administrator' || !me.can_invite_users) return null;
  const made = await api.createChatInviteLink(chat.id, joinRequests ? { creates_join_request: true } : {});
  return made.invite_link;
}
