/**
 * Every kind of update, from anybody, in every kind of chat: no 5xx, no poison, no alert, and
 * nothing that is not theirs is changed.
 */
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { CALLBACK_SHAPES } from '../../src/bot/callback-data.ts';
import { all, sql } from '../../src/db/database.ts';
import { ownerNoticesJob } from '../../src/jobs/send-owner-notices.ts';
import { type AdminDesk, startDesk } from '../admin/support.ts';
import { addAnime } from '../support/catalogue.ts';

let desk: AdminDesk;
let update = 500_000;
/** Telegram's chats and people as updates name them. */
let places: Record<string, { id: number; type: string; title?: string; first_name?: string }>;
let people: Record<string, { id: number; is_bot: boolean; first_name: string; language_code?: string }>;

beforeEach(async () => {
  desk = await startDesk();
  const { file } = await desk.telegram.hold(() => desk.admin.send({ video: true }));
  desk.telegram.takeUpdates();
  await addAnime(desk.bot.db, { code: 12, title: 'Naruto', parts: [file?.fileId ?? ''] });
  const viewer = desk.telegram.person({ firstName: 'Ali' });
  await viewer.start();
  const group = desk.telegram.group({ title: 'Guruh' });
  const basic = desk.telegram.group({ title: 'Oddiy', basic: true });
  const foreign = desk.telegram.group({ title: 'Begona', bot: 'none' });
  const channel = desk.telegram.channel({ title: 'Kanal' });
  places = {
    'their own chat': { id: viewer.id, type: 'private', first_name: 'Ali' },
    'the admin’s chat': { id: desk.admin.id, type: 'private', first_name: 'Olim' },
    'a supergroup': { id: group.id, type: 'supergroup', title: 'Guruh' },
    'a group': { id: basic.id, type: 'group', title: 'Oddiy' },
    'a group without the bot': { id: foreign.id, type: 'supergroup', title: 'Begona' },
    'a channel': { id: channel.id, type: 'channel', title: 'Kanal' },
  };
  people = {
    'a viewer': { id: viewer.id, is_bot: false, first_name: 'Ali', language_code: 'uz' },
    'an admin': { id: desk.admin.id, is_bot: false, first_name: 'Olim' },
    'a bot': { id: 5, is_bot: true, first_name: 'Bot' },
    'nobody’s id': { id: -7, is_bot: false, first_name: '' },
  };
});
afterEach(() => desk.close());

const date = 1_764_000_000;
const named = (values: Record<string, object>) => Object.entries(values);
const bot = () => ({ id: desk.bot.services.me.id, is_bot: true, first_name: 'Bot' });

/** Posts it as Telegram does, and gives what the log says of it. */
async function outcomeOf(kind: string, content: object): Promise<unknown> {
  update += 1;
  desk.bot.advance(3_000);
  expect(await desk.bot.post(JSON.stringify({ update_id: update, [kind]: content })), kind).toBe(200);
  return lastOutcome();
}

const lastOutcome = (): unknown => desk.bot.log.filter(({ event }) => event === 'update').at(-1)?.['outcome'];

async function expectCalm(): Promise<void> {
  expect(await desk.rows('SELECT error AS error FROM failed_updates')).toEqual([]);
  expect(await desk.rows('SELECT detail AS detail FROM admin_notices')).toEqual([]);
  const before = desk.telegram.calls.length;
  await ownerNoticesJob.run(desk.bot.jobContext());
  expect(desk.telegram.calls.length).toBe(before);
}

/** Tables that only admins change. */
const GUARDED = [
  'admins',
  'anime',
  'anime_parts',
  'groups',
  'mandatory_channels',
  'anime_groups',
  'broadcasts',
  'postings',
  'drafts',
  'backup_requests',
  'admin_work',
  'audit_log',
];
async function guarded(): Promise<unknown> {
  return desk.bot.db.read(
    GUARDED.map((table) => all(sql(`SELECT COUNT(*) AS n FROM ${table}`), (row) => row.int('n'))),
  );
}

