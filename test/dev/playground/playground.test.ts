import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createPlayground, type PlaygroundBackup } from '../../../dev/playground/index.ts';
import { startTelegram, type Telegram } from '../../../dev/telegram/index.ts';

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
          taken.push({ name: 'first', bytes: 10, files: [{ name: 'a.db.gz', href: '/download/a.db.gz' }] });
        },
        list: async () => taken,
      },
    }),
  );
});
afterEach(async () => {
  await telegram.close();
});

const get = (path: string, init?: RequestInit): Promise<Response> =>
  fetch(`${telegram.apiRoot}${path}`, init);

describe('the playground', () => {
  it('serves the page and everything the page asks for, from this server only', async () => {
    const page = await get('/');
    expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(page.headers.get('content-security-policy')).toContain("default-src 'self'");
    const html = await page.text();
    const assets = [...html.matchAll(/(?:href|src)="([^"]+)"/g)].map(([, path]) => path ?? '');
    expect(assets.length).toBeGreaterThan(3);
    const modules = await (await get('/main.js')).text();
    const imports = [...modules.matchAll(/from '\.(\/[^']+)'/g)].map(([, path]) => path ?? '');
    for (const path of [...assets, ...imports]) {
      expect(path).toMatch(/^\/[a-z]+\.(?:js|css)$/);
      expect((await get(path)).status, path).toBe(200);
    }
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
    expect(await (await get('/api/backups')).json()).toEqual([]);
    expect(await (await take()).json()).toMatchObject([
      { name: 'first', files: [{ href: '/download/a.db.gz' }] },
    ]);
    const failed = await take();
    expect(failed.status).toBe(500);
    expect(await failed.json()).toEqual({ error: 'a backup is running' });
  });

  it('turns other origins and unknown paths away', async () => {
    const foreign = await get('/api/backups', {
      method: 'POST',
      headers: { origin: 'https://evil.example' },
    });
    expect(foreign.status).toBe(403);
    expect(taken).toEqual([]);
    expect((await get('/../package.json')).status).toBe(404);
    expect((await get('/index.ts')).status).toBe(404);
  });

  it('carries the control API too, wherever it is served', async () => {
    expect(await (await get('/control/state')).json()).toMatchObject({ people: [{ id: 7 }, { id: 100 }] });
  });
});
