import type { BotCommand } from 'grammy/types';
import { resolveChat } from '../access.ts';
import { badRequest } from '../api-errors.ts';
import { type Args, isObject, stringField } from '../args.ts';
import type { World } from '../world.ts';
import type { Method } from './method.ts';

/** Commands in one scope and language (Bot API, setMyCommands). */
const COMMANDS_MAX = 100;

export const profileMethods: Record<string, Method> = {
  getMe: ({ world }) => world.bot,
  setMyCommands: ({ world, args }) => {
    world.profile.set(commandsKey(world, args), commands(args));
    return true;
  },
  setMyDescription: ({ world, args }) => setText(world, args, 'description', 512),
  getMyDescription: ({ world, args }) => getText(world, args, 'description'),
  setMyShortDescription: ({ world, args }) => setText(world, args, 'short_description', 120),
  getMyShortDescription: ({ world, args }) => getText(world, args, 'short_description'),
};

/** A private chat's commands: its own scope before wider ones, the person's language first. */
export function commandsFor(world: World, userId: number, language: string | undefined): BotCommand[] {
  for (const scope of [`chat ${userId}`, 'all_private_chats', 'default']) {
    for (const code of language === undefined ? [''] : [language, '']) {
      const found = world.profile.get(`commands ${scope} ${code}`);
      if (Array.isArray(found)) return found;
    }
  }
  return [];
}

function commandsKey(world: World, args: Args): string {
  const scope = args.json('scope', 'BotCommandScope');
  const language = args.text('language_code');
  if (language !== '' && !/^[a-z]{2}$/.test(language)) throw badRequest('BOT_COMMAND_LANGUAGE_INVALID');
  if (scope === undefined) return `commands default ${language}`;
  if (!isObject(scope)) throw badRequest("Can't parse BotCommandScope: BotCommandScope must be an Object");
  const type = stringField(scope, 'type') ?? '';
  if (type === 'chat' || type === 'chat_administrators' || type === 'chat_member') {
    const chat = resolveChat(world, stringField(scope, 'chat_id') ?? '');
    return `commands ${type} ${chat.id} ${language}`;
  }
  if (!['default', 'all_private_chats', 'all_group_chats', 'all_chat_administrators'].includes(type)) {
    throw badRequest("Can't parse BotCommandScope: Unsupported type specified");
  }
  return `commands ${type} ${language}`;
}

function commands(args: Args): BotCommand[] {
  const list = args.json('commands', 'commands');
  if (!Array.isArray(list)) throw badRequest('Expected an Array of BotCommand');
  if (list.length > COMMANDS_MAX) throw badRequest('BOT_COMMANDS_TOO_MUCH');
  return list.map((item) => {
    if (!isObject(item)) throw badRequest("Can't parse BotCommand: expected an Object");
    const command = (stringField(item, 'command') ?? '').replace(/^\//, '');
    const description = stringField(item, 'description') ?? '';
    if (!/^[a-z0-9_]{1,32}$/.test(command)) throw badRequest('BOT_COMMAND_INVALID');
    if (description.trim() === '' || description.length > 256)
      throw badRequest('BOT_COMMAND_DESCRIPTION_INVALID');
    return { command, description };
  });
}

function setText(world: World, args: Args, field: string, max: number): true {
  const text = args.text(field);
  if (text.length > max) throw badRequest(`${field.toUpperCase()}_TOO_LONG`);
  world.profile.set(`${field} ${args.text('language_code')}`, text);
  return true;
}

function getText(world: World, args: Args, field: string): Record<string, unknown> {
  return { [field]: world.profile.get(`${field} ${args.text('language_code')}`) ?? '' };
}
