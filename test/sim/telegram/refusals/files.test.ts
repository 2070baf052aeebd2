import { type Case, describeRefusals } from './refusal-scene.ts';

const files: Case[] = [
  [
    'no file',
    'Bad Request: there is no photo in the request',
    ({ call: doCall, viewer }) => doCall('sendPhoto', { chat_id: viewer.id }),
  ],
  [
    'made-up id',
    /wrong remote file identifier specified/i,
    ({ call: doCall, viewer }) => doCall('sendPhoto', { chat_id: viewer.id, photo: 'AgACAgIAAxkBAAI' }),
  ],
  [
    'id of another bot',
    'Bad Request: wrong file identifier/HTTP URL specified',
    ({ telegram, call: doCall, viewer }) =>
      doCall('sendVideo', { chat_id: viewer.id, video: telegram.foreignFileId('video') }),
  ],
  [
    'video as photo',
    "Bad Request: can't use file of type Video as Photo",
    async ({ call: doCall, viewer, fileId }) =>
      doCall('sendPhoto', { chat_id: viewer.id, photo: await fileId('video') }),
  ],
  [
    'photo as document',
    "Bad Request: can't use file of type Photo as Document",
    async ({ call: doCall, viewer, fileId }) =>
      doCall('sendDocument', { chat_id: viewer.id, document: await fileId('photo') }),
  ],
  [
    'document as video',
    'Bad Request: type of file mismatch',
    async ({ call: doCall, viewer, fileId }) =>
      doCall('sendVideo', { chat_id: viewer.id, video: await fileId('document') }),
  ],
  [
    'animation as video in an edit',
    'Bad Request: type of file mismatch',
    async ({ call: doCall, viewer, photo, fileId }) =>
      doCall('editMessageMedia', {
        chat_id: viewer.id,
        message_id: await photo(),
        media: { type: 'video', media: await fileId('animation') },
      }),
  ],
  [
    'unique id in place of an id',
    /wrong remote file identifier/i,
    async ({ call: doCall, viewer }) =>
      doCall('sendVideo', { chat_id: viewer.id, video: (await viewer.send({ video: true })).file?.uniqueId }),
  ],
  [
    'url',
    'Bad Request: failed to get HTTP URL content',
    ({ call: doCall, viewer }) =>
      doCall('sendPhoto', { chat_id: viewer.id, photo: 'https://example.com/a.jpg' }),
  ],
  ['getFile without id', 'Bad Request: file_id not specified', ({ call: doCall }) => doCall('getFile', {})],
  [
    'getFile over 20 MB',
    'Bad Request: file is too big',
    async ({ call: doCall, viewer }) => {
      const sent = await viewer.send({ document: { name: 'a.db', size: 20 * 1024 * 1024 + 1 } });
      return doCall('getFile', { file_id: sent.file?.fileId });
    },
  ],
];

describeRefusals('files', files);
