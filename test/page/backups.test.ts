/** The panel of backups follows what is in the bucket. */
import { expect, test } from 'vitest';
import { backupOf, inBrowser, open } from './browser.ts';

inBrowser('the backups panel', () => {
  test('shows new ones by itself, with sizes and states as people read them', async () => {
    const { page, backups } = await open({ timezoneId: 'America/New_York' });
    const list = page.locator('#backups li');
    await page.getByText('Hali zaxira nusxa yo‘q.').waitFor();
    backups.taken.unshift(backupOf('20260101_000000', 20_480));
    await expect.poll(() => list.first().innerText()).toMatch(/20,5 KB/);
    expect(await list.first().innerText()).toMatch(
      // In the bot's time zone, wherever the browser is; a backup's name is UTC.
      /^1-yanvar, 05:00\s+✓ tekshirilgan\s+20260101_000000 UTC/,
    );
    backups.taken.unshift({
      ...backupOf('20260102_000000', 5_300_000),
      state: 'damaged',
      trigger: 'restore',
    });
    await expect.poll(() => list.count()).toBe(2);
    expect(await list.first().innerText()).toMatch(/buzilgan[\s\S]*5,3 MB\s+tiklashdan oldingi holat/);
    backups.taken.pop();
    await expect.poll(() => list.count()).toBe(1);
  });

  test('takes one, says so at once, and links to both files', async () => {
    const { page, backups } = await open();
    await page.getByRole('button', { name: 'Hozir zaxira nusxa olish' }).click();
    await page.locator('#toast', { hasText: 'Zaxira nusxa olindi va tekshirildi.' }).waitFor();
    await expect.poll(() => page.locator('#backups li').count()).toBe(1);
    const link = page.getByRole('link', { name: 'Yuklab olish: anime_bot_' });
    expect(await link.getAttribute('href')).toBe(
      `/api/backups/${backups.taken[0]?.name}/${backups.taken[0]?.files[0]}`,
    );
    expect(await page.locator('#backups a').allInnerTexts()).toEqual([
      '↓ Baza (SQLite)',
      '↓ O‘qiladigan nusxa (JSON)',
    ]);
  });

  test('says in Uzbek that one failed; the reason in English stays in the terminal', async () => {
    const { page, backups } = await open();
    backups.failure = 'disk full at Object.write (/src/backup.ts:1:1)';
    await page.getByRole('button', { name: 'Hozir zaxira nusxa olish' }).click();
    const note = page.locator('#toast');
    await note.waitFor();
    expect(await note.innerText()).toBe('Zaxira nusxa olinmadi. Sababi terminalda yozilgan.');
    await page.getByRole('button', { name: 'Hozir zaxira nusxa olish' }).waitFor();
  });
});
