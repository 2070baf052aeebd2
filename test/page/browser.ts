/** The page in a real browser, before a stand-in whose bot says what a test tells it to. */
import type { Browser, BrowserContext, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, inject } from 'vitest';
import { launchChromium } from '../../dev/chromium.ts';
import { createPlayground, type PlaygroundBackup } from '../../sim/offline/page/playground.ts';
import { type Person, type Room, startTelegram } from '../../sim/telegram/start-telegram.ts';
import type { Telegram } from '../../sim/telegram/telegram.ts';

export interface Scene {
  telegram: Telegram;
  page: Page;
  context: BrowserContext;
  aziza: Person;
  admin: Person;
  channel: Room;
  group: Room;
  backups: { taken: PlaygroundBackup[]; failure: string | undefined };
  /** What the browser asked of anything but this machine. */
  outside: string[];
  /** Calls the Bot API as the bot. */
  bot(method: string, params: object): Promise<void>;
  /** The bot writes to Aziza. */
  says(text: string, more?: object): Promise<void>;
}

const path = inject('chromium');
let browser: Browser;
let closing: (() => Promise<unknown>)[] = [];

/** Tests that need the browser; skipped where there is none. */
export function inBrowser(name: string, tests: () => void): void {
  describe.skipIf(path === '')(name, () => {
    beforeAll(async () => {
      browser = await launchChromium(path);
    });
    afterEach(async () => {
      for (const close of closing.reverse()) await close();
      closing = [];
    });
    afterAll(() => browser.close());
    tests();
  });
}

export async function open(options: BrowserContextOptions & { messages?: number } = {}): Promise<Scene> {
  const { messages = 0, ...wanted } = options;
  const telegram = await startTelegram();
  const aziza = telegram.person({ id: 7, firstName: 'Aziza', username: 'aziza', languageCode: 'uz' });
  const admin = telegram.person({ id: 100, firstName: 'Admin', languageCode: 'uz' });
  const channel = telegram.channel({
    title: 'Anime kanali',
    username: 'anime_kanal',
    members: [aziza, admin],
  });
  const group = telegram.group({
    title: 'Anime guruhi',
    inviteLink: 'https://t.me/+AbCd',
    members: [aziza, admin],
  });
  telegram.connect(async () => {});
  const backups: Scene['backups'] = { taken: [], failure: undefined };
  telegram.mount(
    createPlayground({
      telegram,
      actors: [
        { person: aziza, role: 'viewer', tries: ['1'] },
        { person: admin, role: 'admin' },
      ],
      timeZone: 'Asia/Tashkent',
      backups: {
        run: async () => {
          if (backups.failure !== undefined) throw new Error(backups.failure);
          backups.taken.unshift(backupOf(`20260101_00000${backups.taken.length}`, 20_480));
        },
        list: async () => backups.taken,
        link: async (name, file) => `${telegram.apiRoot}/icon.svg?${name}/${file}`,
      },
    }),
  );
  const context = await browser.newContext({
    viewport: { width: 1280, height: 800 },
    locale: 'uz',
    ...wanted,
  });
  context.setDefaultTimeout(10_000);
  const outside: string[] = [];
  await context.route(/^(?!http:\/\/127\.0\.0\.1:|data:|blob:)/, (route) => {
    outside.push(route.request().url());
    return route.fulfill({ body: 'outside', contentType: 'text/plain' });
  });
  const page = await context.newPage();
  page.on('pageerror', (error) => {
    throw error;
  });
  closing.push(
    () => telegram.close(),
    () => context.close(),
  );
  const bot = async (method: string, params: object): Promise<void> => {
    const response = await fetch(`${telegram.apiRoot}/bot${telegram.token}/${method}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(params),
    });
    if (!response.ok) throw new Error(`${method}: ${await response.text()}`);
  };
  const says = (text: string, more: object = {}): Promise<void> =>
    bot('sendMessage', { chat_id: aziza.id, text, parse_mode: 'HTML', ...more });
  await aziza.start();
  for (let i = 1; i <= messages; i += 1) await says(`Xabar ${100 + i}`);
  await page.goto(telegram.apiRoot);
  await page.getByText('/start').last().waitFor();
  return { telegram, page, context, aziza, admin, channel, group, backups, outside, bot, says };
}

export function backupOf(name: string, bytes: number): PlaygroundBackup {
  return {
    name,
    at: '2026-01-01T00:00:00Z',
    state: 'verified',
    bytes,
    files: [`anime_bot_${name}.db.gz`, `anime_backup_${name}.json.gz`],
  };
}
