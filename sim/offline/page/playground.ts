/** Node only: reads the page's files from disk. */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Hono } from 'hono';
import { describeError } from '../../../src/lib/log.ts';
import { createControl } from '../../telegram/control.ts';
import type { Telegram } from '../../telegram/telegram.ts';
import { type Actor, look } from './look.ts';
import { LANGUAGES, TEXTS } from './texts/all-texts.ts';

/** A backup as the page lists it. */
export interface PlaygroundBackup {
  name: string;
  /** ISO 8601. */
  at: string;
  state: 'verified' | 'damaged' | 'unreadable' | 'unfinished';
  /** Of all files together. */
  bytes: number;
  files: string[];
  /** Why it was made (docs/formats.md). */
  trigger?: string | undefined;
}

export interface PlaygroundOptions {
  telegram: Telegram;
  /** The first is chosen at the start. */
  actors: readonly Actor[];
  /** In which the page shows times, as the bot does; absent: the browser's. */
  timeZone?: string;
  /** Absent: the page has no backup panel. */
  backups?: {
    /** Takes a backup; resolves when it is proved, rejects when it failed. */
    run(): Promise<unknown>;
    /** Newest first. */
    list(): Promise<PlaygroundBackup[]>;
    /** A present address of a backup's file; undefined when there is no such file. */
    link(name: string, file: string): Promise<string | undefined>;
  };
}

const TYPES = { css: 'text/css; charset=utf-8', js: 'text/javascript; charset=utf-8' };
/** A listing reads the bucket, so pages that ask together share one; milliseconds. */
const LISTED_FOR = 700;

/**
 * The offline playground: a page to write to the bot as a viewer or an admin, and its routes. A
 * fetch handler for `telegram.mount`, whose server turns other pages away.
 */
export function createPlayground({
  telegram,
  actors,
  timeZone,
  backups,
}: PlaygroundOptions): (request: Request) => Promise<Response> {
  const app = new Hono();
  // Everything comes from this server, whose HTML of messages still may run nothing.
  app.use(async (c, next) => {
    await next();
    c.header(
      'content-security-policy',
      "default-src 'self'; img-src 'self' data: blob:; media-src 'self' blob:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    );
    c.header('referrer-policy', 'no-referrer');
    c.header('x-dns-prefetch-control', 'off');
  });
  servePage(app);
  app.get('/api/setup', (c) =>
    c.json({
      bot: telegram.botInfo,
      actors: actors.map(({ person, role }) => ({ ...person.user, role })),
      hasBackups: backups !== undefined,
      timeZone,
    }),
  );
  const listing = sharedListing(backups);
  app.get('/api/look', async (c) => {
    const actor = actors.find(({ person }) => person.id === Number(c.req.query('person')));
    if (actor === undefined) return c.json({ error: 'no such person on this page' }, 404);
    const { person } = actor;
    const asked = Number(c.req.query('chat'));
    const isKnown = telegram.rooms.some(({ id }) => id === asked);
    const chatId = isKnown ? asked : person.id;
    const wantsCalls = c.req.query('calls') === '1';
    const seen = look({ telegram, actors, actor, chatId, wantsCalls });
    const body = JSON.stringify({ ...seen, chatId, backups: await listing.read() });
    const mark = createHash('sha256').update(body).digest('base64url');
    if (c.req.query('known') === mark) return c.body(null, 204);
    return c.json({ mark, seen: JSON.parse(body) });
  });
  app.post('/api/backups', async (c) => {
    if (backups === undefined) return c.json({ error: 'no backups here' }, 404);
    try {
      await backups.run();
    } catch (error) {
      console.error(`backup: ${describeError(error)}`);
      return c.json({ error: describeError(error), code: 'backup-failed' }, 500);
    } finally {
      listing.forget();
    }
    return c.json({});
  });
  // A download link lives some minutes, the page for days.
  app.get('/api/backups/:name/:file', async (c) => {
    const link = await backups?.link(c.req.param('name'), c.req.param('file'));
    return link === undefined ? c.json({ error: 'no such file' }, 404) : c.redirect(link);
  });
  app.route('/', createControl(telegram));
  app.onError((error, c) => {
    console.error(`page: ${describeError(error)}`);
    return c.json({ error: error.message }, 500);
  });
  return async (request) => await app.fetch(request);
}

/** Every style and script beside this file, the texts, and nothing else. */
function servePage(app: Hono): void {
  const read = (file: string): string => readFileSync(join(import.meta.dirname, file), 'utf8');
  app.get('/', (c) => c.body(read('page.html'), 200, { 'content-type': 'text/html; charset=utf-8' }));
  for (const file of readdirSync(import.meta.dirname)) {
    const type = TYPES[/\.(css|js)$/.exec(file)?.[1] as keyof typeof TYPES];
    if (type !== undefined) app.get(`/${file}`, (c) => c.body(read(file), 200, { 'content-type': type }));
  }
  app.get('/texts.js', (c) =>
    c.body(
      `export const TEXTS = ${JSON.stringify(TEXTS)};\nexport const LANGUAGES = ${JSON.stringify(LANGUAGES)};\n`,
      200,
      { 'content-type': TYPES.js },
    ),
  );
  app.get('/icon.svg', (c) => c.body(read('icon.svg'), 200, { 'content-type': 'image/svg+xml' }));
}

interface Listing {
  /** Undefined without a backup panel. */
  read(): Promise<PlaygroundBackup[] | 'unreadable' | undefined>;
  forget(): void;
}

function sharedListing(backups: PlaygroundOptions['backups']): Listing {
  let at = Number.NEGATIVE_INFINITY;
  let listing: ReturnType<Listing['read']> = Promise.resolve(undefined);
  return {
    read() {
      if (backups !== undefined && performance.now() - at > LISTED_FOR) {
        at = performance.now();
        listing = backups.list().catch((error: unknown) => {
          console.error(`list of backups: ${describeError(error)}`);
          return 'unreadable' as const;
        });
      }
      return listing;
    },
    forget() {
      at = Number.NEGATIVE_INFINITY;
    },
  };
}
