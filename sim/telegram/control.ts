import { type Context, Hono } from 'hono';
import { describeError } from '../../src/lib/log.ts';
import { ActRefused } from './api-errors.ts';
import type { JsonObject } from './args.ts';
import { roomActions } from './control-rooms.ts';
import type { StoredFile } from './files.ts';
import type { Media, Outgoing } from './outgoing.ts';
import type { Person, Where } from './person.ts';
import type { Telegram } from './telegram.ts';
import type { SeenMessage } from './view.ts';

/**
 * People and chats over HTTP, for the playground page: every route is one call of the in-process
 * API; a failed one answers 400 with `{ error }`.
 */
export function createControl(telegram: Telegram): Hono {
  const app = new Hono().basePath('/control');
  app.onError((error, c) => {
    if (error instanceof ActRefused) return c.json({ error: error.message, code: error.code }, 400);
    // The page has no words for it, and says to look here.
    console.error(`control: ${describeError(error)}`);
    return c.json({ error: error.message }, 400);
  });

  app.get('/state', (c) =>
    c.json({
      bot: telegram.botInfo,
      people: telegram.people.map(({ user, isBlocking }) => ({ ...user, isBlocking })),
      rooms: telegram.rooms.map(({ id, title, link, state }) => ({ id, title, link, kind: state.kind })),
      calls: telegram.calls.length,
      pending: telegram.pending,
    }),
  );
  app.get('/chats/:chat/messages', (c) =>
    c.json(messagesOf(telegram, Number(c.req.param('chat'))).map(plain)),
  );
  app.get('/files/:uniqueId', (c) => {
    const file = telegram.file(c.req.param('uniqueId'));
    if (file?.bytes === undefined) return c.json({ error: 'no such file' }, 404);
    const type = shownType(file);
    const disposition =
      type !== undefined
        ? 'inline'
        : `attachment; filename*=UTF-8''${encodeURIComponent(file.name ?? 'file')}`;
    const headers = {
      'content-type': type ?? 'application/octet-stream',
      'content-disposition': disposition,
      'x-content-type-options': 'nosniff',
      'accept-ranges': 'bytes',
    };
    const part = rangeOf(c.req.header('range'), file.bytes.length);
    if (part === undefined) return c.body(Uint8Array.from(file.bytes), 200, headers);
    return c.body(Uint8Array.from(file.bytes.subarray(part.from, part.to + 1)), 206, {
      ...headers,
      'content-range': `bytes ${part.from}-${part.to}/${file.bytes.length}`,
    });
  });

  personActions(app, telegram);
  roomActions(app, telegram);

  app.post('/calls/forget', (c) => {
    telegram.forgetCalls();
    return c.json({});
  });
  return app;
}

function personActions(app: Hono, telegram: Telegram): void {
  const act = (path: string, run: (person: Person, c: Context) => Promise<unknown>): void => {
    app.post(`/people/:person/${path}`, async (c) => {
      const result = await run(personOf(telegram, Number(c.req.param('person'))), c);
      return c.json(
        isSeen(result) ? plain(result) : Array.isArray(result) ? result.map(plain) : (result ?? null),
      );
    });
  };
  act('start', async (person, c) => person.start((await c.req.json<{ payload?: string }>()).payload));
  act('open', async (person, c) => person.openLink((await c.req.json<{ link: string }>()).link));
  act('send', (person, c) =>
    c.req.header('content-type')?.startsWith('multipart/')
      ? sendFiles(telegram, person, c)
      : sendJson(telegram, person, c),
  );
  act('press', async (person, c) => {
    const { chatId, id, button } = await c.req.json<{ chatId: number; id: number; button: string }>();
    return await person.press({ chatId, id }, button);
  });
  act('edit', async (person, c) => {
    const { chatId, id, text } = await c.req.json<{ chatId: number; id: number; text: string }>();
    return await person.edit({ chatId, id }, text);
  });
  act('forward', async (person, c) => {
    const { chatId, id, in: room } = await c.req.json<{ chatId: number; id: number; in?: number }>();
    return await person.forward({ chatId, id }, where(telegram, room));
  });
  act('inline', async (person, c) => person.inline((await c.req.json<{ query: string }>()).query));
  act('choose', async (person, c) => {
    const { result, query, in: room } = await c.req.json<{ result: JsonObject; query: string; in: number }>();
    return await person.chooseInline(result, query, telegram.room(room));
  });
  act('language', async (person, c) => {
    person.setLanguage((await c.req.json<{ code: string }>()).code);
  });
  act('block', (person) => person.block());
  act('unblock', (person) => person.unblock());
}

