/** Drafts outlive restarts, deploys, /cancel and other drafts, and what they cost is counted. */
import { afterEach, describe, expect, test } from 'vitest';
import { type Action, encodeAction } from '../../src/bot/callback-data.ts';
import { type AdminDesk, addByWizard, startDesk } from './support.ts';

let desk: AdminDesk;
afterEach(() => desk.close());

/** The wizard, one thing after another, with what is in the database after it. */
const STEPS: readonly (readonly [name: string, act: (desk: AdminDesk) => Promise<unknown>])[] = [
  ['begun', (at) => at.admin.send('/add')],
  ['description', (at) => at.admin.send({ photo: true, caption: 'Naruto\nbola' })],
  [
    'parts',
    async (at) => {
      for (let i = 0; i < 3; i++) await at.admin.send({ video: true });
      await at.later();
    },
  ],
  ['finished parts', (at) => at.press('✅ Tugatish (3)')],
  ['code', (at) => at.admin.send('41')],
  ['chat', (at) => at.press(/Kanal$/)],
  ['chats chosen', (at) => at.press('▶️ Davom etish')],
  ['title asked', (at) => at.press('✏️ Nomi')],
  ['title', (at) => at.admin.send('Naruto 2')],
  ['published', (at) => at.press('✅ Tayyor, qo‘shilsin')],
];

async function deskWithChannel(): Promise<AdminDesk> {
  const made = await startDesk();
  made.telegram.channel({ title: 'Kanal', username: 'kanal_bir' });
  await made.admin.send('/groups');
  await made.press('➕ Guruh yoki kanal qo‘shish');
  await made.admin.send('@kanal_bir');
  return made;
}

async function expectPublished(at: AdminDesk): Promise<void> {
  expect(
    await at.rows(`SELECT a.code AS code, a.title AS title, a.description AS text,
      (SELECT COUNT(*) FROM anime_parts) AS parts, (SELECT COUNT(*) FROM anime_groups) AS chats FROM anime a`),
  ).toEqual([{ code: '41', title: 'Naruto 2', text: 'Naruto\nbola', parts: '3', chats: '1' }]);
  expect(await at.rows('SELECT id AS id FROM drafts')).toEqual([]);
}

