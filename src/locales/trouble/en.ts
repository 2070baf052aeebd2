import type { TroubleCode } from './say.ts';

export const en: Readonly<Record<TroubleCode, string>> = {
  'no-chat': 'Telegram did not find this chat',
  'not-there': 'the bot is not there',
  'no-members': 'the bot cannot see who has joined: make it an administrator',
  'no-rights': 'the bot lacks a right',
  blocked: 'the user has blocked the bot',
  'no-user': 'Telegram did not find this user',
  flood: 'Telegram asked to wait',
  'wrong-kind': 'the file is of another kind',
  'wrong-file': 'the file is another bot’s, or was deleted',
  moved: 'the ID of the group has changed',
  'no-copy': 'the message was deleted, or may not be copied',
  trashed: 'the anime is in the trash',
  'topic-closed': 'the topic in the group is closed',
  'wrong-token': 'the bot’s token is wrong',
  'token-shared': 'another program uses the bot’s token, too',
  'webhook-removed': 'another program removed the webhook; it is set again',
  'webhook-none': 'no webhook is set',
  'webhook-answer': 'the server answered with an error',
  'webhook-closed': 'Telegram could not connect to the server',
  'no-answer': 'Telegram did not answer',
};
