/** The page's languages, light and dark, narrow windows, and a server that is gone. */
import { expect, test } from 'vitest';
import { TEXTS } from '../../sim/offline/page/texts/all-texts.ts';
import { inBrowser, open } from './browser.ts';

/** Everything that is read or read out, without what people and the bot write. */
const words = `(() => {
  const texts = [];
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const { parentElement, data } = walk.currentNode;
    if (data.trim() !== '' && !parentElement.closest('.text, .preview, pre, code, script')) texts.push(data.trim());
  }
  for (const e of document.querySelectorAll('[aria-label], [title], [placeholder], [alt]'))
    texts.push(e.getAttribute('aria-label') ?? '', e.title ?? '', e.placeholder ?? '', e.alt ?? '');
  return [document.title, ...new Set(texts)].filter((text) => text !== '');
})()`;

inBrowser('the language', () => {
  test('is Uzbek at first, and no English word of the page stands in it', async () => {
    const { page, aziza, backups } = await open({ locale: 'en-US' });
    await aziza.send('salom');
    backups.taken.unshift({
      name: '20260101_000000',
      at: '2026-01-01T00:00:00Z',
      state: 'verified',
      bytes: 1,
      files: ['a.db.gz', 'a.json.gz'],
    });
    await page.getByText('tekshirilgan').waitFor();
    await expect.poll(() => page.locator('html').getAttribute('lang')).toBe('uz');
    const flat = (language: 'uz' | 'en'): string[] =>
      Object.values(TEXTS[language]).flatMap((text) =>
        typeof text === 'string' ? [text] : Object.values(text),
      );
    const uzbek = new Set(flat('uz'));
    const english = flat('en').filter((text) => !uzbek.has(text) && !text.includes('{'));
    for (const chat of ['Anime kanali', 'Anime guruhi', 'Anime'])
      for (const tab of ['Qidiruv', 'Bot API', 'Zaxira nusxalar']) {
        await page.locator('#chats').getByRole('button', { name: chat }).first().click();
        await page.getByRole('tab', { name: tab }).click();
        const shown = (await page.evaluate(words)) as string[];
        expect(shown.filter((text) => english.includes(text))).toEqual([]);
        expect(shown.length).toBeGreaterThan(30);
      }
  });

  test('is kept over a reload, and the bot hears of it from everybody on the page', async () => {
    const { page, telegram, aziza, admin } = await open();
    await page.getByRole('button', { name: 'RU', exact: true }).click();
    await page.getByText('Резервные копии').first().waitFor();
    await expect.poll(() => [aziza.user.language_code, admin.user.language_code]).toEqual(['ru', 'ru']);
    await page.reload();
    await page.getByText('Кто вы').waitFor();
    await expect.poll(() => page.locator('html').getAttribute('lang')).toBe('ru');
    await expect
      .poll(() => page.getByRole('button', { name: 'RU', exact: true }).getAttribute('aria-pressed'))
      .toBe('true');
    await page.locator('#text').fill('привет');
    await page.locator('#text').press('Enter');
    await expect.poll(() => telegram.delivered.at(-1)?.message?.from.language_code).toBe('ru');
    await page.getByRole('button', { name: 'EN', exact: true }).click();
    await page.getByText('Nothing leaves this machine').waitFor();
    await expect.poll(() => aziza.user.language_code).toBe('en');
  });
});

inBrowser('the look', () => {
  test('is light or dark as the system is', async () => {
    const colours: unknown[] = [];
    for (const colorScheme of ['light', 'dark'] as const) {
      const { page } = await open({ colorScheme });
      colours.push(
        await page.evaluate('getComputedStyle(document.querySelector(".bubble")).backgroundColor'),
      );
    }
    expect(new Set(colours).size).toBe(2);
  });

  test('fits a phone: nothing is wider than the window, and every part is reached', async () => {
    const { page, says, channel } = await open({ viewport: { width: 360, height: 640 } });
    await says(`Uzun ${'x'.repeat(200)}`, {
      reply_markup: {
        inline_keyboard: [[1, 2, 3, 4, 5].map((n) => ({ text: `${n}-qism`, callback_data: `${n}` }))],
      },
    });
    await page.getByRole('button', { name: '5-qism' }).waitFor();
    const wide = `[document.documentElement, ...document.querySelectorAll('body *')]
      .filter((e) => e.checkVisibility() && e.getBoundingClientRect().right > innerWidth + 1)
      .map((e) => e.outerHTML.slice(0, 80))`;
    for (const [view, part] of [
      ['Suhbatlar', '.side'],
      ['Asboblar', '.panel'],
      [/^Suhbat$/, '.chat'],
    ] as const) {
      await page.locator('.bottom').getByRole('button', { name: view }).click();
      await page.locator(part).waitFor();
      expect(await page.evaluate(wide), part).toEqual([]);
    }
    // What is new elsewhere is told below too. Opening a chat leads to it.
    await channel.post('Yangilik');
    await page.locator('.bottom .badge', { hasText: '1' }).waitFor();
    await page.locator('.bottom').getByRole('button', { name: 'Suhbatlar' }).click();
    await page.locator('#chats').getByRole('button', { name: 'Anime guruhi' }).click();
    await page.locator('#chat-title', { hasText: 'Anime guruhi' }).waitFor();
    await expect.poll(() => page.locator('.side').isVisible()).toBe(false);
  });

  test('says in Uzbek that the server is gone, with what to do', async () => {
    const { page, telegram } = await open();
    await telegram.close();
    const bar = page.locator('#gone');
    await bar.waitFor();
    expect(await bar.innerText()).toBe(TEXTS.uz.gone);
    await page.fill('#text', 'bor');
    await page.locator('#text').press('Enter');
    await expect.poll(() => page.locator('#text').inputValue()).toBe('bor');
    // Once, over nothing, and as words.
    expect(await page.locator('#toast').isVisible()).toBe(false);
    const box = await bar.boundingBox();
    for (const part of ['#languages', '#chat-title', '.side .brand', '#tabs']) {
      const other = await page.locator(part).boundingBox();
      expect(other?.y, part).toBeGreaterThanOrEqual((box?.y ?? 0) + (box?.height ?? 0));
    }
    for (const text of Object.values(TEXTS)) expect(text.gone).not.toContain('`');
  });

  test('the chats that it begins with have names in its language', async () => {
    const { page } = await open();
    await page.getByRole('button', { name: 'EN', exact: true }).click();
    await page.locator('#chats').getByRole('button', { name: 'Anime channel' }).click();
    await page.locator('#chat-title', { hasText: 'Anime channel' }).waitFor();
    await page.getByRole('button', { name: 'RU', exact: true }).click();
    await page.locator('#chat-title', { hasText: 'Аниме-канал' }).waitFor();
    expect(await page.locator('#chats').innerText()).toContain('Аниме-группа');
  });
});
