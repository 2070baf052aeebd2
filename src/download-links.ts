/**
 * Signed, expiring links to objects of a directory bucket (spec/backup.md "Commands": 15 minutes, made for that admin at that press).
 * The signature covers object, admin and expiry; the key is derived from the bot token, so links die with it.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { posix } from 'node:path';
import type { Store } from './backup/store/types.ts';
import { holding } from './db/time.ts';

/** How long a link lives, seconds. */
const LINK_SECONDS = 15 * 60;

export interface LinkSettings {
  /** Base address of this host, without a trailing slash. */
  readonly baseUrl: string;
  readonly botToken: string;
  /** The bucket's key prefix. */
  readonly prefix: string;
  readonly now: () => Date;
}

/** `key` must lie below the prefix. */
export function signLink(settings: LinkSettings, key: string, adminId: number): string {
  const object = key.slice(settings.prefix.length);
  const expires = Math.floor(settings.now().getTime() / 1000) + LINK_SECONDS;
  const query = new URLSearchParams({
    admin: String(adminId),
    expires: String(expires),
    signature: signature(settings, object, adminId, expires).toString('hex'),
  });
  return `${settings.baseUrl}/backups/${object.split('/').map(encodeURIComponent).join('/')}?${query}`;
}

/** The object's bytes, or undefined for whatever is not a valid link of ours (no hint as to why). */
export async function serveLink(
  settings: LinkSettings,
  store: Store,
  request: Request,
): Promise<Response | undefined> {
  const url = new URL(request.url);
  const object = decodePath(url.pathname.slice('/backups/'.length));
  const admin = Number(url.searchParams.get('admin'));
  const expires = Number(url.searchParams.get('expires'));
  const given = Buffer.from(url.searchParams.get('signature') ?? '', 'hex');
  if (object === undefined || !Number.isSafeInteger(admin) || !Number.isSafeInteger(expires))
    return undefined;
  const expected = signature(settings, object, admin, expires);
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) return undefined;
  const ends = new Date(expires * 1000);
  const { after, last } = holding(settings.now(), LINK_SECONDS * 1000);
  if (ends < after || ends > last) return undefined;
  const key = settings.prefix + object;
  // A body that nobody reads would keep its file open.
  const found =
    request.method === 'HEAD'
      ? await store.head(key).then((head) => head && { bytes: head.bytes, body: null })
      : await store.get(key);
  if (found === undefined) return undefined;
  return new Response(found.body, {
    headers: {
      'Content-Type': 'application/octet-stream',
      'Content-Length': String(found.bytes),
      'Content-Disposition': `attachment; filename="${posix.basename(object).replaceAll(/[^\w.-]/g, '_')}"`,
      'Cache-Control': 'private, no-store',
    },
  });
}

function signature(settings: LinkSettings, object: string, adminId: number, expires: number): Buffer {
  const key = createHmac('sha256', settings.botToken).update('anime-bot download links').digest();
  return createHmac('sha256', key)
    .update(JSON.stringify([object, adminId, expires]))
    .digest();
}

function decodePath(path: string): string | undefined {
  try {
    const object = decodeURIComponent(path);
    return object === '' || object.split('/').includes('..') ? undefined : object;
  } catch {
    return undefined;
  }
}