describe('a draft survives', () => {
  test('old fault: restart killed every wizard; here the process is restarted after every step', async () => {
    desk = await deskWithChannel();
    let current = desk;
    for (const [, act] of STEPS) {
      await act(current);
      current = await current.restart();
    }
    await expectPublished(current);
    expect(current.telegram.rooms.at(0)?.messages()).toHaveLength(1);
  });

  test.each(STEPS.slice(0, -1).map(([name], i) => [name, i] as const))(
    '/cancel after "%s": nothing is lost, nothing half-written, and it goes on where it was',
    async (_name, at) => {
      desk = await deskWithChannel();
      for (const [, act] of STEPS.slice(0, at + 1)) await act(desk);
      await desk.admin.send('/cancel');
      expect(desk.last().text).toContain('Qoralama saqlandi');
      expect(await desk.rows('SELECT id AS id FROM anime')).toEqual([]);
      await desk.press('▶️ Davom ettirish');
      for (const [, act] of STEPS.slice(at + 1)) await act(desk);
      await expectPublished(desk);
    },
  );

  test('old fault: chosen chats leaked into the next anime; here another one is published while a draft with chats waits', async () => {
    desk = await deskWithChannel();
    for (const [, act] of STEPS.slice(0, 7)) await act(desk);
    await addByWizard(desk, { description: 'Bleach', parts: 2, code: 50 });
    expect(
      await desk.rows(
        'SELECT a.code AS code, (SELECT COUNT(*) FROM anime_groups) AS chats, (SELECT COUNT(*) FROM anime_parts) AS parts FROM anime a',
      ),
    ).toEqual([{ code: '50', chats: '0', parts: '2' }]);
    await desk.admin.send('/drafts');
    await desk.press(/Naruto/);
    for (const [, act] of STEPS.slice(7)) await act(desk);
    expect(await desk.rows('SELECT code AS code FROM anime ORDER BY code')).toEqual([
      { code: '41' },
      { code: '50' },
    ]);
  });

  test('old fault: commands were dead inside a wizard; /start before /admin hijacked the panel', async () => {
    desk = await startDesk();
    const { admin } = desk;
    await admin.send('/start');
    await admin.send('/add');
    await admin.send('/start');
    await admin.send('/admin');
    expect(desk.last().text).toContain('Boshqaruv paneli');
    await admin.send('Naruto');
    for (const command of ['/stats', '/help', '/groups', '/users', '/drafts', '/top']) {
      await admin.send(command);
      expect(desk.last().text).not.toContain('matn kerak emas');
    }
    await admin.send({ video: true });
    expect(
      await desk.rows('SELECT description AS text, (SELECT COUNT(*) FROM draft_parts) AS parts FROM drafts'),
    ).toEqual([{ text: 'Naruto', parts: '1' }]);
  });

  test('a question in the middle (a chat is added) gives the draft back afterwards', async () => {
    desk = await startDesk();
    const { admin, telegram } = desk;
    telegram.channel({ title: 'Kanal', username: 'kanal_bir' });
    await admin.send('/add');
    await admin.send('Naruto');
    await admin.send({ video: true });
    await admin.send('/groups');
    await desk.press('➕ Guruh yoki kanal qo‘shish');
    await admin.send({ video: true });
    expect(desk.last().text).toContain('topib bo‘lmadi');
    await admin.send('@kanal_bir');
    await admin.send({ video: true });
    expect(await desk.rows('SELECT COUNT(*) AS count FROM drafts')).toEqual([{ count: '1' }]);
    expect(await desk.rows('SELECT COUNT(*) AS count FROM draft_parts')).toEqual([{ count: '2' }]);
  });

  test('/cancel of a question gives the draft back, too', async () => {
    desk = await startDesk();
    await desk.admin.send('/add');
    await desk.admin.send('Naruto');
    await desk.admin.send('/groups');
    await desk.press('➕ Guruh yoki kanal qo‘shish');
    await desk.admin.send('/cancel');
    expect(desk.last().text).toContain('Bekor qilindi');
    await desk.admin.send({ video: true });
    expect(await desk.rows('SELECT COUNT(*) AS count FROM draft_parts')).toEqual([{ count: '1' }]);
    // The button, too, and both lead back to it.
    await desk.admin.send('/groups');
    await desk.presses('➕ Guruh yoki kanal qo‘shish', '✖️ Bekor qilish', /^🗂 Qoralamalar/);
    await desk.press(/^.*Naruto/);
    await desk.admin.send({ video: true });
    expect(await desk.rows('SELECT COUNT(*) AS count FROM draft_parts')).toEqual([{ count: '2' }]);
  });

  test('a button of an earlier step changes nothing and shows the present one', async () => {
    desk = await startDesk();
    const { admin } = desk;
    await admin.send('/add');
    await admin.send('Naruto');
    const old = desk.last();
    await desk.press('⏭ Qismsiz davom etish');
    await admin.send('9');
    const answer = await admin.press(old, '⏭ Qismsiz davom etish');
    expect(answer?.text).toContain('oldingi bosqichga tegishli');
    expect(await desk.rows('SELECT step AS step, code AS code FROM drafts')).toEqual([
      { step: 'groups', code: '9' },
    ]);
  });

  test('a text at the preview of a long description with a picture is answered: the note has its room', async () => {
    desk = await startDesk();
    const { admin } = desk;
    await admin.send('/add');
    await admin.send({ photo: true, caption: `Naruto\n${'so‘z '.repeat(200)}` });
    await desk.press('⏭ Qismsiz davom etish');
    await admin.send('9');
    await desk.press('▶️ Davom etish');
    await admin.send('yana bir gap');
    expect(desk.last()).toMatchObject({ kind: 'photo', text: expect.stringContaining('matn kerak emas') });
    await desk.press('✅ Tayyor, qo‘shilsin');
    expect(await desk.rows('SELECT code AS code FROM anime')).toEqual([{ code: '9' }]);
  });

  test('throwing away asks first', async () => {
    desk = await startDesk();
    await desk.admin.send('/add');
    await desk.admin.send('Naruto');
    await desk.admin.send('/cancel');
    await desk.press('🗑 Qoralamani o‘chirish');
    expect(desk.last().text).toContain('o‘chirilsinmi');
    expect(await desk.rows('SELECT COUNT(*) AS count FROM drafts')).toEqual([{ count: '1' }]);
    await desk.press('🗑 Ha, o‘chirilsin');
    expect(await desk.rows('SELECT COUNT(*) AS count FROM drafts')).toEqual([{ count: '0' }]);
  });
});

