/** What Telegram itself shows: the menus of commands, and the description of the bot. */
import { afterEach, describe, expect, test } from 'vitest';
import type { Person } from '../../sim/telegram/start-telegram.ts';
import { staff } from '../../src/db/admins.ts';
import { installCommands } from '../../src/handlers/commands-menu.ts';
import { textsFor } from '../../src/locales/index.ts';
import { LOCALE_NAMES, type LocaleName } from '../../src/settings/config.ts';
import { type AdminDesk, startDesk } from '../admin/support.ts';

let desk: AdminDesk;
afterEach(() => desk?.close());

const named = (person: Person): string[] => person.commands().map(({ command }) => command);
const described = (person: Person, command: string): string | undefined =>
  person.commands().find((known) => known.command === command)?.description;

async function install(defaultLocale: LocaleName = 'uz'): Promise<void> {
  const { db, services } = desk.bot;
  const [found] = await db.read([staff(services.ownerIds)]);
  await installCommands(services.api, { defaultLocale, staff: found });
}

async function describedIn(language: string): Promise<readonly unknown[]> {
  const { api } = desk.bot.services;
  const other = { language_code: language as 'uz' };
  return [
    (await api.getMyDescription(other)).description,
    (await api.getMyShortDescription(other)).short_description,
  ];
}

describe('at a start or a deploy', () => {
  test('menu and description are set in every language: 12 calls, and one for each admin', async () => {
    desk = await startDesk();
    const viewers = new Map(
      ['uz', 'ru', 'en', 'de'].map((code) => [code, desk.telegram.person({ languageCode: code })]),
    );
    const second = desk.telegram.person({ id: 300, firstName: 'Zafar' });
    await second.start();
    await desk.admin.send('/admins');
    await desk.press('➕ Admin qo‘shish');
    await desk.admin.send('300');
    await desk.press('✅ Ha, admin bo‘lsin');
    expect((await desk.bot.costOf(() => install())).calls).toBe(12 + 2);
    const expected: Record<string, LocaleName> = { uz: 'uz', ru: 'ru', en: 'en', de: 'uz' };
    for (const [code, viewer] of viewers) {
      const t = textsFor(expected[code] ?? 'uz').viewer;
      expect(
        Object.fromEntries(viewer.commands().map(({ command, description }) => [command, description])),
      ).toEqual(t.commands());
      expect(await describedIn(code === 'de' ? '' : code)).toEqual([t.about(), t.aboutShort()]);
    }
    const own = Object.keys(textsFor('uz').admin.system.commandList());
    const everybodys = Object.keys(textsFor('uz').viewer.commands());
    expect(named(desk.admin)).toEqual([...own, ...everybodys]);
    expect(named(second)).toEqual([...own.filter((name) => name !== 'admins'), ...everybodys]);
    await desk.admin.send('/commands');
    for (const name of own) expect(desk.last().text).toContain(`/${name} — ${described(desk.admin, name)}`);
  });

  test('a bot that speaks Uzbek in Cyrillic has a Cyrillic menu', async () => {
    desk = await startDesk({ defaultLocale: 'uz-Cyrl' });
    await install('uz-Cyrl');
    for (const languageCode of ['uz', 'de'])
      expect(described(desk.telegram.person({ languageCode }), 'help')).toBe('ёрдам');
    expect(described(desk.telegram.person({ languageCode: 'ru' }), 'help')).toBe('помощь');
    expect((await describedIn('uz'))[1]).toContain('Аниме кодини');
  });

  test('a call that fails costs nothing but itself', async () => {
    desk = await startDesk({ ownerIds: [999, 100] });
    for (const method of ['setMyDescription', 'setMyCommands'])
      desk.telegram.script({ method, fault: { kind: 'error', status: 502, description: 'Bad Gateway' } });
    desk.telegram.script({ method: 'setMyShortDescription', fault: { kind: 'flood', retryAfter: 600 } });
    // Nobody with the id 999 ever wrote to the bot.
    await install();
    expect(named(desk.admin)).toContain('backup');
    expect(described(desk.telegram.person({ languageCode: 'ru' }), 'help')).toBe('помощь');
  });

  test('a host that stops begins no more calls', async () => {
    desk = await startDesk();
    const signal = AbortSignal.abort();
    const { api } = desk.bot.services;
    const cost = await desk.bot.costOf(() =>
      installCommands(api, { defaultLocale: 'uz', staff: [], signal }),
    );
    expect(cost.calls).toBe(0);
  });
});

describe('later', () => {
  test('the menu of a chat speaks the language chosen there; an admin keeps the admins’ commands', async () => {
    desk = await startDesk();
    await install();
    const viewer = desk.telegram.person({ languageCode: 'ru' });
    for (const person of [viewer, desk.admin]) {
      await person.send('/language');
      const asked = person.lastMessage();
      await person.press(
        asked,
        asked.keyboard.flat().find(({ text }) => text.includes('Ўзбекча'))?.text ?? '',
      );
      await desk.later();
      expect(described(person, 'help')).toBe('ёрдам');
    }
    expect(named(viewer)).not.toContain('admin');
    expect(described(desk.admin, 'admin')).toBe('бошқарув панели');
    // The next start knows it as well.
    await install();
    expect(described(desk.admin, 'admin')).toBe('бошқарув панели');
  });

  test('a new admin gets the menu, and a former one loses it', async () => {
    desk = await startDesk();
    const second = desk.telegram.person({ id: 300, firstName: 'Zafar' });
    await second.start();
    await desk.admin.send('/admins');
    await desk.press('➕ Admin qo‘shish');
    await desk.admin.send('300');
    await desk.press('✅ Ha, admin bo‘lsin');
    await desk.later();
    expect(named(second)).toContain('edit');
    expect(named(second)).not.toContain('admins');
    await desk.admin.send('/admins');
    await desk.presses(/Zafar/, '🗑 Ha, olinsin');
    await desk.later();
    expect(named(second)).toEqual(Object.keys(textsFor('uz').viewer.commands()));
  });
});

test.each(LOCALE_NAMES)('the texts of %s fit what Telegram takes', (locale) => {
  const { viewer, admin } = textsFor(locale);
  expect(viewer.about().length).toBeLessThanOrEqual(512);
  expect(viewer.aboutShort().length).toBeLessThanOrEqual(120);
  const all = { ...admin.system.commandList(), ...viewer.commands() };
  expect(Object.keys(all).length).toBeLessThanOrEqual(100);
  for (const [command, description] of Object.entries(all)) {
    expect(command).toMatch(/^[a-z0-9_]{1,32}$/);
    expect(description.length).toBeLessThanOrEqual(256);
  }
  expect(Object.keys(all)).toEqual(
    Object.keys({ ...textsFor('uz').admin.system.commandList(), ...textsFor('uz').viewer.commands() }),
  );
});
