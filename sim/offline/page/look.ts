/** What the page shows of one person's Telegram, as JSON; answers when something changed. */

import { renderShown } from '../../telegram/render-html.ts';
import type { Person, Room, SeenMessage } from '../../telegram/start-telegram.ts';
import { isAdmin, isMember } from '../../telegram/state.ts';
import type { Telegram } from '../../telegram/telegram.ts';

/** Who one can be on the page. */
export interface Actor {
  person: Person;
  role: 'viewer' | 'admin';
  /** What to send first, as the empty chat offers it. */
  tries?: readonly string[];
}

/** Ids tell new messages from old ones; more than this are not counted. */
const COUNTED = 100;

export interface Question {
  telegram: Telegram;
  actors: readonly Actor[];
  /** Who looks. */
  actor: Actor;
  /** A room, or the person's own id: the chat with the bot. */
  chatId: number;
  /** Whether the page shows the log of calls. */
  wantsCalls: boolean;
}

export function look({ telegram, actors, actor, chatId, wantsCalls }: Question): object {
  const { person } = actor;
  const isBot = chatId === person.id;
  const messages = isBot ? person.messages() : telegram.room(chatId).messages();
  return {
    actors: actors.map((one) => ({
      id: one.person.id,
      name: one.person.user.first_name,
      role: one.role,
      tries: one.tries ?? [],
      isBlocking: one.person.isBlocking,
      incoming: incoming(one.person.messages(), one.person),
    })),
    chats: [
      botChat(telegram, person),
      ...telegram.rooms.map((room) => roomChat(room, person, telegram.botInfo.id)),
    ],
    messages: messages.map((message) => shown(telegram, message, person)),
    menu: isBot
      ? { about: person.about(), commands: person.commands(), replyKeyboard: person.replyKeyboard() }
      : { about: '', commands: [], replyKeyboard: [] },
    calls: { count: telegram.calls.length, latest: wantsCalls ? telegram.calls.slice(-100) : [] },
  };
}

function botChat(telegram: Telegram, person: Person): object {
  const messages = person.messages();
  return {
    id: person.id,
    kind: 'bot',
    title: telegram.botInfo.first_name,
    username: telegram.botInfo.username,
    mayWrite: !person.isBlocking,
    incoming: incoming(messages, person),
    last: lastOf(messages, person),
  };
}

function roomChat(room: Room, person: Person, botId: number): object {
  const messages = room.messages();
  const mine = room.state.members.get(botId);
  const { state, link } = room;
  return {
    id: room.id,
    kind: state.kind === 'channel' ? 'channel' : 'group',
    title: room.title,
    username: state.username,
    /** Every link that leads here: the link of a post in a private chat has its id without -100. */
    links: [link, ...state.inviteLinks.keys()].filter((one) => one !== undefined),
    mayWrite: person.mayWrite(room),
    mayManage: person.mayManage(room),
    isIn: person.isIn(room),
    bot: isAdmin(mine) ? 'admin' : isMember(mine) ? 'member' : 'out',
    incoming: incoming(messages, person),
    last: lastOf(messages, person),
  };
}

function isMine(message: SeenMessage, person: Person): boolean {
  return message.from?.id === person.id && !message.isFromBot;
}

function incoming(messages: readonly SeenMessage[], person: Person): number[] {
  return messages
    .filter((message) => !isMine(message, person))
    .slice(-COUNTED)
    .map(({ id }) => id);
}

function lastOf(messages: readonly SeenMessage[], person: Person): object | undefined {
  const last = messages.at(-1);
  if (last === undefined) return undefined;
  const text = last.text.replaceAll(/\s+/g, ' ').slice(0, 80);
  return { text, kind: last.kind, date: last.date, isMine: isMine(last, person) };
}

function shown(telegram: Telegram, message: SeenMessage, person: Person): object {
  const { id, chatId, kind, text, keyboard, date, edits, isProtected, isViaBot, file } = message;
  const stored = file === undefined ? undefined : telegram.file(file.uniqueId);
  return {
    id,
    chatId,
    kind,
    text,
    html: renderShown({ text, entities: message.entities }),
    keyboard,
    date,
    isEdited: edits > 0,
    isProtected,
    isViaBot,
    isMine: isMine(message, person),
    isFromBot: message.isFromBot,
    sender: message.from?.first_name,
    origin: writerOf(message),
    group: message.mediaGroupId,
    ...(file === undefined || stored === undefined
      ? {}
      : {
          file: {
            id: file.uniqueId,
            name: file.name,
            size: file.size,
            mime: file.mime,
            width: stored.width,
            height: stored.height,
            duration: stored.duration,
            href: file.bytes === undefined ? undefined : `/control/files/${file.uniqueId}`,
          },
        }),
  };
}

/** Of a forwarded message: its first author. */
function writerOf({ raw }: SeenMessage): string | undefined {
  const origin = 'forward_origin' in raw ? raw.forward_origin : undefined;
  if (origin === undefined) return undefined;
  if (origin.type === 'user') return origin.sender_user.first_name;
  if (origin.type === 'hidden_user') return origin.sender_user_name;
  const chat = origin.type === 'channel' ? origin.chat : origin.sender_chat;
  return chat.title ?? '';
}
