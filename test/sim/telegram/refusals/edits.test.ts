import { messageId } from '../call.ts';
import { type Case, describeRefusals } from './refusal-scene.ts';

const NOT_MODIFIED =
  'Bad Request: message is not modified: specified new message content and reply markup are exactly the same as a current content and reply markup of the message';

const edits: Case[] = [
  [
    'text of a photo',
    'Bad Request: there is no text in the message to edit',
    async ({ call: doCall, viewer, photo }) =>
      doCall('editMessageText', { chat_id: viewer.id, message_id: await photo(), text: 'y' }),
  ],
  [
    'caption of a text',
    'Bad Request: there is no caption in the message to edit',
    async ({ call: doCall, viewer, text }) =>
      doCall('editMessageCaption', { chat_id: viewer.id, message_id: await text(), caption: 'y' }),
  ],
  [
    'same text',
    NOT_MODIFIED,
    async ({ call: doCall, viewer, text }) =>
      doCall('editMessageText', { chat_id: viewer.id, message_id: await text(), text: ' x ' }),
  ],
  [
    'same text and keyboard',
    NOT_MODIFIED,
    async ({ call: doCall, viewer, text }) => {
      const reply_markup = { inline_keyboard: [[{ text: 'a', callback_data: 'a' }]] };
      const message_id = await text({ reply_markup });
      return doCall('editMessageText', { chat_id: viewer.id, message_id, text: 'x', reply_markup });
    },
  ],
  [
    'same caption',
    NOT_MODIFIED,
    async ({ call: doCall, viewer, photo }) =>
      doCall('editMessageCaption', {
        chat_id: viewer.id,
        message_id: await photo({ caption: 'c' }),
        caption: 'c',
      }),
  ],
  [
    'same media',
    NOT_MODIFIED,
    async ({ call: doCall, viewer, fileId }) => {
      const media = await fileId('video');
      const message_id = messageId(await doCall('sendVideo', { chat_id: viewer.id, video: media }));
      return doCall('editMessageMedia', { chat_id: viewer.id, message_id, media: { type: 'video', media } });
    },
  ],
  [
    'no keyboard to none',
    NOT_MODIFIED,
    async ({ call: doCall, viewer, text }) =>
      doCall('editMessageReplyMarkup', { chat_id: viewer.id, message_id: await text() }),
  ],
  [
    'missing message',
    'Bad Request: message to edit not found',
    ({ call: doCall, viewer }) =>
      doCall('editMessageText', { chat_id: viewer.id, message_id: 999_999, text: 'y' }),
  ],
  [
    'deleted message',
    'Bad Request: message to edit not found',
    async ({ call: doCall, viewer, text }) => {
      const message_id = await text();
      viewer.delete({ chatId: viewer.id, id: message_id });
      return doCall('editMessageText', { chat_id: viewer.id, message_id, text: 'y' });
    },
  ],
  [
    "a person's message",
    "Bad Request: message can't be edited",
    async ({ call: doCall, viewer }) =>
      doCall('editMessageText', { chat_id: viewer.id, message_id: (await viewer.send('a')).id, text: 'y' }),
  ],
  [
    'a message with a reply keyboard',
    "Bad Request: message can't be edited",
    async ({ call: doCall, viewer, text }) =>
      doCall('editMessageText', {
        chat_id: viewer.id,
        message_id: await text({ reply_markup: { keyboard: [[{ text: 'a' }]] } }),
        text: 'y',
      }),
  ],
  [
    'a forwarded message',
    "Bad Request: message can't be edited",
    async ({ call: doCall, viewer, text }) => {
      const forwarded = { chat_id: viewer.id, from_chat_id: viewer.id, message_id: await text() };
      const message_id = messageId(await doCall('forwardMessage', forwarded));
      return doCall('editMessageText', { chat_id: viewer.id, message_id, text: 'y' });
    },
  ],
  [
    'reply keyboard in an edit',
    'Bad Request: inline keyboard expected',
    async ({ call: doCall, viewer, text }) =>
      doCall('editMessageText', {
        chat_id: viewer.id,
        message_id: await text(),
        text: 'y',
        reply_markup: { keyboard: [] },
      }),
  ],
  [
    'media of an unknown type',
    /type "sticker" is unsupported/,
    async ({ call: doCall, viewer, photo }) =>
      doCall('editMessageMedia', {
        chat_id: viewer.id,
        message_id: await photo(),
        media: { type: 'sticker', media: 'a' },
      }),
  ],
  [
    'unknown inline message',
    'Bad Request: MESSAGE_ID_INVALID',
    ({ call: doCall }) => doCall('editMessageText', { inline_message_id: 'nope', text: 'y' }),
  ],
];

describeRefusals('edits', edits);