const CONTENT = {
  command: { text: '/start 12', entities: [{ type: 'bot_command', offset: 0, length: 6 }] },
  'admin command': { text: '/backup' },
  code: { text: '12' },
  text: { text: 'naruto' },
  photo: { photo: [{ file_id: 'x', file_unique_id: 'y', width: 1, height: 1 }], caption: '/add' },
  document: { document: { file_id: 'x', file_unique_id: 'y', file_name: 'old.json', file_size: 10 } },
  poll: { poll: { id: '1', question: 'x', options: [], is_closed: false } },
  topic: { text: '/help', message_thread_id: 7, is_topic_message: true },
  'topic made': { forum_topic_created: { name: 'x', icon_color: 1 }, message_thread_id: 7 },
  'by a business': { text: '12', business_connection_id: 'b1' },
  'through a bot': { text: '12', via_bot: { id: 5, is_bot: true, first_name: 'B' } },
  'of a channel': { text: '12', sender_chat: { id: -1009, type: 'channel', title: 'K' } },
  nothing: {},
} as const;

describe.each([
  'edited_message',
  'channel_post',
  'edited_channel_post',
  'business_message',
  'edited_business_message',
  'guest_message',
  'message',
])('%s', (kind) => {
  test('of anybody, anywhere, with anything', async () => {
    const before = await guarded();
    for (const [where, chat] of named(places))
      for (const [who, from] of named(people))
        for (const [what, content] of named(CONTENT)) {
          // An admin's own messages in the admin's own chat are work, and the admin's chat is
          // nobody else's.
          if (kind === 'message' && (where === 'the admin’s chat' || who === 'an admin')) continue;
          const message = { message_id: 9, date, edit_date: date, chat, from, ...content };
          const outcome = await outcomeOf(kind, message);
          const label = `${kind} of ${who} in ${where}: ${what}`;
          if (kind === 'message') expect(outcome, label).toMatch(/handled|ignored/);
          else expect(outcome, label).toBe('ignored');
        }
    expect(await guarded()).toEqual(before);
    await expectCalm();
  });
});

const MEMBERS = [
  { status: 'creator', is_anonymous: false },
  { status: 'administrator', can_be_edited: false, is_anonymous: false },
  { status: 'member' },
  { status: 'restricted', is_member: true, until_date: 0 },
  { status: 'restricted', is_member: false, until_date: 0 },
  { status: 'left' },
  { status: 'kicked', until_date: 0 },
  { status: 'a_status_of_next_year' },
];

describe.each(['my_chat_member', 'chat_member'])('%s', (kind) => {
  test('of every kind, in chats that the bot has no work in', async () => {
    const before = await guarded();
    for (const [where, chat] of named(places))
      for (const from of Object.values(people))
        for (const old of MEMBERS)
          for (const now of MEMBERS) {
            const user = kind === 'chat_member' ? people['a viewer'] : bot();
            const outcome = await outcomeOf(kind, {
              chat,
              from,
              date,
              old_chat_member: { user, ...old },
              new_chat_member: { user, ...now },
            });
            expect(outcome, `${where}: ${old.status} → ${now.status}`).toMatch(/handled|ignored/);
          }
    expect(await guarded()).toEqual(before);
    await expectCalm();
  });
});

