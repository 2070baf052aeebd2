import { type Case, describeRefusals, html, photoWith, send } from './refusal-scene.ts';

const texts: Case[] = [
  ['no text', 'Bad Request: message text is empty', send('')],
  ['only white space', 'Bad Request: text must be non-empty', send(' \n ')],
  ['only empty tags', 'Bad Request: text must be non-empty', html('<b> </b>')],
  ['4097 units', 'Bad Request: message is too long', send('a'.repeat(4097))],
  ['4097 units of pairs', 'Bad Request: message is too long', send(`${'😀'.repeat(2048)}a`)],
  ['4097 units after parsing', 'Bad Request: message is too long', html(`<b>${'a'.repeat(4096)}</b>&lt;`)],
  ['more than 32 KiB', 'Bad Request: text is too long', html(`<b>${'<i></i>'.repeat(5000)}a</b>`)],
  ['caption of 1025', 'Bad Request: message caption is too long', photoWith('a'.repeat(1025))],
  [
    'unsupported tag',
    'Bad Request: can\'t parse entities: Unsupported start tag "p" at byte offset 0',
    html('<p>a</p>'),
  ],
  [
    'open tag',
    'Bad Request: can\'t parse entities: Can\'t find end tag corresponding to start tag "b"',
    html('<b>a'),
  ],
  ['bad html in a caption', /can't parse entities: Unsupported start tag "br"/, photoWith('a<br>')],
  ['markdown', /not supported by the stand-in/, send('*a*', { parse_mode: 'MarkdownV2' })],
  ['unknown parse mode', 'Bad Request: unsupported parse_mode', send('a', { parse_mode: 'bbcode' })],
  [
    'entity outside',
    'Bad Request: ENTITY_BOUNDS_INVALID',
    send('abc', { entities: [{ type: 'bold', offset: 2, length: 2 }] }),
  ],
];

describeRefusals('texts', texts);
