/** The writing line: what is typed and attached, and where it goes. */
import { expect, test } from 'vitest';
import { inBrowser, open } from './browser.ts';
import { drawPng } from './grey-png.ts';

const documents = (count: number) =>
  Array.from({ length: count }, (_, i) => ({
    name: `${i + 1}.txt`,
    mimeType: 'text/plain',
    buffer: Buffer.from(`part ${i + 1}`),
  }));

inBrowser('the writing line', () => {
  test('sends more than ten files as several albums, in order, the caption on the first', async () => {
    const { page, aziza } = await open();
    await page.setInputFiles('#files', documents(23));
    await expect.poll(() => page.locator('#attached').innerText()).toContain('23 ta fayl, 3 ta albom bo‘lib');
    await page.fill('#text', 'Qismlar');
    await page.getByRole('button', { name: 'Yuborish' }).click();
    await expect.poll(() => aziza.messages().filter(({ kind }) => kind === 'document').length).toBe(23);
    const sent = aziza.messages().filter(({ kind }) => kind === 'document');
    expect(sent.map(({ file }) => file?.name)).toEqual(documents(23).map(({ name }) => name));
    const albums = Map.groupBy(sent, ({ mediaGroupId }) => mediaGroupId);
    expect([...albums.values()].map((album) => album.length)).toEqual([10, 10, 3]);
    expect(sent.map(({ text }) => text).filter(Boolean)).toEqual(['Qismlar']);
    // Each album is one bubble.
    await expect.poll(() => page.locator('article:has(.album)').count()).toBe(3);
  });

  test('sends an eleventh file alone, and says at once what will be sent', async () => {
    const { page, aziza } = await open();
    const label = page.locator('#attached');
    await page.setInputFiles('#files', documents(11));
    expect(await label.innerText()).toContain('11 ta fayl, 2 ta albom bo‘lib');
    await page.setInputFiles('#files', documents(1));
    expect(await label.innerText()).toContain('1.txt, 6 B');
    await page.setInputFiles('#files', documents(11));
    await page.locator('#compose').getByRole('button', { name: 'Yuborish' }).click();
    await expect.poll(() => aziza.messages().filter(({ kind }) => kind === 'document').length).toBe(11);
    expect(aziza.messages().at(-1)?.mediaGroupId).toBeUndefined();
  });

  test('tells Telegram the size of pictures', async () => {
    const { page, aziza, telegram } = await open();
    await page.setInputFiles('#files', { name: 'a.png', mimeType: 'image/png', buffer: drawPng(300, 500) });
    await page.locator('#text').press('Enter');
    await expect.poll(() => aziza.messages().at(-1)?.kind).toBe('photo');
    const file = telegram.file(aziza.messages().at(-1)?.file?.uniqueId ?? '');
    expect([file?.width, file?.height]).toEqual([300, 500]);
  });

  test('keeps what is typed for each chat and person, over a reload too', async () => {
    const { page } = await open();
    const line = page.locator('#text');
    const go = async (name: string, role: 'button' | 'radio' = 'button'): Promise<void> => {
      await page.locator('.side').getByRole(role, { name }).click();
    };
    await line.fill('botga yozilgan');
    await go('Anime guruhi');
    expect(await line.inputValue()).toBe('');
    await line.fill('guruhga yozilgan');
    await go('Admin', 'radio');
    expect(await line.inputValue()).toBe('');
    await go('Aziza', 'radio');
    expect(await line.inputValue()).toBe('botga yozilgan');
    await go('Anime guruhi');
    expect(await line.inputValue()).toBe('guruhga yozilgan');
    await page.reload();
    await expect.poll(() => line.inputValue()).toBe('botga yozilgan');
  });

  test('keeps attached files over a chat switch', async () => {
    const { page } = await open();
    await page.setInputFiles('#files', documents(2));
    await page.locator('#chats').getByRole('button', { name: 'Anime guruhi' }).click();
    await expect.poll(() => page.locator('#attached').isVisible()).toBe(false);
    await page.locator('#chats').getByRole('button').first().click();
    await expect.poll(() => page.locator('#attached').innerText()).toContain('2 ta fayl');
  });

  test('gives back what could not be sent, and says why in Uzbek', async () => {
    const { page, aziza } = await open();
    await page.fill('#text', 'yetib bormaydi');
    await aziza.block();
    await page.locator('#compose').evaluate((form) => form.requestSubmit());
    await page.locator('#toast', { hasText: 'Siz botni bloklagansiz. Avval blokdan chiqaring.' }).waitFor();
    await expect.poll(() => page.locator('#text').inputValue()).toBe('yetib bormaydi');
    // The line is closed, as in the apps, until the block is lifted.
    await page.locator('#no-writing', { hasText: 'Siz botni bloklagansiz' }).waitFor();
    // The way out stands where one looks for it.
    await expect.poll(() => page.locator('#no-writing button').innerText()).toBe('Blokdan chiqarish');
    await page.locator('#no-writing button').click();
    await page.locator('#no-writing').waitFor({ state: 'hidden' });
    await page.locator('#text').press('Enter');
    await expect.poll(() => aziza.messages().at(-1)?.text).toBe('yetib bormaydi');
  });

  test('gives back files that could not be sent', async () => {
    const { page, aziza } = await open();
    await page.setInputFiles('#files', documents(12));
    await page.fill('#text', 'izoh');
    await aziza.block();
    await page.locator('#compose').evaluate((form) => form.requestSubmit());
    await page.locator('#toast', { hasText: 'Siz botni bloklagansiz' }).waitFor();
    await expect.poll(() => page.locator('#attached').innerText()).toContain('12 ta fayl, 2 ta albom bo‘lib');
    await expect.poll(() => page.locator('#text').inputValue()).toBe('izoh');
  });

  test('Arrow Up edits the last message, Esc leaves the edit and takes files back', async () => {
    const { page, aziza } = await open();
    await aziza.send('xato matn');
    await page.getByText('xato matn').last().waitFor();
    const line = page.locator('#text');
    await line.press('ArrowUp');
    expect(await line.inputValue()).toBe('xato matn');
    await line.press('Escape');
    expect(await line.inputValue()).toBe('');
    await line.press('ArrowUp');
    await line.fill('to‘g‘ri matn');
    await line.press('Enter');
    await expect.poll(() => aziza.messages().at(-1)?.text).toBe('to‘g‘ri matn');
    await page.setInputFiles('#files', documents(2));
    await line.press('Escape');
    await expect.poll(() => page.locator('#attached').isVisible()).toBe(false);
  });

  test('is closed where one may not write, and says why', async () => {
    const { page } = await open();
    await page.locator('#chats').getByRole('button', { name: 'Anime kanali' }).click();
    await page.locator('#no-writing', { hasText: 'Bu yerga faqat adminlar yozadi' }).waitFor();
    await expect.poll(() => page.locator('#compose').isVisible()).toBe(false);
  });
});
