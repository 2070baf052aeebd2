/** The Bot API behind a `fetch`, for runs of many thousand calls on a clock of their own. */
import { type Api, errorBody } from './api.ts';
import { ApiError } from './api-errors.ts';
import { parseArgs } from './api-server.ts';

/** A request as grammY makes it; only this much of a library's signal and stream is used. */
export interface ApiRequest {
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | AsyncIterable<Uint8Array>;
  readonly signal?: {
    readonly aborted: boolean;
    addEventListener(type: 'abort', listener: () => void): void;
  };
}

export type ApiFetch = (url: string, request?: ApiRequest) => Promise<Response>;

export function createApiFetch({
  isToken,
  api,
}: {
  readonly isToken: (given: string) => boolean;
  readonly api: Api;
}): ApiFetch {
  return async (address, { headers = {}, body = '', signal } = {}) => {
    const url = new URL(address);
    const [, given = '', method = ''] = /^\/bot([^/]+)\/([^/]*)$/.exec(url.pathname) ?? [];
    const hangUp = new AbortController();
    if (signal?.aborted === true) hangUp.abort();
    signal?.addEventListener('abort', () => hangUp.abort());
    try {
      if (!isToken(given)) throw new ApiError(401, 'Unauthorized');
      const bytes = typeof body === 'string' ? Buffer.from(body) : await wholeOf(body);
      const args = await parseArgs(url, new Headers(headers).get('content-type') ?? '', bytes);
      const outcome = await api.call(method, args, hangUp.signal);
      if (outcome === 'drop') throw new TypeError('fetch failed');
      return Response.json(outcome.body, { status: outcome.status });
    } catch (cause) {
      if (!(cause instanceof ApiError)) throw cause;
      return Response.json(errorBody(cause), { status: cause.status });
    }
  };
}

async function wholeOf(body: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return Buffer.concat(chunks);
}
