import { refuse } from '../../../sim/s3/memory.ts';
import type { StoreFetch } from '../../../src/backup/store/s3-http.ts';
import type { S3Settings } from '../../../src/settings/s3-endpoint.ts';

export const memorySettings: S3Settings = {
  endpoint: 'http://memory.invalid:9000',
  region: 'us-east-1',
  bucket: 'anime',
  accessKeyId: 'ACCESSKEYID',
  secretAccessKey: 'very-secret-access-key',
  forcePathStyle: true,
};

/** What one request can suffer. */
export const faults = {
  /** Never arrived. */
  reset: async () => {
    throw new TypeError('fetch failed', {
      cause: Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' }),
    });
  },
  /** Turned away before any effect. */
  busy: async () => refuse(503, 'SlowDown', { 'retry-after': '1' }),
  internal: async () => refuse(500, 'InternalError'),
  throttled: async () => refuse(429, 'TooManyRequests'),
  /** Took effect, but the answer never came. */
  lost: async (proceed: () => Promise<Response>) => {
    await proceed();
    throw new TypeError('fetch failed', { cause: new Error('other side closed') });
  },
  /** Took effect, but the answer is a proxy's error. */
  gateway: async (proceed: () => Promise<Response>) => {
    await proceed();
    return new Response('<html>bad gateway</html>', { status: 502 });
  },
  /** Took effect (or not: a HEAD has no body), and the answer broke off half-way. */
  cut: async (proceed: () => Promise<Response>) => cutShort(await proceed()),
} satisfies Record<string, (proceed: () => Promise<Response>) => Promise<Response>>;

export type Fault = keyof typeof faults;
export const faultNames = Object.keys(faults) as Fault[];

async function cutShort(response: Response): Promise<Response> {
  const bytes = new Uint8Array(await response.arrayBuffer());
  if (bytes.byteLength === 0) throw new TypeError('fetch failed', { cause: new Error('socket hang up') });
  const headers = new Headers(response.headers);
  headers.set('content-length', String(bytes.byteLength));
  return new Response(bytes.subarray(0, bytes.byteLength / 2), { status: response.status, headers });
}

/**
 * Lets `choose` pick a fault for each request, by its number from 0 and what it is (`PUT part`,
 * `POST complete`, …).
 */
export function faulty(
  fetch: StoreFetch,
  choose: (index: number, kind: string) => Fault | undefined,
): StoreFetch {
  let count = 0;
  return async (url, init) => {
    const fault = choose(count++, kindOf(init.method, new URL(url)));
    return fault === undefined ? fetch(url, init) : faults[fault](() => fetch(url, init));
  };
}

export function kindOf(method: string, { searchParams, pathname }: URL): string {
  if (pathname.split('/').length < 3 || pathname.endsWith('/'))
    return searchParams.has('uploads') ? 'uploads' : 'list';
  if (searchParams.has('uploads')) return 'begin';
  if (!searchParams.has('uploadId')) return method.toLowerCase();
  return { PUT: 'part', POST: 'complete', DELETE: 'abort' }[method] ?? method;
}
