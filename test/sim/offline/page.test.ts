import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createPlayground, type PlaygroundBackup } from '../../../sim/offline/page/playground.ts';
import { startTelegram } from '../../../sim/telegram/start-telegram.ts';
import type { Telegram } from '../../../sim/telegram/telegram.ts';

let telegram: Telegram;
let taken: PlaygroundBackup[];
beforeEach(async () => {
  telegram = await startTelegram();
  taken = [];
  telegram.mount(
    createPlayground({
      telegram,
      actors: [
        { person: telegram.person({ id: 7, firstName: 'Ali' }), role: 'viewer' },
        { person: telegram.person({ id: 100, firstName: 'Admin' }), role: 'admin' },
      ],
      backups: {
        run: async () => {
          if (taken.length > 0) throw new Error('a backup is running');
          taken.push({
            name: 'first',
            at: '2026-01-01T00:00:00Z',
            state: 'verified',
            bytes: 10,
            files: ['a.db.gz'],
          });
        },
        list: async () => taken,
        link: async (name, file) =>
          taken.some((backup) => backup.name === name && backup.files.includes(file))
            ? `http://127.0.0.1:1/${name}/${file}`
            : undefined,
      },
    }),
  );
});
afterEach(async () => {
  await telegram.close();
});

const get = (path: string, init?: RequestInit): Promise<Response> =>
  fetch(`${telegram.apiRoot}${path}`, init);

interface Look {
  mark: string;
  seen: { messages: object[]; backups: unknown };
}
const json = async (response: Response): Promise<Look> => JSON.parse(await response.text());

describe('the playground', () => {
  it('serves the page and everything the page asks for, from this server only', async () => {
    const page = await get('/');
    expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(page.headers.get('content-security-policy')).toContain("default-src 'self'");
    // The length of an attached video is read before it is sent.
    expect(page.headers.get('content-security-policy')).toContain("media-src 'self' blob:");
    const html = await page.text();
    const assets = [...html.matchAll(/(?:href|src)="([^"]+)"/g)].map(([, path]) => path ?? '');
    expect(assets.length).toBeGreaterThan(3);
    const asked = new Set(assets);
    for (const path of asked) {
      expect(path).toMatch(/^\/[a-z]+\.(?:js|css|svg)$/);
      const response = await get(path);
      expect(response.status, path).toBe(200);
      const imports = (await response.text()).matchAll(/from '\.(\/[^']+)'/g);
      for (const [, imported = ''] of imports) asked.add(imported);
    }
    expect(asked.size).toBeGreaterThan(15);
  });

  it('says who one can be', async () => {
    expect(await (await get('/api/setup')).json()).toMatchObject({
      bot: { username: telegram.botInfo.username },
      actors: [
        { id: 7, role: 'viewer' },
        { id: 100, role: 'admin' },
      ],
      hasBackups: true,
    });
  });

  it('takes a backup, lists it, and shows a failure', async () => {
    const take = (): Promise<Response> => get('/api/backups', { method: 'POST', body: '{}' });
    const listed = async (): Promise<unknown> =>
      (await json(await get('/api/look?person=7&chat=7'))).seen.backups;
    expect(await listed()).toEqual([]);
    expect((await take()).status).toBe(200);
    expect(await listed()).toMatchObject([{ name: 'first', files: ['a.db.gz'] }]);
    const link = await get('/api/backups/first/a.db.gz', { redirect: 'manual' });
    expect([link.status, link.headers.get('location')]).toEqual([302, 'http://127.0.0.1:1/first/a.db.gz']);
    expect((await get('/api/backups/first/other')).status).toBe(404);
    const failed = await take();
    expect(failed.status).toBe(500);
    expect(await failed.json()).toEqual({ error: 'Error: a backup is running', code: 'backup-failed' });
  });

  it('answers a look with nothing while nothing changed', async () => {
    const look = (known = ''): Promise<Response> => get(`/api/look?person=7&chat=7&known=${known}`);
    const first = await json(await look());
    expect(first.seen).toMatchObject({ chatId: 7, messages: [], chats: [{ id: 7, kind: 'bot' }] });
    expect((await look(first.mark)).status).toBe(204);
    await telegram.people[0]?.start();
    const second = await json(await look(first.mark));
    expect(second.seen.messages).toMatchObject([
      { text: '/start', html: '<a href="command:/start">/start</a>', isMine: true },
    ]);
    expect((await get('/api/look?person=8&chat=7')).status).toBe(404);
  });

  it('turns other origins and unknown paths away', async () => {
    const foreign = await get('/api/backups', {
      method: 'POST',
      headers: { origin: 'https://evil.example' },
    });
    expect(foreign.status).toBe(403);
    expect(taken).toEqual([]);
    expect((await get('/../package.json')).status).toBe(404);
    expect((await get('/playground.ts')).status).toBe(404);
  });

  it('carries the control API too, wherever it is served', async () => {
    expect(await (await get('/control/state')).json()).toMatchObject({ people: [{ id: 7 }, { id: 100 }] });
  });
});
