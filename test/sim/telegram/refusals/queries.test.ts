import { type Case, describeRefusals, type Scene } from './refusal-scene.ts';

const TOO_OLD = 'Bad Request: query is too old and response timeout expired or query ID is invalid';

const queries: Case[] = [
  [
    'unknown callback',
    TOO_OLD,
    ({ call: doCall }) => doCall('answerCallbackQuery', { callback_query_id: '1' }),
  ],
  [
    'answered twice',
    TOO_OLD,
    async (s) => {
      const callback_query_id = await pressed(s);
      await s.call('answerCallbackQuery', { callback_query_id });
      return s.call('answerCallbackQuery', { callback_query_id });
    },
  ],
  [
    'answered too late',
    TOO_OLD,
    async (s) => {
      const callback_query_id = await pressed(s);
      s.advance(16);
      return s.call('answerCallbackQuery', { callback_query_id });
    },
  ],
  [
    'answer of 201',
    'Bad Request: MESSAGE_TOO_LONG',
    async (s) =>
      s.call('answerCallbackQuery', { callback_query_id: await pressed(s), text: 'a'.repeat(201) }),
  ],
  [
    'answer with a foreign url',
    'Bad Request: URL_INVALID',
    async (s) =>
      s.call('answerCallbackQuery', { callback_query_id: await pressed(s), url: 'https://example.com' }),
  ],
  [
    '51 inline results',
    'Bad Request: too many inline query results specified',
    ({ call: doCall }) =>
      doCall('answerInlineQuery', {
        inline_query_id: '1',
        results: Array.from({ length: 51 }, (_, i) => article(`${i}`)),
      }),
  ],
  [
    'inline id twice',
    'Bad Request: RESULT_ID_DUPLICATE',
    ({ call: doCall }) =>
      doCall('answerInlineQuery', { inline_query_id: '1', results: [article('1'), article('1')] }),
  ],
  [
    'inline id of 65 bytes',
    'Bad Request: RESULT_ID_INVALID',
    ({ call: doCall }) =>
      doCall('answerInlineQuery', { inline_query_id: '1', results: [article('a'.repeat(65))] }),
  ],
  [
    'article without content',
    /Input message content is not specified/,
    ({ call: doCall }) =>
      doCall('answerInlineQuery', {
        inline_query_id: '1',
        results: [{ type: 'article', id: '1', title: 'a' }],
      }),
  ],
  [
    'bad html in an inline result',
    /can't parse entities/,
    ({ call: doCall }) =>
      doCall('answerInlineQuery', {
        inline_query_id: '1',
        results: [{ ...article('1'), input_message_content: { message_text: '<p>', parse_mode: 'HTML' } }],
      }),
  ],
  [
    'inline photo of another kind',
    'Bad Request: type of file mismatch',
    async ({ call: doCall, fileId }) =>
      doCall('answerInlineQuery', {
        inline_query_id: '1',
        results: [{ type: 'photo', id: '1', photo_file_id: await fileId('video') }],
      }),
  ],
  [
    'unknown inline query',
    TOO_OLD,
    ({ call: doCall }) => doCall('answerInlineQuery', { inline_query_id: '1', results: [] }),
  ],
];

const profile: Case[] = [
  [
    'bad command',
    'Bad Request: BOT_COMMAND_INVALID',
    ({ call: doCall }) =>
      doCall('setMyCommands', { commands: [{ command: 'Bosh sahifa', description: 'a' }] }),
  ],
  [
    'no description',
    'Bad Request: BOT_COMMAND_DESCRIPTION_INVALID',
    ({ call: doCall }) => doCall('setMyCommands', { commands: [{ command: 'start', description: '' }] }),
  ],
  [
    'short description of 121',
    'Bad Request: SHORT_DESCRIPTION_TOO_LONG',
    ({ call: doCall }) => doCall('setMyShortDescription', { short_description: 'a'.repeat(121) }),
  ],
  [
    'webhook over http',
    'Bad Request: bad webhook: An HTTPS URL must be provided for webhook',
    ({ call: doCall }) => doCall('setWebhook', { url: 'http://example.com/hook' }),
  ],
  [
    'webhook no url',
    'Bad Request: invalid webhook URL specified',
    ({ call: doCall }) => doCall('setWebhook', { url: 'hook' }),
  ],
  [
    'webhook secret',
    'Bad Request: secret token contains unallowed characters',
    ({ call: doCall }) => doCall('setWebhook', { url: 'https://example.com', secret_token: 'a b' }),
  ],
  ['unknown method', 'Not Found: method not found', ({ call: doCall }) => doCall('sendRocket', {}), 404],
];

function article(id: string): object {
  return { type: 'article', id, title: 'a', input_message_content: { message_text: 'a' } };
}

/** Presses a button and gives the query's id, unanswered. */
async function pressed({ telegram, viewer, text }: Scene): Promise<string> {
  const id = await text({ reply_markup: { inline_keyboard: [[{ text: 'a', callback_data: 'a' }]] } });
  telegram.takeUpdates();
  await viewer.press({ chatId: viewer.id, id }, 'a');
  return telegram.takeUpdates().at(-1)?.callback_query?.id ?? '';
}

describeRefusals('queries', queries);
describeRefusals('profile and webhook', profile);