async function sendJson(telegram: Telegram, person: Person, c: Context): Promise<SeenMessage> {
  const { message, in: room } = await c.req.json<{ message: Outgoing; in?: number }>();
  return await person.send(message, where(telegram, room));
}

interface About {
  width?: number;
  height?: number;
  /** Seconds. */
  duration?: number;
}

/** A file, or several as an album: `kind`, `caption`, `in`, `about` (a JSON list), `file`s. */
async function sendFiles(
  telegram: Telegram,
  person: Person,
  c: Context,
): Promise<SeenMessage | SeenMessage[]> {
  const form = await c.req.raw.formData();
  const text = (name: string): string => {
    const value = form.get(name);
    return typeof value === 'string' ? value : '';
  };
  const files = form.getAll('file').filter((value) => typeof value !== 'string');
  const about = JSON.parse(text('about') || '[]') as About[];
  const media = await Promise.all(
    files.map(async (file, index): Promise<Media> => {
      const input = { ...about[index], name: file.name, mime: file.type, bytes: await file.bytes() };
      const caption = index === 0 ? text('caption') : '';
      switch (text('kind')) {
        case 'photo':
          return { photo: input, caption };
        case 'video':
          return { video: input, caption };
        case 'animation':
          return { animation: input, caption };
        default:
          return { document: input, caption };
      }
    }),
  );
  const place = where(telegram, text('in') === '' ? undefined : Number(text('in')));
  const [first, ...more] = media;
  if (first === undefined) throw new Error('a file is needed');
  return more.length === 0 ? await person.send(first, place) : await person.sendAlbum(media, place);
}

function where(telegram: Telegram, room: number | undefined): Where {
  return room === undefined ? {} : { in: telegram.room(room) };
}

function personOf(telegram: Telegram, id: number): Person {
  const person = telegram.people.find((one) => one.id === id);
  if (person === undefined) throw new Error(`there is no person ${id}`);
  return person;
}

function messagesOf(telegram: Telegram, chatId: number): SeenMessage[] {
  const person = telegram.people.find(({ id }) => id === chatId);
  return person ? person.messages() : telegram.room(chatId).messages();
}

function isSeen(value: unknown): value is SeenMessage {
  return typeof value === 'object' && value !== null && 'chatId' in value && 'html' in value;
}

/** A message without its bytes, but with where to get them. */
function plain(message: SeenMessage): object {
  const { document: _document, file, ...rest } = message;
  if (file === undefined) return rest;
  const { bytes, ...about } = file;
  return {
    ...rest,
    file: { ...about, href: bytes === undefined ? undefined : `/control/files/${file.uniqueId}` },
  };
}

/** A player seeks by asking for a part (RFC 9110, 14.2); for anything else it gets all. */
function rangeOf(header: string | undefined, size: number): { from: number; to: number } | undefined {
  const [, from = '', to = ''] = /^bytes=(\d+)-(\d*)$/.exec(header ?? '') ?? [];
  const part = { from: Number(from), to: to === '' ? size - 1 : Math.min(Number(to), size - 1) };
  return from === '' || part.from > part.to ? undefined : part;
}

/** What a page may show in its place; undefined for what is only downloaded. */
function shownType({ kind, bytes, mime }: StoredFile): string | undefined {
  if (kind === 'photo' && bytes !== undefined) return imageType(bytes);
  const isMoving = kind === 'video' || kind === 'animation';
  return isMoving && (mime === 'video/mp4' || mime === 'video/webm') ? mime : undefined;
}

function imageType(bytes: Uint8Array): string {
  if (bytes[0] === 0x89) return 'image/png';
  return bytes[0] === 0xff ? 'image/jpeg' : 'image/webp';
}
