/** "Nothing leaves this machine": what a tap on a link does. */
import { expect, test } from 'vitest';
import { inBrowser, open } from './browser.ts';

inBrowser('a link', () => {
  test.each([
    ['of a channel', 'https://t.me/anime_kanal', 'Anime kanali'],
    ['of a post', 'https://t.me/Anime_Kanal/1', 'Anime kanali'],
    ['of the app to a channel', 'tg://resolve?domain=anime_kanal', 'Anime kanali'],
    ['with the name before t.me', 'https://anime_kanal.t.me/', 'Anime kanali'],
    ['that invites', 'https://t.me/+AbCd', 'Anime guruhi'],
    ['of the app that invites', 'tg://join?invite=AbCd', 'Anime guruhi'],
    ['that invites, in the old form', 'https://t.me/joinchat/AbCd', 'Anime guruhi'],
  ])('%s that is known here opens it here', async (_, address, title) => {
    const { page, says, outside, context } = await open();
    await says(`<a href="${address}">bosing</a>`);
    await page.getByRole('link', { name: 'bosing' }).click();
    await page.locator('#chat-title', { hasText: title }).waitFor();
    expect({ outside, pages: context.pages().length }).toEqual({ outside: [], pages: 1 });
  });

  test('of a post in a private group opens the group', async () => {
    const { page, says, group } = await open();
    await says(`https://t.me/c/${String(group.id).replace('-100', '')}/1`);
    await page.getByRole('link', { name: 't.me/c/' }).click();
    await page.locator('#chat-title', { hasText: 'Anime guruhi' }).waitFor();
  });

  test('to the bot starts it with what the link says', async () => {
    const { page, says, aziza, telegram } = await open();
    await says(`<a href="https://t.me/${telegram.botInfo.username}?start=1_5">davomi</a>`);
    await page.getByRole('link', { name: 'davomi' }).click();
    await page.getByText('/start 1_5').last().waitFor();
    expect(aziza.messages().at(-1)?.text).toBe('/start 1_5');
  });

  test.each([
    'https://example.org/a?b=1',
    'http://example.org/',
    'https://t.me/someone_else',
    'https://t.me/+Unknown',
    'tg://resolve?domain=someone_else',
    'tg://settings',
  ])('to %s asks first, with the address, and Esc stays', async (address) => {
    const { page, says, outside, context } = await open();
    await says(`<a href="${address.replace('&', '&amp;')}">tashqariga</a>`);
    const link = page.getByRole('link', { name: 'tashqariga' });
    // The keyboard does the same.
    await link.focus();
    await page.keyboard.press('Enter');
    const box = page.locator('#leave');
    await box.waitFor();
    expect(await box.innerText()).toContain(address);
    await page.keyboard.press('Escape');
    await box.waitFor({ state: 'hidden' });
    await link.click({ button: 'middle' });
    await link.click({ modifiers: ['Control'] });
    await box.getByRole('button', { name: 'Shu yerda qolish' }).click();
    expect({ outside, pages: context.pages().length }).toEqual({ outside: [], pages: 1 });
    await expect.poll(() => page.locator('#flow a[href]').count()).toBe(0);
  });

  test('is opened in a page of its own when one says so, and tells nothing of ours', async () => {
    const { page, says, outside, context } = await open();
    await says('Qarang: example.org emas, www.example.org/kino');
    await page.getByRole('link', { name: 'www.example.org/kino' }).click();
    const [other] = await Promise.all([
      context.waitForEvent('page'),
      page.getByRole('button', { name: 'Brauzerda ochish' }).click(),
    ]);
    await other.waitForLoadState();
    expect(outside).toEqual(['https://www.example.org/kino']);
    expect(await other.evaluate('[document.referrer, window.opener]')).toEqual(['', null]);
  });

  test('in what people write can be tapped too, and mentions and commands', async () => {
    const { page, aziza } = await open();
    await aziza.send('Kanal: t.me/anime_kanal, guruh @anime_kanal, buyruq /menu');
    await page.getByRole('link', { name: '/menu' }).waitFor();
    expect(await page.locator('.text [role="link"]').allInnerTexts()).toEqual(
      expect.arrayContaining(['t.me/anime_kanal', '@anime_kanal', '/menu']),
    );
    await page.getByRole('link', { name: '/menu' }).click();
    await expect.poll(() => aziza.messages().at(-1)?.text).toBe('/menu');
    await page.getByRole('link', { name: '@anime_kanal' }).click();
    await page.locator('#chat-title', { hasText: 'Anime kanali' }).waitFor();
  });

  test('on a button follows the same rule', async () => {
    const { page, says, outside } = await open();
    const reply_markup = {
      inline_keyboard: [
        [{ text: 'Kanal', url: 'https://t.me/anime_kanal' }],
        [{ text: 'Sayt', url: 'https://example.org/' }],
      ],
    };
    await says('Tanlang', { reply_markup });
    await page.getByRole('link', { name: 'Sayt' }).click();
    await page.getByRole('button', { name: 'Shu yerda qolish' }).click();
    await page.getByRole('link', { name: 'Kanal' }).click();
    await page.locator('#chat-title', { hasText: 'Anime kanali' }).waitFor();
    expect(outside).toEqual([]);
  });
});

inBrowser('the page', () => {
  test('asks nothing of any other machine, whatever it shows', async () => {
    const { page, outside } = await open({ messages: 3 });
    for (const tab of ['Qidiruv', 'Bot API', 'Zaxira nusxalar'])
      await page.getByRole('tab', { name: tab }).click();
    await page.locator('#backups').waitFor();
    expect(outside).toEqual([]);
  });
});