describe('what a step costs', () => {
  test('one read batch, one write batch, at most two calls; the message with the number one write more', async () => {
    desk = await deskWithChannel();
    const { admin, bot } = desk;
    const cost = (act: () => Promise<unknown>) => bot.costOf(act);
    const step = { reads: 1, writes: 1 };
    for (const [name, act] of STEPS.slice(0, -1)) {
      if (name === 'parts') continue;
      const spent = await cost(() => act(desk));
      expect(spent, name).toMatchObject(step);
      expect(spent.calls, name).toBeLessThanOrEqual(2);
      if (name === 'description') {
        expect(await cost(() => admin.send({ video: true }))).toEqual({ reads: 1, writes: 2, calls: 1 });
        expect(await cost(() => admin.send({ video: true }))).toEqual({ reads: 1, writes: 1, calls: 0 });
        await admin.send({ video: true });
        await desk.later();
      }
    }
    for (const command of ['/admin', '/drafts', '/stats', '/top', '/groups', '/channels', '/users', '/audit'])
      expect(await cost(() => admin.send(command)), command).toEqual({ reads: 1, writes: 1, calls: 1 });
  });
});

describe('another admin’s draft', () => {
  /** Every button that names a draft; `d` stands for its id. */
  const BUTTONS = (draft: number, version: number): readonly Action[] => [
    { kind: 'draftOpen', draft },
    { kind: 'draftPause', draft },
    { kind: 'draftDrop', draft, sure: 0 },
    { kind: 'draftDrop', draft, sure: 1 },
    { kind: 'draftDone', draft, version },
    { kind: 'draftUndo', draft },
    { kind: 'draftStep', draft, version, step: 0 },
    { kind: 'draftCode', draft, version, code: 77 },
    { kind: 'draftGroup', draft, group: 1, on: 1 },
    { kind: 'draftGroupsDone', draft, version },
    { kind: 'draftPublish', draft, version },
    { kind: 'draftNumber', draft },
  ];

  test('is neither shown, changed, published nor deleted by forged buttons, whatever its step', async () => {
    const OTHER_ID = 200;
    desk = await startDesk({ ownerIds: [100, OTHER_ID] });
    desk.telegram.channel({ title: 'Kanal', username: 'kanal_bir' });
    await desk.admin.send('/groups');
    await desk.press('➕ Guruh yoki kanal qo‘shish');
    await desk.admin.send('@kanal_bir');
    const other = desk.telegram.person({ id: OTHER_ID, firstName: 'Zafar' });
    await other.send('/admin');
    const snapshot = async (): Promise<unknown> => [
      await desk.rows(
        'SELECT id AS id, version AS version, step AS step, is_open AS open, code AS code, title AS title FROM drafts',
      ),
      await desk.rows('SELECT draft_id AS draft, message_id AS message FROM draft_parts'),
      await desk.rows('SELECT draft_id AS draft, group_id AS chat FROM draft_groups'),
      await desk.rows('SELECT id AS id FROM anime'),
    ];
    for (const [, act] of STEPS.slice(0, -1)) {
      await act(desk);
      const before = await snapshot();
      const [row] = await desk.rows('SELECT id AS id, version AS version FROM drafts');
      for (const action of BUTTONS(Number(row?.['id']), Number(row?.['version']))) {
        const data = encodeAction(action);
        const seen = other.messages().length;
        await other.press({ ...other.lastMessage(), keyboard: [[{ text: data, data }]] }, data);
        expect(await snapshot(), data).toEqual(before);
        for (const { text } of other.messages().slice(seen - 1)) expect(text, data).not.toContain('Naruto');
      }
    }
    await desk.press('✅ Tayyor, qo‘shilsin');
    await expectPublished(desk);
  });
});
