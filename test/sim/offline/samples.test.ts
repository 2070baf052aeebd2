/** A new world begins with three anime and says what to try first; a kept world gets none. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type HostProcess, hostProcesses } from '../../support/host-process.ts';

interface Seen {
  readonly kind: string;
  readonly text: string;
  readonly html: string;
  readonly isFromBot: boolean;
  readonly file?: { readonly href?: string };
}

let directory: string;
const hosts = hostProcesses();
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'anime-samples-'));
});
afterEach(async () => {
  await hosts.stopAll();
  rmSync(directory, { recursive: true, force: true, maxRetries: 10 });
});

async function start(): Promise<{ host: HostProcess; page: string }> {
  const host = hosts.start(directory, { PORT: '0' });
  await host.until(/running offline[\s\S]*Set BOT_TOKEN/);
  return { host, page: /Write to the bot:\s+(\S+)\//.exec(host.output())?.[1] ?? '' };
}

async function messages(page: string, chat: number): Promise<Seen[]> {
  return JSON.parse(await (await fetch(`${page}/control/chats/${chat}/messages`)).text());
}

const post = (page: string, path: string, body: object): Promise<Response> =>
  fetch(`${page}/control/${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });

const send = (page: string, message: string, person = 2001): Promise<Response> =>
  post(page, `people/${person}/send`, { message });

async function filesOf(page: string, kind: string): Promise<Buffer[]> {
  const hrefs = (await messages(page, 1000)).flatMap((seen) =>
    seen.kind === kind && !seen.isFromBot ? (seen.file?.href ?? []) : [],
  );
  return Promise.all(
    hrefs.map(async (href) => {
      const response = await fetch(page + href);
      expect(response.headers.get('content-type')).toMatch(kind === 'video' ? /^video\/mp4$/ : /^image\//);
      expect(response.headers.get('content-disposition')).toBe('inline');
      return Buffer.from(await response.arrayBuffer());
    }),
  );
}

/** The boxes of an MP4, to its last byte. */
function boxes(file: Buffer): string[] {
  const found: string[] = [];
  let at = 0;
  while (at < file.length) {
    found.push(file.toString('latin1', at + 4, at + 8));
    at += Math.max(8, file.readUInt32BE(at));
  }
  expect(at).toBe(file.length);
  return found;
}

test('three anime of twelve parts, each with its own picture, under the codes that the first line names', async () => {
  const { host, page } = await start();
  expect(host.output()).toMatch(/Try first: +be Aziza and send 1, 2 or 3/);
  const pictures = await filesOf(page, 'photo');
  expect(new Set(pictures.map((bytes) => bytes.toString('base64'))).size).toBe(3);
  for (const picture of pictures) {
    expect(picture.toString('latin1', 1, 4)).toBe('PNG');
    expect(picture.length).toBeLessThan(100_000);
  }
  const videos = await filesOf(page, 'video');
  expect(new Set(videos.map((bytes) => bytes.toString('base64'))).size).toBe(36);
  for (const video of videos) {
    expect(boxes(video)).toEqual(['ftyp', 'moov', 'free', 'mdat', 'free']);
    expect(video.includes('avc1')).toBe(true);
    expect(video.length).toBeLessThan(10_000);
  }
  await send(page, '2');
  const card = (await messages(page, 2001)).find(({ isFromBot }) => isFromBot);
  expect(card).toMatchObject({ kind: 'photo', text: expect.stringContaining('Temir qaldirg‘och') });
  // The newest backup holds them; the one of the start was of an empty database.
  const bucket = join(directory, 'data/offline/backups');
  const [newest = ''] = readdirSync(bucket)
    .filter((name) => name.endsWith('.manifest.json'))
    .toSorted()
    .reverse();
  const { tables } = JSON.parse(readFileSync(join(bucket, newest), 'utf8'));
  expect(tables).toContainEqual(expect.objectContaining({ name: 'anime', rows: 3 }));
  // Whatever the greeting tells a newcomer to send is there.
  await send(page, '/start');
  const greeting = (await messages(page, 2001)).at(-1)?.html ?? '';
  const suggested = [...greeting.matchAll(/<code>(.*?)<\/code>/g)].map(([, text = '']) => text);
  expect(suggested.length).toBeGreaterThan(0);
  for (const text of suggested) {
    await send(page, text);
    expect((await messages(page, 2001)).at(-1), text).toMatchObject({ kind: 'photo', isFromBot: true });
  }
});

test('who made them is not among the people, and an admin who adds the bot to a channel is asked what for', async () => {
  const { page } = await start();
  await send(page, '/start');
  await send(page, '/admin', 1001);
  expect((await messages(page, 1001)).at(-1)?.text).toContain('Foydalanuvchilar: 2');
  await send(page, '/stats', 1001);
  expect((await messages(page, 1001)).at(-1)?.text).toMatch(/Foydalanuvchilar: 2\n.*bugun qo‘shildi: 2/);
  await send(page, '/audit', 1001);
  expect((await messages(page, 1001)).at(-1)?.text).toContain('Admin');
  const { rooms } = JSON.parse(await (await fetch(`${page}/control/state`)).text());
  const channel = rooms.find(({ kind }: { kind: string }) => kind === 'channel');
  for (const path of ['remove-bot', 'promote-bot'])
    expect((await post(page, `rooms/${channel.id}/${path}`, { person: 1001 })).status).toBe(200);
  expect((await messages(page, 1001)).at(-1)?.text).toContain('Bot «Anime kanali»ga qo‘shildi');
});

test('a kept world gets none, and who added them is no owner any more', async () => {
  const first = await start();
  expect(await first.host.stop('SIGTERM')).toBe(0);
  const second = await start();
  expect(second.host.output()).not.toContain('Try first');
  expect(second.host.output()).toContain('It goes on with what is there');
  const before = (await messages(second.page, 1000)).length;
  await fetch(`${second.page}/control/people/1000/send`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ message: '/admin' }),
  });
  const answer = (await messages(second.page, 1000)).slice(before).find(({ isFromBot }) => isFromBot);
  expect(answer?.text).not.toMatch(/admin/i);
  expect(await second.host.stop('SIGTERM')).toBe(0);
  const db = new DatabaseSync(join(directory, 'data/offline/anime_bot.db'), { timeout: 10_000 });
  expect(db.prepare('SELECT code, title FROM anime ORDER BY code').all()).toMatchObject([
    { code: 1 },
    { code: 2 },
    { code: 3 },
  ]);
  expect(db.prepare('SELECT COUNT(*) AS n FROM anime_parts GROUP BY anime_code').all()).toEqual([
    { n: 12 },
    { n: 12 },
    { n: 12 },
  ]);
  db.close();
});

test('a first start that was cut short begins anew', async () => {
  const first = hosts.start(directory, { PORT: '0' });
  await first.until(/"event":"started"/);
  await first.stop('SIGKILL');
  const { host, page } = await start();
  expect(host.output()).toContain('the first start was cut short');
  expect(await filesOf(page, 'video')).toHaveLength(36);
});
