/** Node only: reads the page's files from disk. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Hono } from 'hono';
import { createControl } from '../telegram/control.ts';
import type { Person, Telegram } from '../telegram/index.ts';

/** A backup as the page lists it; `href` is where a file can be downloaded. */
export interface PlaygroundBackup {
  name: string;
  /** Of all files together. */
  bytes: number;
  files: { name: string; href: string }[];
}

export interface PlaygroundOptions {
  telegram: Telegram;
  /** Who one can be on the page; the first is chosen at the start. */
  actors: { person: Person; role: 'viewer' | 'admin' }[];
  /** Left out, the page has no backup panel. */
  backups?: {
    /** Takes a backup; resolves when it is proved, rejects when it failed. */
    run(): Promise<unknown>;
    /** Newest first. */
    list(): Promise<PlaygroundBackup[]>;
  };
}

const FILES: Record<string, [file: string, type: string]> = {
  '/': ['page.html', 'text/html; charset=utf-8'],
  '/style.css': ['style.css', 'text/css; charset=utf-8'],
  '/chat.css': ['chat.css', 'text/css; charset=utf-8'],
  '/composer.css': ['composer.css', 'text/css; charset=utf-8'],
  '/panels.css': ['panels.css', 'text/css; charset=utf-8'],
  '/phone.css': ['phone.css', 'text/css; charset=utf-8'],
  '/main.js': ['main.js', 'text/javascript; charset=utf-8'],
  '/dom.js': ['dom.js', 'text/javascript; charset=utf-8'],
  '/chat.js': ['chat.js', 'text/javascript; charset=utf-8'],
  '/composer.js': ['composer.js', 'text/javascript; charset=utf-8'],
  '/panels.js': ['panels.js', 'text/javascript; charset=utf-8'],
};

/**
 * The offline playground: a plain page to write to the bot as a viewer or an admin, and the routes it needs. A fetch
 * handler for `telegram.mount`, whose server turns other pages away.
 */
export function createPlayground({
  telegram,
  actors,
  backups,
}: PlaygroundOptions): (request: Request) => Promise<Response> {
  const app = new Hono();
  // Everything comes from this server; messages are HTML of the stand-in's own making, and still may run nothing.
  app.use(async (c, next) => {
    await next();
    c.header(
      'content-security-policy',
      "default-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    );
    c.header('referrer-policy', 'no-referrer');
  });
  for (const [path, [file, type]] of Object.entries(FILES)) {
    app.get(path, (c) =>
      c.body(readFileSync(join(import.meta.dirname, file)), 200, { 'content-type': type }),
    );
  }
  app.get('/favicon.ico', (c) => c.body(null, 204));
  app.get('/api/setup', (c) =>
    c.json({
      bot: telegram.botInfo,
      actors: actors.map(({ person, role }) => ({ ...person.user, role })),
      hasBackups: backups !== undefined,
    }),
  );
  app.get('/api/backups', async (c) => c.json((await backups?.list()) ?? []));
  app.post('/api/backups', async (c) => {
    if (backups === undefined) return c.json({ error: 'no backups here' }, 404);
    await backups.run();
    return c.json(await backups.list());
  });
  app.route('/', createControl(telegram));
  app.onError((error, c) => c.json({ error: error.message }, 500));
  return async (request) => await app.fetch(request);
}
