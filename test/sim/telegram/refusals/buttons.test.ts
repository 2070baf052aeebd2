import { type Case, describeRefusals, keyboard, send } from './refusal-scene.ts';

const buttons: Case[] = [
  [
    'data of 65 bytes',
    'Bad Request: BUTTON_DATA_INVALID',
    keyboard({ text: 'a', callback_data: `${'ж'.repeat(32)}a` }),
  ],
  [
    'empty data',
    /Text buttons are unallowed in the inline keyboard/,
    keyboard({ text: 'a', callback_data: '' }),
  ],
  ['no action', /Text buttons are unallowed in the inline keyboard/, keyboard({ text: 'a' })],
  [
    'two actions',
    'Bad Request: BUTTON_TYPE_INVALID',
    keyboard({ text: 'a', callback_data: 'a', url: 'https://a.uz' }),
  ],
  ['no text', /Can't find field "text"/, keyboard({ callback_data: 'a' })],
  [
    'empty text',
    'Bad Request: inline keyboard button text must be non-empty',
    keyboard({ text: '', callback_data: 'a' }),
  ],
  [
    '101 buttons',
    'Bad Request: reply markup is too long',
    ({ call: doCall, viewer }) => {
      const inline_keyboard = Array.from({ length: 101 }, (_, i) => [
        { text: `${i}`, callback_data: `${i}` },
      ]);
      return doCall('sendMessage', { chat_id: viewer.id, text: 'x', reply_markup: { inline_keyboard } });
    },
  ],
  [
    'keyboard of one level',
    /must be an Array of Arrays/,
    send('x', { reply_markup: { inline_keyboard: [{ text: 'a' }] } }),
  ],
  [
    'markup no JSON',
    "Bad Request: can't parse reply keyboard markup JSON object",
    send('x', { reply_markup: '{' }),
  ],
  ['markup a list', 'Bad Request: object expected as reply markup', send('x', { reply_markup: [] })],
  ...(
    [
      [
        'localhost',
        "Bad Request: inline keyboard button URL 'http://localhost' is invalid: Wrong HTTP URL",
        'http://localhost',
      ],
      ['a word', "Bad Request: inline keyboard button URL 'kanal' is invalid: Wrong HTTP URL", 'kanal'],
      [
        'ftp',
        "Bad Request: inline keyboard button URL 'ftp://a.uz' is invalid: Unsupported URL protocol",
        'ftp://a.uz',
      ],
      ['javascript', /is invalid|BUTTON_URL_INVALID/, 'javascript:alert(1)'],
      ['no host', /URL host is empty/, 'https://'],
      ['username', /is invalid/, '@kanal'],
      ['space in host', 'Bad Request: BUTTON_URL_INVALID', 'https://exa mple.com'],
      ['number as top level', 'Bad Request: BUTTON_URL_INVALID', 'https://example.123'],
      ['tg link', /Unallowed characters in URL host/, 'tg://re solve'],
    ] as const
  ).map(([name, description, url]): Case => [`url: ${name}`, description, keyboard({ text: 'a', url })]),
  [
    'inline switch in a channel',
    /can't use switch_inline_query button in a channel chat/,
    ({ call: doCall, channel }) =>
      doCall('sendMessage', {
        chat_id: channel.id,
        text: 'x',
        reply_markup: { inline_keyboard: [[{ text: 'a', switch_inline_query: '' }]] },
      }),
  ],
  [
    'reply keyboard in a channel',
    'Bad Request: inline keyboard expected',
    ({ call: doCall, channel }) =>
      doCall('sendMessage', {
        chat_id: channel.id,
        text: 'x',
        reply_markup: { keyboard: [[{ text: 'a' }]] },
      }),
  ],
];

describeRefusals('buttons', buttons);
