import { type Case, describeRefusals } from './refusal-scene.ts';

const chats: Case[] = [
  ['no chat id', 'Bad Request: chat_id is empty', ({ call: doCall }) => doCall('sendMessage', { text: 'x' })],
  [
    'unknown person',
    'Bad Request: chat not found',
    ({ call: doCall }) => doCall('sendMessage', { chat_id: 77, text: 'x' }),
  ],
  [
    'unknown username',
    'Bad Request: chat not found',
    ({ call: doCall }) => doCall('getChat', { chat_id: '@nobody_here' }),
  ],
  [
    'person who never started',
    'Bad Request: chat not found',
    ({ telegram, call: doCall }) => doCall('sendMessage', { chat_id: telegram.person().id, text: 'x' }),
  ],
  [
    'group mate who never started',
    "Forbidden: bot can't initiate conversation with a user",
    ({ telegram, call: doCall }) => {
      const stranger = telegram.person();
      telegram.group({ members: [stranger] });
      return doCall('sendMessage', { chat_id: stranger.id, text: 'x' });
    },
    403,
  ],
  [
    'blocked',
    'Forbidden: bot was blocked by the user',
    async ({ call: doCall, viewer }) => {
      await viewer.block();
      return doCall('sendMessage', { chat_id: viewer.id, text: 'x' });
    },
    403,
  ],
  [
    'deactivated',
    'Forbidden: user is deactivated',
    ({ call: doCall, viewer }) => {
      viewer.deactivate();
      return doCall('sendMessage', { chat_id: viewer.id, text: 'x' });
    },
    403,
  ],
  [
    'kicked from a group',
    'Forbidden: bot was kicked from the supergroup chat',
    async ({ telegram, call: doCall }) => {
      const group = telegram.group();
      await group.removeBot();
      return doCall('sendMessage', { chat_id: group.id, text: 'x' });
    },
    403,
  ],
  [
    'kicked from a channel',
    'Forbidden: bot was kicked from the channel chat',
    async ({ call: doCall, channel }) => {
      await channel.removeBot();
      return doCall('getChat', { chat_id: channel.id });
    },
    403,
  ],
  [
    'left a channel',
    'Forbidden: bot is not a member of the channel chat',
    async ({ call: doCall, channel }) => {
      await channel.demoteBot();
      return doCall('sendMessage', { chat_id: channel.id, text: 'x' });
    },
    403,
  ],
  [
    'never in a public channel',
    'Forbidden: bot is not a member of the channel chat',
    ({ telegram, call: doCall }) =>
      doCall('sendMessage', {
        chat_id: telegram.channel({ username: 'outside1', bot: 'none' }).id,
        text: 'x',
      }),
    403,
  ],
  [
    'never in a private channel',
    'Bad Request: chat not found',
    ({ telegram, call: doCall }) => doCall('getChat', { chat_id: telegram.channel({ bot: 'none' }).id }),
  ],
  [
    'no right to post',
    'Bad Request: need administrator rights in the channel chat',
    ({ telegram, call: doCall }) =>
      doCall('sendMessage', {
        chat_id: telegram.channel({ rights: { can_post_messages: false } }).id,
        text: 'x',
      }),
  ],
  [
    'upgraded group',
    'Bad Request: group chat was upgraded to a supergroup chat',
    async ({ telegram, call: doCall }) => {
      const group = telegram.group({ basic: true });
      await group.upgrade();
      return doCall('sendMessage', { chat_id: group.id, text: 'x' });
    },
  ],
  [
    'members of a channel from outside',
    'Bad Request: member list is inaccessible',
    ({ telegram, call: doCall, viewer }) =>
      doCall('getChatMember', {
        chat_id: telegram.channel({ username: 'outside2', bot: 'none' }).id,
        user_id: viewer.id,
      }),
  ],
  [
    'unknown member',
    'Bad Request: PARTICIPANT_ID_INVALID',
    ({ call: doCall, channel }) => doCall('getChatMember', { chat_id: channel.id, user_id: 1 }),
  ],
  [
    'no user id',
    'Bad Request: invalid user_id specified',
    ({ call: doCall, channel }) => doCall('getChatMember', { chat_id: channel.id }),
  ],
  [
    'administrators of a private chat',
    'Bad Request: there are no administrators in the private chat',
    ({ call: doCall, viewer }) => doCall('getChatAdministrators', { chat_id: viewer.id }),
  ],
  [
    'invite link without the right',
    'Bad Request: not enough rights to manage chat invite link',
    ({ telegram, call: doCall }) =>
      doCall('createChatInviteLink', {
        chat_id: telegram.channel({ rights: { can_invite_users: false } }).id,
      }),
  ],
];

describeRefusals('chats', chats);
