/** Places that hold: what loads late or comes in while one reads or watches. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { inBrowser, open, type Scene } from './browser.ts';
import { drawPng } from './grey-png.ts';

const fromEnd = `(() => { const m = document.getElementById('messages'); return Math.round(m.scrollHeight - m.scrollTop - m.clientHeight); })()`;
const topOf = (text: string) =>
  `Math.round([...document.querySelectorAll('article')].find((a) => a.textContent.includes(${JSON.stringify(text)})).getBoundingClientRect().top)`;

/** The picture's place is kept as 1280 x 720; it is 400 x 1600, and comes when `load` is called. */
async function latePhoto({ page, telegram, aziza }: Scene): Promise<() => Promise<void>> {
  const { promise, resolve } = Promise.withResolvers<void>();
  await page.route('**/control/files/*', async (route) => {
    await promise;
    await route.continue();
  });
  await telegram.deliver();
  await aziza.send({ photo: { bytes: drawPng(400, 1600) } });
  const photo = page.locator('img.photo');
  await photo.waitFor();
  return async () => {
    resolve();
    await expect.poll(() => photo.evaluate((image) => image.complete && image.naturalHeight)).toBe(1600);
    await page.waitForTimeout(100);
  };
}

inBrowser('the conversation', () => {
  test('stays at its end when a photo loads late', async () => {
    const scene = await open({ messages: 30 });
    const load = await latePhoto(scene);
    await expect.poll(() => scene.page.evaluate(fromEnd)).toBe(0);
    await load();
    expect(await scene.page.evaluate(fromEnd)).toBe(0);
  });

  test('stays where one reads when a photo above loads late, and when messages come in', async () => {
    const scene = await open({ messages: 10 });
    const load = await latePhoto(scene);
    for (let i = 11; i <= 40; i += 1) await scene.says(`Xabar ${100 + i}`);
    const { page } = scene;
    await page.getByText('Xabar 140').last().waitFor();
    await page.locator('article', { hasText: 'Xabar 124' }).evaluate((e) => e.scrollIntoView());
    await page.waitForTimeout(100);
    const before = await page.evaluate(topOf('Xabar 124'));
    await load();
    expect(await page.evaluate(topOf('Xabar 124'))).toBe(before);
    await scene.says('Yangi xabar');
    await page.locator('article', { hasText: 'Yangi xabar' }).waitFor({ state: 'attached' });
    expect(await page.evaluate(topOf('Xabar 124'))).toBe(before);
    // The way back says how much is new there.
    await page.locator('#to-end-count', { hasText: '1' }).waitFor();
    const badge = page.locator('#chats .badge > :first-child');
    expect(await badge.innerText()).toBe('1');
    await page.locator('#to-end').click();
    await expect.poll(() => page.evaluate(fromEnd)).toBe(0);
    await page.locator('#to-end').waitFor({ state: 'hidden' });
    await expect.poll(() => badge.count()).toBe(0);
  });

  test('is where one left it after another chat', async () => {
    const { page } = await open({ messages: 40 });
    await page.locator('article', { hasText: 'Xabar 112' }).evaluate((e) => e.scrollIntoView());
    await page.waitForTimeout(100);
    const before = await page.evaluate(topOf('Xabar 112'));
    await page.locator('#chats').getByRole('button', { name: 'Anime guruhi' }).click();
    await page.locator('#chat-title', { hasText: 'Anime guruhi' }).waitFor();
    await page.locator('#chats').getByRole('button').first().click();
    await expect.poll(() => page.evaluate(topOf('Xabar 112'))).toBe(before);
  });

  test('plays a video on while messages come and edits change its caption', async () => {
    const { page, aziza, bot, says, telegram } = await open();
    const bytes = readFileSync(new URL('../../sim/offline/samples/1.mp4', import.meta.url));
    await aziza.send({ video: { name: '1.mp4', bytes, width: 160, height: 90, duration: 3 } });
    const fileId = aziza.messages().at(-1)?.file?.fileId;
    await bot('sendVideo', { chat_id: aziza.id, video: fileId, caption: 'birinchi izoh' });
    const sent = aziza.messages().at(-1)?.id;
    const video = page.locator('video').last();
    await page.getByText('birinchi izoh').last().waitFor();
    await video.evaluate((v) => {
      v.muted = true;
      v.playbackRate = 0.25;
      v.ours = 'same';
      return v.play();
    });
    await says('yangi xabar');
    await bot('editMessageCaption', { chat_id: aziza.id, message_id: sent, caption: 'ikkinchi izoh' });
    await page.getByText('ikkinchi izoh').last().waitFor();
    const at = await video.evaluate((v) => v.currentTime);
    await expect.poll(() => video.evaluate((v) => v.currentTime)).not.toBe(at);
    expect(await video.evaluate((v) => [v.paused, v.ours, v.videoWidth])).toEqual([false, 'same', 160]);
    expect(telegram.callsOf('sendVideo')[0]?.status).toBe(200);
  });

  test('lets a player seek: parts of a file are answered', async () => {
    const { telegram, aziza } = await open();
    await aziza.send({ video: { name: '1.mp4', bytes: Buffer.from('0123456789') } });
    const url = `${telegram.apiRoot}/control/files/${aziza.messages().at(-1)?.file?.uniqueId}`;
    const part = async (range: string): Promise<[number, string | null, string]> => {
      const response = await fetch(url, { headers: { range } });
      return [response.status, response.headers.get('content-range'), await response.text()];
    };
    expect(await part('bytes=2-4')).toEqual([206, 'bytes 2-4/10', '234']);
    expect(await part('bytes=7-')).toEqual([206, 'bytes 7-9/10', '789']);
    expect(await part('bytes=9-99')).toEqual([206, 'bytes 9-9/10', '9']);
    expect(await part('lines=1-2')).toEqual([200, null, '0123456789']);
  });

  test('keeps the focus on a button of a message that changes', async () => {
    const { page, aziza, bot, says } = await open();
    const keys = (text: string) => ({ inline_keyboard: [[{ text, callback_data: 'x' }]] });
    await says('Sahifa 1', { reply_markup: keys('Oldinga') });
    const id = aziza.messages().at(-1)?.id;
    await page.getByRole('button', { name: 'Oldinga' }).focus();
    await bot('editMessageText', {
      chat_id: 7,
      message_id: id,
      text: 'Sahifa 2',
      reply_markup: keys('Yana oldinga'),
    });
    await page.getByRole('button', { name: 'Yana oldinga' }).waitFor();
    expect(await page.evaluate('document.activeElement.textContent')).toBe('Yana oldinga');
  });
});
