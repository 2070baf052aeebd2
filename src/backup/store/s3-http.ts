/**
 * The SDK's way to the network: one small handler over an injected `fetch`, the same in workerd and
 * Node. The SDK's own Node handler would bring sockets that workerd has not, and its fetch handler
 * neither notices a body that ends early nor a server gone silent.
 */
import type { S3ClientConfig } from '@aws-sdk/client-s3';
import { capped } from '../../lib/capped.ts';
import { guardedBody, heard, rootMessage, Silence, systemTimer } from '../../lib/silence.ts';
import { StoreError } from './types.ts';

/** What the SDK takes for its way to the network. */
export type SdkHandler = Extract<NonNullable<S3ClientConfig['requestHandler']>, { handle: unknown }>;
type SdkRequest = Parameters<SdkHandler['handle']>[0];
type SdkOptions = Parameters<SdkHandler['handle']>[1];
type SdkAnswer = Awaited<ReturnType<SdkHandler['handle']>>;

/**
 * The part of `fetch` that a store uses: bodies are whole byte arrays, so that Content-Length is
 * always sent.
 */
export type StoreFetch = (
  url: string,
  init: {
    method: string;
    headers: Record<string, string>;
    body?: Uint8Array<ArrayBuffer> | string;
    signal: AbortSignal;
    redirect: 'manual';
  },
) => Promise<Response>;

/** No answer, or one that broke off: the request may or may not have taken effect. */
export class ConnectionError extends Error {
  override readonly name = 'ConnectionError';

  get isStall(): boolean {
    return this.cause instanceof Silence;
  }
}

/**
 * How long the server may say nothing, or next to nothing, ms: until the answer's head, and while
 * its body comes.
 */
export interface Silences {
  readonly reading: number;
  /** The request carries a body first; a server may also need long to put parts together. */
  readonly writing: number;
}

export function fetchHandler(fetch: StoreFetch, silences: Silences): SdkHandler {
  return {
    async handle(request: SdkRequest, options?: SdkOptions): Promise<SdkAnswer> {
      const abort = new AbortController();
      const isWriting = request.method === 'PUT' || request.method === 'POST';
      const ms = isWriting ? silences.writing : silences.reading;
      const patience = { ms, timer: systemTimer, abort, failure: asConnectionError };
      const outer = options?.abortSignal;
      const onOuterAbort = () => abort.abort(new ConnectionError('the request was given up'));
      if (outer?.aborted) onOuterAbort();
      const unlink = new AbortController();
      if (outer !== undefined && 'addEventListener' in outer) {
        outer.addEventListener('abort', onOuterAbort, { once: true, signal: unlink.signal });
      }
      const url = addressOf(request);
      const init = {
        method: request.method,
        headers: headersOf(request),
        ...bodyOf(request),
        signal: abort.signal,
        // A redirect would carry people's data to a server that nobody chose; S3's own name the
        // region, and are an error.
        redirect: 'manual' as const,
      };
      let response: Response;
      try {
        response = await heard(patience, () => fetch(url, init));
      } finally {
        unlink.abort();
      }
      const headers: Record<string, string> = {};
      response.headers.forEach((value, name) => {
        headers[name] = value;
      });
      const length = request.method === 'HEAD' ? undefined : announcedLength(response);
      const isObject =
        request.method === 'GET' && response.ok && Object.keys(request.query ?? {}).every(isOfGet);
      const listening = isObject ? { ...patience, failure: brokenDownload(request) } : patience;
      const heardBody = response.body === null ? undefined : guardedBody(response.body, listening, length);
      const body =
        heardBody === undefined || isObject ? heardBody : capped(heardBody, MOST_ANSWER_BYTES, tooLong);
      return { response: { statusCode: response.status, reason: response.statusText, headers, body } };
    },
    updateHttpClientConfig: () => undefined,
    httpHandlerConfigs: () => ({}),
  };
}

/** A page of 1,000 keys of 1,024 bytes each, every byte escaped, is 4 MB. */
const MOST_ANSWER_BYTES = 16_000_000;

/** The SDK names the operation so; every other parameter asks for something else than an object. */
function isOfGet(parameter: string): boolean {
  return parameter === 'x-id';
}

function tooLong(): ConnectionError {
  return new ConnectionError(`an answer of more than ${MOST_ANSWER_BYTES / 1_000_000} MB that is no object`);
}

function addressOf(request: SdkRequest): string {
  const pairs: string[] = [];
  for (const [name, value] of Object.entries(request.query ?? {})) {
    for (const item of Array.isArray(value) ? value : [value]) {
      pairs.push(item === null ? escapeUri(name) : `${escapeUri(name)}=${escapeUri(item)}`);
    }
  }
  const port = request.port === undefined ? '' : `:${request.port}`;
  const query = pairs.length === 0 ? '' : `?${pairs.join('&')}`;
  return `${request.protocol}//${request.hostname}${port}${request.path}${query}`;
}

/** RFC 3986: what signature v4 signs; encodeURIComponent leaves five characters more. */
export function escapeUri(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

function headersOf(request: SdkRequest): Record<string, string> {
  // fetch sets these two itself, from the address and the body, to the very values that were
  // signed.
  const { host: _host, 'content-length': _length, ...headers } = request.headers;
  // A transparently unpacked answer would no longer be the bytes that the store holds.
  return { ...headers, 'accept-encoding': 'identity' };
}

function bodyOf(request: SdkRequest): { body?: Uint8Array<ArrayBuffer> | string } {
  const body: unknown = request.body;
  if (body === undefined || body === null || body === '') return {};
  if (typeof body === 'string') return { body };
  if (body instanceof Uint8Array && body.buffer instanceof ArrayBuffer) {
    return { body: new Uint8Array(body.buffer, body.byteOffset, body.byteLength) };
  }
  throw new TypeError('a request body must be bytes or text');
}

function announcedLength(response: Response): number | undefined {
  const header = response.headers.get('content-length');
  if (header === null || response.headers.has('content-encoding')) return undefined;
  const length = Number(header);
  return Number.isSafeInteger(length) && length >= 0 ? length : undefined;
}

/** The SDK gives the body of an object as it comes, so nobody else names what broke off. */
function brokenDownload({ path, protocol, hostname, port }: SdkRequest): (error: unknown) => StoreError {
  const what = JSON.stringify(decodeURIComponent(path.replace(/^\//, '')));
  return (error) =>
    error instanceof StoreError
      ? error
      : new StoreError(
          `s3: the download of ${what} from ${protocol}//${hostname}${port === undefined ? '' : `:${port}`} broke off (${rootMessage(error)})`,
          {
            retryable: true,
            isStall: error instanceof Silence,
          },
        );
}

function asConnectionError(error: unknown): ConnectionError {
  if (error instanceof ConnectionError) return error;
  return new ConnectionError(rootMessage(error), { cause: error });
}
