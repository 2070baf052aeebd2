/**
 * Signed, expiring links to objects of a directory bucket (docs/spec/backup.md "Commands": 15
 * minutes, made for that admin at that press). The signature covers object, admin, expiry and what
 * the object's bytes are. Its key comes from the bot token for this purpose alone, so links die
 * with the token. `serve-link.ts` gives what they lead to.
 */
import { createHmac, hkdfSync, timingSafeEqual } from 'node:crypto';
import { LINK_SECONDS } from '../backup/store/types.ts';
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

/** Signs links and nothing else (RFC 5869): no other use of the token yields this key. */
export function linkKey(botToken: string): Uint8Array {
  return new Uint8Array(hkdfSync('sha256', botToken, '', 'anime-bot download links', KEY_BYTES));
}

/** `key` must lie below the prefix; `sha256` is that of the object as stored, hex. */
export function signLink(settings: LinkSettings, key: string, admin: number, sha256: string): string {
  const object = key.slice(settings.prefix.length);
  const expires = Math.floor(settings.now().getTime() / 1000) + LINK_SECONDS;
  return `${settings.baseUrl}${pathOf(settings, { object, admin, sha256 }, expires)}`;
}

const BASE = '/backups/';

/** The one spelling of a link. */
function pathOf({ key }: LinkSettings, linked: Linked, expires: number): string {
  const query = new URLSearchParams({
    admin: String(linked.admin),
    expires: String(expires),
    sha256: linked.sha256,
    signature: signature(key, linked, expires),
  });
  return `${BASE}${linked.object.split('/').map(encodeURIComponent).join('/')}?${query}`;
}

/** What a link that was asked for names; undefined: it is none of ours, or its time is over. */
export interface Linked {
  readonly object: string;
  readonly admin: number;
  /** Of the object as stored, hex. */
  readonly sha256: string;
}

/** `target`: path and query as they were sent, before anybody tidied them up. */
export function readLink(settings: LinkSettings, target: string): Linked | undefined {
  const [path = '', query = ''] = target.split('?');
  const asked = new URLSearchParams(query);
  const object = decodePath(path.slice(BASE.length));
  const sha256 = asked.get('sha256') ?? '';
  const admin = Number(asked.get('admin'));
  const expires = Number(asked.get('expires'));
  if (object === undefined || !Number.isSafeInteger(admin) || !Number.isSafeInteger(expires))
    return undefined;
  const expected = Buffer.from(pathOf(settings, { object, admin, sha256 }, expires));
  const given = Buffer.from(target);
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) return undefined;
  const ends = new Date(expires * 1000);
  const { after, last } = holding(settings.now(), LINK_SECONDS * 1000);
  return ends < after || ends > last ? undefined : { object, admin, sha256 };
}

function signature(key: Uint8Array, { object, admin, sha256 }: Linked, expires: number): string {
  return createHmac('sha256', key)
    .update(JSON.stringify([object, admin, expires, sha256]))
    .digest('hex');
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
