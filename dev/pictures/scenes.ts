/** What the pictures show. The page plays each scene once, and shows it in light and dark. */
import { readFileSync } from 'node:fs';
import type { Page } from 'playwright-core';
import { drawPicture } from '../../sim/offline/picture.ts';

const PARTS = 12;
/** Fits any screen and a README, CSS pixels. */
export const WINDOW = { width: 1180, height: 760 };

export interface Scene {
  readonly name: 'viewer' | 'admin' | 'backups';
  readonly who: string;
  play(page: Page): Promise<void>;
}

const cover = drawPicture({
  sky: [
    [18, 58, 92],
    [242, 164, 132],
  ],
  disc: [255, 232, 190],
  at: [0.7, 0.46, 0.13],
  hills: [
    [96, 96, 132],
    [60, 66, 104],
    [28, 36, 66],
  ],
  hasStars: true,
});
const CAPTION =
  'Yulduzli daryo\nQayiqchi Nodir har kecha daryoga tushgan yulduzlarni yig‘ib, tongda osmonga qaytaradi.';

export const SCENES: readonly Scene[] = [
  {
    name: 'viewer',
    who: 'Aziza',
    async play(page) {
      await say(page, '1');
      await press(page, /Animeni ko‘rish|Watch/);
      await key(page, /^12$|➡/).waitFor();
    },
  },
  {
    name: 'admin',
    who: 'Admin',
    async play(page) {
      await say(page, '/admin');
      await press(page, /^➕/);
      await key(page, /^➕/).waitFor({ state: 'detached' });
      await page.setInputFiles('#files', {
        name: 'daryo.png',
        mimeType: 'image/png',
        buffer: Buffer.from(cover),
      });
      await say(page, CAPTION);
      await page.getByText('2️⃣').last().waitFor();
      const video = readFileSync(new URL('../../sim/offline/samples/3.mp4', import.meta.url));
      const files = Array.from({ length: PARTS }, (_, i) => ({
        name: `daryo-${i + 1}.mp4`,
        mimeType: 'video/mp4',
        buffer: Buffer.concat([video, mark(i)]),
      }));
      await page.setInputFiles('#files', files);
      await say(page, '');
      await press(page, new RegExp(`^✅.*\\(${PARTS}\\)`));
      await press(page, /^✅ 4/);
      await press(page, /^▶️/);
      await key(page, /^✏️/).waitFor();
    },
  },
  {
    name: 'backups',
    who: 'Admin',
    async play(page) {
      const backups = page.locator('#backups li');
      const before = await backups.count();
      await page.locator('#backup-run').click();
      await backups.nth(before).waitFor();
      await say(page, '/backups');
      await page
        .locator('.message:not(.mine)', { hasText: /Zaxira nusxalar|Backups/ })
        .last()
        .waitFor();
    },
  },
];

/** A box that players skip, so that no two parts are the same file. */
function mark(number: number): Uint8Array {
  const box = Buffer.from('0000free00', 'latin1');
  box.writeUInt32BE(box.length, 0);
  box[9] = number;
  return box;
}

async function say(page: Page, text: string): Promise<void> {
  await page.fill('#text', text);
  await page.locator('#compose [type="submit"]').click();
}

function key(page: Page, name: RegExp) {
  return page.locator('.keyboard .key', { hasText: name }).last();
}

async function press(page: Page, name: RegExp): Promise<void> {
  await key(page, name).click();
}
