/** Chats closed to the bot, files of no use, webhooks in the wrong place. */
import { expect, it } from 'vitest';
import { startTelegram } from '../../../../sim/telegram/start-telegram.ts';
import type { Closure } from '../../../../sim/telegram/state.ts';
import { type Case, describeRefusals, type Scene } from './refusal-scene.ts';

/** A call in a group that the bot is a member of. */
const inClosed =
  (closure: Closure, method: string, params: (scene: Scene) => object | Promise<object>) =>
  async (scene: Scene) => {
    const group = scene.telegram.group({ basic: closure === 'deleted', members: [scene.viewer] });
    group.close(closure);
    return scene.call(method, { chat_id: group.id, ...(await params(scene)) });
  };
const text = (): object => ({ text: 'x' });
const member = ({ viewer }: Scene): object => ({ user_id: viewer.id });
const photo = async ({ fileId }: Scene): Promise<object> => ({ photo: await fileId('photo') });

const SPOILED = [
  ['IMAGE_PROCESS_FAILED', 'IMAGE_PROCESS_FAILED'],
  ['MEDIA_EMPTY', 'MEDIA_EMPTY'],
  ['FILE_REFERENCE_EXPIRED', 'FILE_REFERENCE_EXPIRED'],
  ['Wrong type of the web page content', 'wrong type of the web page content'],
] as const;

const closed: Case[] = [
  ['hidden members', 'Bad Request: PARTICIPANT_ID_INVALID', inClosed('members', 'getChatMember', member)],
  [
    'their administrators',
    'Bad Request: CHAT_ADMIN_REQUIRED',
    inClosed('members', 'getChatAdministrators', () => ({})),
  ],
  ['a closed topic', 'Bad Request: TOPIC_CLOSED', inClosed('topic', 'sendMessage', text)],
  ['no writing', 'Bad Request: CHAT_WRITE_FORBIDDEN', inClosed('writing', 'sendMessage', text)],
  ['no photos', 'Bad Request: CHAT_SEND_PHOTOS_FORBIDDEN', inClosed('photos', 'sendPhoto', photo)],
  ...(['editMessageText', 'deleteMessage', 'deleteMessages'] as const).map(
    (method): Case => [
      `${method} in the chat of somebody who left Telegram`,
      'Forbidden: user is deactivated',
      async ({ viewer, call, text: sent }) => {
        const message_id = await sent();
        viewer.deactivate();
        return call(method, { chat_id: viewer.id, message_id, message_ids: [message_id], text: 'y' });
      },
      403,
    ],
  ),
  ['a deleted group', 'Forbidden: the group chat was deleted', inClosed('deleted', 'sendMessage', text), 403],
  ...SPOILED.map(
    ([words, told]): Case => [
      `a file: ${words}`,
      `Bad Request: ${told}`,
      async ({ telegram, viewer, call, fileId }) => {
        const id = await fileId('video');
        telegram.spoilFile(id, words);
        return call('sendVideo', { chat_id: viewer.id, video: id });
      },
    ],
  ),
  ...[
    ['http://bot.example.org/webhook', 'An HTTPS URL must be provided for webhook'],
    ['https://bot.example.org:8787/webhook', 'Webhook can be set up only on ports 80, 88, 443 or 8443'],
  ].map(
    ([url = '', words = '']): Case => [
      `a webhook at ${url}`,
      `Bad Request: bad webhook: ${words}`,
      ({ call }) => call('setWebhook', { url }),
    ],
  ),
];
describeRefusals('what is closed', closed);

it('an administrator is let in where members are not', async () => {
  const telegram = await startTelegram();
  const group = telegram.group({ bot: 'administrator' });
  group.close('members', 'topic', 'writing', 'photos');
  const answer = await fetch(
    `${telegram.apiRoot}/bot${telegram.token}/sendMessage?chat_id=${group.id}&text=x`,
  );
  expect(answer.status).toBe(200);
  await telegram.close();
});

it('an update comes again when the bot says so by Retry-After, an hour later at most', async () => {
  const telegram = await startTelegram();
  const waits = ['7', '99999'];
  telegram.connect(async () => {
    const wait = waits.shift();
    return new Response('', wait === undefined ? {} : { status: 429, headers: { 'retry-after': wait } });
  });
  const person = telegram.person();
  await telegram.hold(() => person.send('one'));
  expect((await telegram.deliver()).delays).toEqual([7_000, 3_600_000]);
  await telegram.close();
});
