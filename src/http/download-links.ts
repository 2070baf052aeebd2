/**
 * Signed, expiring links to objects of a directory bucket (docs/spec/backup.md "Commands": 15
 * minutes, made for that admin at that press). The signature covers object, admin and expiry. Its
 * key comes from the bot token for this purpose alone, so links die with the token. A removed admin
 * gets nothing by an old link.
 */
import { createHmac, hkdfSync, timingSafeEqual } from 'node:crypto';
import { posix } from 'node:path';
import { LINK_SECONDS, type Store } from '../backup/store/types.ts';
import { holding } from '../db/time.ts';

const KEY_BYTES = 32;

export interface LinkSettings {
  /** Base address of this host, without a trailing slash. */
  readonly baseUrl: string;
  /** From {@link linkKey}. */
  readonly key: Uint8Array;
  /** The bucket's key prefix. */
  readonly prefix: string;
  readonly now: () => Date;
}

/**
 * The key that signs links and nothing else (RFC 5869). The purpose is part of it: no other use of
 * the token yields this key.
 */
export function linkKey(botToken: string): Uint8Array {
  return new Uint8Array(hkdfSync('sha256', botToken, '', 'anime-bot download links', KEY_BYTES));
}

/** `key` must lie below the prefix. */
export function signLink(settings: LinkSettings, key: string, adminId: number): string {
  const object = key.slice(settings.prefix.length);
  const expires = Math.floor(settings.now().getTime() / 1000) + LINK_SECONDS;
  return `${settings.baseUrl}${pathOf(object, adminId, expires, signature(settings, object, adminId, expires))}`;
}

/** The one spelling of a link. */
function pathOf(object: string, admin: number, expires: number, signed: Buffer): string {
  const query = new URLSearchParams({
    admin: String(admin),
    expires: String(expires),
    signature: signed.toString('hex'),
  });
  return `/backups/${object.split('/').map(encodeURIComponent).join('/')}?${query}`;
}

/** The object's bytes; undefined for everything but a valid link of ours, without a hint why. */
export async function serveLink(
  settings: LinkSettings,
  store: Store,
  isAdmin: (userId: number) => Promise<boolean>,
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
  if (request.url.slice(url.origin.length) !== pathOf(object, admin, expires, expected)) return undefined;
  const ends = new Date(expires * 1000);
  const { after, last } = holding(settings.now(), LINK_SECONDS * 1000);
  if (ends < after || ends > last) return undefined;
  if (!(await isAdmin(admin))) return undefined;
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
  return createHmac('sha256', settings.key)
    .update(JSON.stringify([object, adminId, expires]))
    .digest();
}

/** Undefined for a path that names no object: a signature over such a path opens nothing either. */
function decodePath(path: string): string | undefined {
  try {
    const object = decodeURIComponent(path);
    const isObject = object.split('/').every((part) => part !== '' && !part.startsWith('.'));
    return isObject && !/[\\\x00-\x1f]/.test(object) ? object : undefined;
  } catch {
    return undefined;
  }
}
