/**
 * `npm run pictures`: plays offline mode from a fresh directory in a real Chromium, in two
 * languages, and takes the README's pictures, light and dark.
 */
import { mkdirSync, statSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { script } from '../../src/cli/script.ts';
import { describeError } from '../../src/lib/log.ts';
import { findChromium, installFonts, launchChromium } from '../chromium.ts';
import { startOfflineHost } from './pictured-host.ts';
import { SCENES, type Scene, WINDOW } from './scenes.ts';

const LANGUAGES = ['uz', 'en'] as const;
const SCHEMES = ['light', 'dark'] as const;
/** All together, bytes: a README that loads at once. */
const MOST_BYTES = 700_000;
/** Of WebP; below it the covers' skies show bands. */
const QUALITY = 80;

const { to } = script('pictures', "Makes the README's pictures from the offline page, in a real Chromium.")
  .option('--to <directory>', 'where they go', fileURLToPath(new URL('../../docs/pictures', import.meta.url)))
  .parse()
  .opts<{ to: string }>();

try {
  const path = findChromium(process.env);
  try {
    installFonts(process.env);
  } catch (error) {
    console.error(`note: ${describeError(error)}`);
  }
  const browser = await launchChromium(path);
  try {
    mkdirSync(to, { recursive: true });
    let bytes = 0;
    for (const language of LANGUAGES) bytes += await picturesIn(browser, language, resolve(to));
    console.log(`${Math.round(bytes / 1000)} KB in all, in ${to}`);
    if (bytes > MOST_BYTES) throw new Error(`the pictures have ${bytes} bytes, more than ${MOST_BYTES}`);
  } finally {
    await browser.close();
  }
} catch (error) {
  console.error(`The pictures were not made: ${describeError(error)}`);
  process.exitCode = 1;
}

async function picturesIn(browser: Browser, language: string, directory: string): Promise<number> {
  const host = await startOfflineHost();
  try {
    let bytes = 0;
    const [light, dark] = await Promise.all(
      SCHEMES.map((scheme) => openPage(browser, host.address, language, scheme)),
    );
    for (const scene of SCENES) {
      for (const page of [light, dark]) if (page !== undefined) await choose(page, scene);
      if (light !== undefined) await scene.play(light);
      for (const [i, page] of [light, dark].entries()) {
        if (page === undefined) continue;
        const file = join(directory, `${scene.name}-${language}-${SCHEMES[i]}.webp`);
        await waitUntilShown(page);
        writeFileSync(file, await takePicture(page));
        bytes += statSync(file).size;
        console.log(file);
      }
    }
    return bytes;
  } finally {
    await host.close();
  }
}

async function openPage(
  browser: Browser,
  address: string,
  language: string,
  colorScheme: 'light' | 'dark',
): Promise<Page> {
  const context = await browser.newContext({
    viewport: WINDOW,
    colorScheme,
    locale: language,
    timezoneId: 'Asia/Tashkent',
  });
  context.setDefaultTimeout(20_000);
  await context.addInitScript(`localStorage.setItem('language', '"${language}"')`);
  const page = await context.newPage();
  await page.goto(address);
  await page.locator('#actors button').first().waitFor();
  return page;
}

async function choose(page: Page, { who }: Scene): Promise<void> {
  await page.locator('#actors button', { hasText: who }).first().click();
}

/**
 * The page shows what the server knows, pictures and first frames are there, no note covers
 * anything.
 */
async function waitUntilShown(page: Page): Promise<void> {
  await page.waitForTimeout(1_200);
  await page.waitForFunction(
    `[...document.querySelectorAll('#flow img, #flow video')].every((e) => e.complete ?? e.readyState >= 2)`,
  );
  await page.locator('#toast').waitFor({ state: 'hidden' });
  await page.evaluate(
    `document.activeElement.blur(); document.querySelectorAll('#flow video').forEach((v) => { v.controls = false; })`,
  );
  await page.mouse.move(0, 0);
  await page.waitForTimeout(200);
}

async function takePicture(page: Page): Promise<Buffer> {
  const session = await page.context().newCDPSession(page);
  const { data } = await session.send('Page.captureScreenshot', { format: 'webp', quality: QUALITY });
  return Buffer.from(data, 'base64');
}
