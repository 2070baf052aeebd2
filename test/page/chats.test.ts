/** Chats beside each other: what is new in them, and moving between them. */
import { expect, test } from 'vitest';
import { inBrowser, open } from './browser.ts';

inBrowser('chats', () => {
  test('count what is unread, each for itself, until they are opened; a reload forgets nothing', async () => {
    const { page, channel, admin, bot } = await open();
    const mark = (name: string) =>
      page.locator('.side').getByRole('button', { name }).locator('.badge > :first-child');
    const person = page.getByRole('radio', { name: 'Admin' }).locator('.badge > :first-child');
    for (let i = 1; i <= 3; i += 1) await channel.post(`Yangilik ${i}`);
    await admin.start();
    await bot('sendMessage', { chat_id: admin.id, text: 'Sizga' });
    await expect.poll(() => mark('Anime kanali').innerText()).toBe('3');
    await expect.poll(() => person.innerText()).toBe('1');
    await expect
      .poll(() => page.locator('.hidden-text').first().innerText())
      .toMatch(/^\d ta o‘qilmagan xabar$/);
    await expect.poll(() => page.title()).toMatch(/^\(3\) /);
    await page.reload();
    await expect.poll(() => mark('Anime kanali').innerText()).toBe('3');
    await page.locator('#chats').getByRole('button', { name: 'Anime kanali' }).click();
    await expect.poll(() => mark('Anime kanali').count()).toBe(0);
    // What comes while one looks on is read.
    await channel.post('Yangilik 4');
    await page.getByText('Yangilik 4').last().waitFor();
    await expect.poll(() => mark('Anime kanali').count()).toBe(0);
    await page.reload();
    await page.getByText('Yangilik 4').last().waitFor();
    expect(await mark('Anime kanali').count()).toBe(0);
    await page.getByRole('radio', { name: 'Admin' }).click();
    await expect.poll(() => mark('Anime kanali').innerText()).toBe('4');
    await expect.poll(() => person.count()).toBe(0);
  });

  test('are called by their public names or links, and offer what the person may do there', async () => {
    const { page, channel, admin } = await open();
    await channel.promote(admin, { can_promote_members: true });
    const about = page.locator('#chat-about');
    const actions = page.locator('#chat-actions button');
    await page.locator('#chats').getByRole('button', { name: 'Anime kanali' }).click();
    await expect.poll(() => about.innerText()).toBe('@anime_kanal · kanal');
    await expect.poll(() => actions.allInnerTexts()).toEqual(['Chiqish']);
    await actions.click();
    await expect.poll(() => actions.allInnerTexts()).toEqual(['Qo‘shilish']);
    await page.locator('#chats').getByRole('button', { name: 'Anime guruhi' }).click();
    await expect.poll(() => about.innerText()).toBe('https://t.me/+AbCd · guruh');
    await page.getByRole('radio', { name: 'Admin' }).click();
    await page.locator('#chats').getByRole('button', { name: 'Anime kanali' }).click();
    await expect.poll(() => actions.allInnerTexts()).toEqual(['Botni chiqarish']);
    await actions.click();
    await expect.poll(() => actions.allInnerTexts()).toEqual(['Botni admin qilish']);
  });

  test('on a narrow phone the name of a chat is whole, and the buttons below fit', async () => {
    const { page } = await open({ viewport: { width: 360, height: 700 } });
    const isCut = (where: string) =>
      page.locator(where).evaluate((element) => element.scrollWidth > element.clientWidth);
    expect(await isCut('#chat-title')).toBe(false);
    await page.locator('[data-do="language"][lang="ru"]').dispatchEvent('click');
    await expect.poll(() => page.locator('.bottom').innerText()).toContain('Инструменты');
    for (const button of await page.locator('.bottom button').all())
      expect(await button.evaluate(({ scrollWidth, clientWidth }) => scrollWidth > clientWidth)).toBe(false);
    const format = page.locator('#payload');
    expect(await format.getAttribute('title')).toBe('Только латинские буквы, цифры, _ и -');
  });

  test('what the bot writes while another chat is open is marked at the bot’s', async () => {
    const { page, says } = await open();
    await page.locator('#chats').getByRole('button', { name: 'Anime guruhi' }).click();
    await says('birinchi');
    await says('ikkinchi');
    await expect.poll(() => page.locator('#chats .badge > :first-child').allInnerTexts()).toEqual(['2']);
    await expect.poll(() => page.locator('#chats button').first().innerText()).toContain('ikkinchi');
  });

  test('are reached by Alt with arrows from anywhere, and by arrows in the list', async () => {
    const { page } = await open();
    const title = page.locator('#chat-title');
    await page.locator('#text').focus();
    await page.keyboard.press('Alt+ArrowDown');
    await expect.poll(() => title.innerText()).toBe('Anime kanali');
    await page.keyboard.press('Alt+ArrowDown');
    await page.keyboard.press('Alt+ArrowDown');
    await expect.poll(() => title.innerText()).toBe('Anime guruhi');
    await page.keyboard.press('Alt+ArrowUp');
    await page.keyboard.press('Alt+ArrowUp');
    await expect.poll(() => title.innerText()).toBe('Anime');
    await page.locator('#chats [aria-current]').focus();
    await page.keyboard.press('ArrowDown');
    await expect.poll(() => title.innerText()).toBe('Anime kanali');
    expect(await page.evaluate('document.activeElement.textContent')).toContain('Anime kanali');
    await page.getByRole('radio', { checked: true }).focus();
    await page.keyboard.press('ArrowDown');
    await expect
      .poll(() => page.getByRole('radio', { name: 'Admin' }).getAttribute('aria-checked'))
      .toBe('true');
    await page.getByRole('tab', { selected: true }).focus();
    await page.keyboard.press('ArrowRight');
    await page.locator('#panel-inline').waitFor();
  });

  test('every button is reached by Tab, is named, and shows its focus', async () => {
    const { page, says } = await open();
    await says('Tanlang', { reply_markup: { inline_keyboard: [[{ text: 'Tugma', callback_data: 'x' }]] } });
    await page.getByRole('button', { name: 'Tugma' }).waitFor();
    const reached: string[] = [];
    for (let i = 0; i < 60; i += 1) {
      await page.keyboard.press('Tab');
      const found = (await page.evaluate(`(() => {
        const e = document.activeElement;
        if (e === document.body) return undefined;
        const shows = getComputedStyle(e.closest('.attach') ?? e).outlineStyle !== 'none';
        return [e.getAttribute('aria-label') || e.textContent.trim() || e.id, shows];
      })()`)) as [string, boolean] | undefined;
      if (found === undefined) continue;
      expect(found[1], `${found[0]} shows its focus`).toBe(true);
      reached.push(found[0]);
    }
    for (const name of [
      'UZ',
      'Aziza',
      'Anime',
      'Ochish',
      'Bloklash',
      'Tugma',
      'Buyruqlar',
      'Fayl biriktirish',
      'Xabar',
    ])
      expect(
        reached.some((one) => one.includes(name)),
        `${name} among ${reached.join(' | ')}`,
      ).toBe(true);
    for (const name of ['Yuborish', 'Zaxira nusxalar', 'Hozir zaxira nusxa olish'])
      expect(
        reached.some((one) => one.includes(name)),
        `${name} among ${reached.join(' | ')}`,
      ).toBe(true);
    const unnamed = await page.evaluate(`[...document.querySelectorAll('button, input, textarea, [role]')]
      .filter((e) => e.checkVisibility() && !e.matches('[role="log"], [role="status"], [role="radiogroup"]'))
      .filter((e) => !(e.getAttribute('aria-label') || e.getAttribute('aria-labelledby') || e.textContent.trim() || e.labels?.[0]?.textContent))
      .map((e) => e.outerHTML)`);
    expect(unnamed).toEqual([]);
  });

  test('Esc closes the list of commands and a note', async () => {
    const { page } = await open();
    await page.locator('#menu').click();
    await page.locator('#commands').waitFor();
    await page.keyboard.press('Escape');
    await page.locator('#commands').waitFor({ state: 'hidden' });
    expect(await page.evaluate('document.activeElement.id')).toBe('menu');
  });
});