describe('updates that the bot has no use for', () => {
  const user = () => people['a viewer'];
  const group = () => places['a supergroup'];
  const OTHERS: Record<string, () => object> = {
    business_connection: () => ({ id: 'b1', user: user(), user_chat_id: 1, date, is_enabled: true }),
    deleted_business_messages: () => ({ business_connection_id: 'b1', chat: group(), message_ids: [1] }),
    message_reaction: () => ({
      chat: group(),
      message_id: 1,
      user: user(),
      date,
      old_reaction: [],
      new_reaction: [{ type: 'emoji', emoji: '👍' }],
    }),
    message_reaction_count: () => ({ chat: group(), message_id: 1, date, reactions: [] }),
    poll: () => ({ id: '1', question: 'x', options: [], is_closed: true }),
    poll_answer: () => ({ poll_id: '1', user: user(), option_ids: [0] }),
    shipping_query: () => ({ id: '1', from: user(), invoice_payload: 'x', shipping_address: {} }),
    pre_checkout_query: () => ({
      id: '1',
      from: user(),
      currency: 'XTR',
      total_amount: 1,
      invoice_payload: 'x',
    }),
    purchased_paid_media: () => ({ from: user(), paid_media_payload: 'x' }),
    chosen_inline_result: () => ({ result_id: 'x', from: user(), query: '"' }),
    chat_join_request: () => ({ chat: group(), from: user(), user_chat_id: 1, date }),
    chat_boost: () => ({
      chat: group(),
      boost: { boost_id: '1', add_date: 1, expiration_date: 2, source: {} },
    }),
    removed_chat_boost: () => ({ chat: group(), boost_id: '1', remove_date: 1, source: {} }),
    managed_bot: () => ({ user: user(), bot: bot() }),
    subscription: () => ({ user: user() }),
    a_kind_of_next_year: () => ({ chat: group(), from: user() }),
  };

  test.each(Object.keys(OTHERS))('%s', async (kind) => {
    const before = await guarded();
    expect(await outcomeOf(kind, OTHERS[kind]?.() ?? {})).toMatch(/handled|ignored/);
    expect(await guarded()).toEqual(before);
    await expectCalm();
  });

  test('any fields of an update, missing or strange', async () => {
    const before = await guarded();
    const content = fc.constantFrom(...Object.values(CONTENT));
    const kinds = fc.constantFrom('edited_message', 'channel_post', ...Object.keys(OTHERS));
    const extra = fc.dictionary(
      fc.constantFrom('text', 'date', 'message_thread_id', 'entities', 'reply_to_message', 'user', 'query'),
      fc.oneof(fc.string(), fc.integer(), fc.constant({}), fc.constant([])),
    );
    await fc.assert(
      fc.asyncProperty(kinds, content, extra, async (kind, given, strange) => {
        if (kind === 'chat_join_request' || kind === 'chosen_inline_result') return;
        const chat = places['a supergroup'];
        update += 1;
        desk.bot.advance(3_000);
        const content = { chat, from: user(), ...given, ...strange };
        const status = await desk.bot.post(JSON.stringify({ update_id: update, [kind]: content }));
        // 400: a field of another type than Telegram's.
        expect([200, 400]).toContain(status);
        if (status === 200) expect(lastOutcome()).toBe('ignored');
      }),
      { numRuns: 200 },
    );
    expect(await guarded()).toEqual(before);
    await expectCalm();
  });
});

describe('presses', () => {
  const press = (from: object | undefined, data: string, message: object): Promise<unknown> =>
    outcomeOf('callback_query', { id: String(update), from, chat_instance: 'x', data, ...message });

  const TAGS = Object.entries(CALLBACK_SHAPES);
  test.each(TAGS)('%s, forged by a viewer, changes nothing of the admins', async (_, { tag, args }) => {
    const before = await guarded();
    const chat = places['their own chat'];
    const shown = { message: { message_id: 1, date, chat, from: bot(), text: 'x' } };
    for (const value of ['1', '0', '-1', 'x'])
      expect(await press(people['a viewer'], [tag, ...args.map(() => value)].join(':'), shown)).toMatch(
        /handled|ignored/,
      );
    expect(await guarded()).toEqual(before);
    await expectCalm();
  });

  test.each(TAGS)(
    '%s under a message that is not there any more, or of an inline query',
    async (_, { tag, args }) => {
      const data = [tag, ...args.map(() => '1')].join(':');
      const chat = places['their own chat'];
      for (const where of [{ message: { message_id: 1, date: 0, chat } }, { inline_message_id: 'abc' }, {}])
        expect(await press(people['a viewer'], data, where)).toMatch(/handled|ignored/);
      await expectCalm();
    },
  );
});

test('an admin’s commands in a burst, all at once: all answered, none a failure', async () => {
  const commands = Object.keys(
    (await import('../../src/locales/index.ts')).textsFor('uz').admin.system.commandList(),
  );
  await desk.telegram.hold(async () => {
    for (const command of [...commands, ...commands.toReversed()]) await desk.admin.send(`/${command}`);
  });
  await desk.telegram.deliver({ parallel: true, shuffle: 3 });
  const outcomes = desk.bot.log.filter(({ event }) => event === 'update').map(({ outcome }) => outcome);
  expect(outcomes.filter((outcome) => outcome !== 'handled' && outcome !== 'ignored')).toEqual([]);
  await expectCalm();
});
