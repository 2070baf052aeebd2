import { type Case, describeRefusals, send } from './refusal-scene.ts';

const removals: Case[] = [
  [
    'missing message',
    'Bad Request: message to delete not found',
    ({ call: doCall, viewer }) => doCall('deleteMessage', { chat_id: viewer.id, message_id: 999_999 }),
  ],
  [
    'no message id',
    'Bad Request: message identifier is not specified',
    ({ call: doCall, viewer }) => doCall('deleteMessage', { chat_id: viewer.id }),
  ],
  [
    'after 48 hours',
    "Bad Request: message can't be deleted for everyone",
    async ({ call: doCall, viewer, text, advance }) => {
      const message_id = await text();
      advance(48 * 3600 + 1);
      return doCall('deleteMessage', { chat_id: viewer.id, message_id });
    },
  ],
  [
    "a member's message without the right",
    "Bad Request: message can't be deleted",
    async ({ telegram, call: doCall, viewer }) => {
      const group = telegram.group({ members: [viewer] });
      const { id } = await viewer.send('/hi', { in: group });
      return doCall('deleteMessage', { chat_id: group.id, message_id: id });
    },
  ],
  [
    '101 ids',
    'Bad Request: too many message identifiers specified',
    ({ call: doCall, viewer }) =>
      doCall('deleteMessages', {
        chat_id: viewer.id,
        message_ids: Array.from({ length: 101 }, (_, i) => i + 1),
      }),
  ],
  [
    'reply to a missing message',
    'Bad Request: message to be replied not found',
    send('x', { reply_parameters: { message_id: 999_999 } }),
  ],
];

const copies: Case[] = [
  [
    'missing message',
    'Bad Request: message to copy not found',
    ({ call: doCall, viewer }) =>
      doCall('copyMessage', { chat_id: viewer.id, from_chat_id: viewer.id, message_id: 999_999 }),
  ],
  [
    'forward of a missing one',
    'Bad Request: message to forward not found',
    ({ call: doCall, viewer }) =>
      doCall('forwardMessage', { chat_id: viewer.id, from_chat_id: viewer.id, message_id: 999_999 }),
  ],
  [
    'protected',
    "Bad Request: message can't be copied",
    async ({ call: doCall, viewer, text }) =>
      doCall('copyMessage', {
        chat_id: viewer.id,
        from_chat_id: viewer.id,
        message_id: await text({ protect_content: true }),
      }),
  ],
  [
    'forward of a protected one',
    "Bad Request: message has protected content and can't be forwarded",
    async ({ call: doCall, viewer, text }) =>
      doCall('forwardMessage', {
        chat_id: viewer.id,
        from_chat_id: viewer.id,
        message_id: await text({ protect_content: true }),
      }),
  ],
  [
    'ids out of order',
    /strictly increasing order/,
    ({ call: doCall, viewer }) =>
      doCall('copyMessages', { chat_id: viewer.id, from_chat_id: viewer.id, message_ids: [2, 1] }),
  ],
  [
    'unknown source chat',
    'Bad Request: chat not found',
    ({ call: doCall, viewer }) =>
      doCall('copyMessage', { chat_id: viewer.id, from_chat_id: -5, message_id: 1 }),
  ],
];

describeRefusals('removals and replies', removals);
describeRefusals('copies', copies);
