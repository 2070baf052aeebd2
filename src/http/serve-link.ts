/**
 * What a signed link leads to. All of the file is read and hashed while it is sent, and the last
 * bytes go only when the hash is the one that was signed: who has an answer whole, has the backup.
 * Node only: S3 serves its own links.
 */
import { createHash } from 'node:crypto';
import { posix } from 'node:path';
import type { Store } from '../backup/store/types.ts';
import { describeError } from '../lib/log.ts';
import type { Arrived } from './app.ts';
import { type LinkSettings, readLink } from './download-links.ts';

export interface ServeParts extends LinkSettings {
  readonly store: Store;
  /** Asked at each request: a removed admin gets nothing by an old link. */
  readonly isAdmin: (userId: number) => Promise<boolean>;
  /** Hears of an object that is not what was stored, or cannot be read to its end. */
  readonly onBroken: (object: string, reason: string) => void;
}

/** The part of a file that is sent, `to` not with it. */
interface Span {
  readonly from: number;
  readonly to: number;
}

/** Undefined for everything but a valid link of ours, without a hint why. */
export async function serveLink(
  parts: ServeParts,
  { method, headers: asked, signal }: Pick<Request, 'method' | 'headers' | 'signal'>,
  { target, breakOff }: Arrived,
): Promise<Response | undefined> {
  const { store, prefix, isAdmin, onBroken } = parts;
  const link = readLink(parts, target);
  if (link === undefined || !(await isAdmin(link.admin))) return undefined;
  const { object, sha256 } = link;
  const key = `${prefix}${object}`;
  const tag = `"${sha256}"`;
  const always = { 'Accept-Ranges': 'bytes', 'Cache-Control': 'private, no-store', ETag: tag };
  const asFile = {
    ...always,
    'Content-Type': 'application/octet-stream',
    'Content-Disposition': `attachment; filename="${posix.basename(object).replaceAll(/[^\w.-]/g, '_')}"`,
  };
  if (method === 'HEAD') {
    // A body that nobody reads would keep its file open.
    const head = await store.head(key);
    return head && new Response(null, { headers: { ...asFile, 'Content-Length': String(head.bytes) } });
  }
  const found = await store.get(key);
  if (found === undefined) return undefined;
  const { bytes, body } = found;
  const isSame = (asked.get('if-range') ?? tag) === tag;
  const span = isSame ? spanOf(asked.get('range') ?? '', bytes) : undefined;
  const { from, to } = span ?? { from: 0, to: bytes };
  if (from >= to && span !== undefined) {
    await body.cancel();
    const headers = { ...always, 'Content-Length': '0', 'Content-Range': `bytes */${bytes}` };
    return new Response(null, { status: 416, headers });
  }
  const sent = proven(body, { from, to, sha256, signal }, (error) => {
    if (!signal.aborted) onBroken(object, describeError(error));
    breakOff();
  });
  return new Response(ReadableStream.from(sent), {
    status: span === undefined ? 200 : 206,
    headers: {
      ...asFile,
      'Content-Length': String(to - from),
      ...(span === undefined ? {} : { 'Content-Range': `bytes ${from}-${to - 1}/${bytes}` }),
    },
  });
}

/** Of one range (RFC 9110, 14.1.2); several, and what is none, ask for the whole file. */
function spanOf(range: string, bytes: number): Span | undefined {
  const [, first = '', last = ''] = /^bytes=(\d*)-(\d*)$/i.exec(range) ?? [];
  if (first === '') return last === '' ? undefined : { from: Math.max(0, bytes - Number(last)), to: bytes };
  if (last !== '' && Number(last) < Number(first)) return undefined;
  return { from: Number(first), to: last === '' ? bytes : Math.min(bytes, Number(last) + 1) };
}

/** An error would be written behind what was sent, and could pass for the rest of the file. */
async function* proven(
  body: ReadableStream<Uint8Array>,
  { from, to, sha256, signal }: Span & { readonly sha256: string; readonly signal: AbortSignal },
  onBroken: (error: unknown) => void,
): AsyncGenerator<Uint8Array, void, undefined> {
  const hash = createHash('sha256');
  let at = 0;
  let held: Uint8Array | undefined;
  try {
    for await (const chunk of body) {
      signal.throwIfAborted();
      hash.update(chunk);
      const wanted = chunk.subarray(Math.max(0, from - at), Math.max(0, to - at));
      at += chunk.byteLength;
      if (wanted.byteLength === 0) continue;
      if (held !== undefined) yield held;
      held = wanted;
    }
    if (hash.digest('hex') !== sha256) throw new Error('it is not what was stored');
  } catch (error) {
    onBroken(error);
    return;
  }
  if (held !== undefined) yield held;
}
