/** The routes of both hosts (docs/spec/interface.md "HTTP"). */
import { timingSafeEqual } from 'node:crypto';
import type { Update } from 'grammy/types';
import { Hono } from 'hono';
import { createMiddleware } from 'hono/factory';
import type { Outcome } from '../bot/outcome.ts';
import { readUpdate } from '../bot/update-shape.ts';
import { wholeOf } from '../lib/capped.ts';

/** Telegram's updates are some KB; anything near this is none. */
const MAX_BODY_BYTES = 1024 * 1024;

export interface Health {
  /** `offline`: all is well, and nothing here is production. */
  readonly status: 'ok' | 'failing' | 'offline';
  readonly version: string;
  /**
   * `replaced`: somebody took the file away, and the host must restart. `incomplete`: a table or
   * column of the bot is missing. `takes no writes`: the last one failed, and one tried now does.
   */
  readonly database: 'ok' | 'unreachable' | 'replaced' | 'incomplete' | 'takes no writes';
  /** Whether database and bucket take writes; absent where there is no disk (Worker). */
  readonly disk?: string;
  /** Absent where updates come by neither webhook nor polling. */
  readonly updates?: {
    readonly last_received: string | null;
    readonly webhook: 'ok' | 'polling' | 'failing';
    /** What stands in the way, as far as this process knows by itself. */
    readonly reason?: string;
  };
  /** The database was another bot's (`from`, its user name), and its files are on their way. */
  readonly moving?: {
    readonly from: string;
    readonly files_left: number | null;
    readonly files_missing: number | null;
  };
  readonly backup: {
    readonly last_verified: string | null;
    readonly age_hours: number | null;
    /** The newest backup, or the database itself, is damaged: where to read more. */
    readonly damaged?: string;
    /**
     * The bucket did not tell within seconds, or refused: nothing is known. `another directory`:
     * its disk is not mounted, most likely. `unknown`: the database was silent, which the look
     * asks as well.
     */
    readonly bucket?: 'unreachable' | 'another directory' | 'unknown';
    /** Absent where changes are not recorded. */
    readonly changes?: {
      /** Since when the oldest change waits that is not in the bucket; 0: none does. */
      readonly lag_seconds: number;
      readonly pending: number;
      /** When the unbroken sequence of changes began. */
      readonly since: string;
      /** Change files are gone, and a newer full backup lies behind them: where to read more. */
      readonly lost?: string;
    };
  };
  /** The second bucket; absent where there is none. It never makes the whole `failing`. */
  readonly copy?: {
    readonly state: 'whole' | 'behind' | 'late';
    /** The newest backup that stands there. */
    readonly newest: string | null;
    readonly left: number;
    readonly behind_hours: number | null;
    /** Who deletes there: the bot, or the bucket by its own rules, for the bot's key may not. */
    readonly retention: 'bot' | 'bucket';
  };
}

export interface AppParts {
  /** Undefined: webhooks are off (polling), and every POST is refused. */
  readonly webhookSecret: string | undefined;
  readonly receive: (update: Update) => Promise<Outcome>;
  readonly health: () => Promise<Health>;
  /** Serves a signed link's object (directory bucket); undefined answers 403. */
  readonly download: (request: Request, arrived: Arrived) => Promise<Response | undefined>;
  /** Told of what no route expected; absent: nobody is (tests). */
  readonly failed?: (error: unknown) => void;
}

/** What only the server knows of a request. */
export interface Arrived {
  /** Path and query as they were sent: a Request resolves `./` and `x/../` in its address. */
  readonly target: string;
  /** Ends the connection at once, so that nobody takes what came for a whole answer. */
  readonly breakOff: () => void;
}

export function createApp(parts: AppParts): Hono<{ Bindings: Arrived }> {
  const app = new Hono<{ Bindings: Arrived }>();
  app.onError((error, c) => {
    // A client that left in the middle gets no answer, and is no failure of ours.
    if (!c.req.raw.signal.aborted) parts.failed?.(error);
    return c.text('try again', 500);
  });
  app.post('/webhook', requireSecret(parts.webhookSecret), async (c) => {
    const body = await bodyOf(c.req.raw);
    if (body === undefined) return c.text('body over 1 MB', 413);
    const update = readUpdate(body);
    if (update === undefined) return c.text('not an update', 400);
    const outcome = await parts.receive(update);
    if (typeof outcome !== 'string')
      return c.text('try again', 429, { 'Retry-After': String(outcome.retryAfter) });
    return outcome === 'again' ? c.text('try again', 503, { 'Retry-After': '5' }) : c.text(outcome);
  });
  app.get('/healthz', async (c) => {
    const health = await parts.health();
    return c.json(health, health.status === 'failing' ? 503 : 200);
  });
  app.get('/backups/*', async (c) => {
    try {
      return (await parts.download(c.req.raw, c.env)) ?? c.text('forbidden', 403);
    } catch {
      // Database or bucket do not answer; the link may well be good.
      return c.text('try again', 503, { 'Retry-After': '5' });
    }
  });
  return app;
}

/**
 * Undefined: over the limit. A client that leaves in the middle has sent nothing. Where the length
 * is told, the body is not looked at: a stream of it is dear on Node.
 */
async function bodyOf(request: Request): Promise<string | undefined> {
  const told = Number(/^\d+$/.exec(request.headers.get('content-length') ?? '')?.[0] ?? Number.NaN);
  if (told > MAX_BODY_BYTES) return undefined;
  if (told >= 0 && !request.headers.has('transfer-encoding')) return request.text().catch(() => '');
  if (request.body === null) return '';
  const tooLarge = new Error('over the limit');
  try {
    return new TextDecoder().decode(await wholeOf(request.body, MAX_BODY_BYTES, () => tooLarge));
  } catch (error) {
    return error === tooLarge ? undefined : '';
  }
}

/** Before anything else, and in constant time: what is compared has one length for every input. */
function requireSecret(secret: string | undefined): ReturnType<typeof createMiddleware> {
  const expected = secret === undefined ? undefined : padded(secret);
  return createMiddleware(async (c, next) => {
    const given = padded(c.req.header('X-Telegram-Bot-Api-Secret-Token') ?? '');
    if (expected === undefined || !timingSafeEqual(given, expected)) return c.text('unauthorized', 401);
    await next();
    return undefined;
  });
}

/** Telegram takes secrets of at most 256 characters of one byte. */
const MOST_SECRET = 256;
const LENGTH_BYTES = 4;
const utf8 = new TextEncoder();

/**
 * The text's length and as much of it as a secret can have: the same only for the same text, or for
 * two that are no secrets. A hash would do as well, and takes more time than all else done here.
 */
function padded(text: string): Uint8Array {
  const bytes = new Uint8Array(LENGTH_BYTES + MOST_SECRET);
  new DataView(bytes.buffer).setUint32(0, text.length);
  utf8.encodeInto(text, bytes.subarray(LENGTH_BYTES));
  return bytes;
}
