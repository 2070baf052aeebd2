/** SQL over HTTP (Turso, sqld); runs in workerd and Node. */
import { createClient } from '@libsql/client/http';
import { type Database, fromClient } from './database.ts';

export interface RemoteOptions {
  /** `libsql://…`, `https://…` or `http://…`. */
  readonly url: string;
  readonly authToken: string | undefined;
  readonly fetch: typeof fetch;
}

/** Longest wait for one batch; Telegram itself gives up on a webhook after 60 s (docs/platform-facts.md). */
const TIMEOUT_MS = 15_000;

export function openRemoteDatabase(options: RemoteOptions): Database {
  const timed = (input: Request): Promise<Response> =>
    // A redirect would carry the data, and perhaps the token, to where nobody meant them to go.
    options.fetch(input, { redirect: 'manual', signal: AbortSignal.timeout(TIMEOUT_MS) });
  return fromClient(
    createClient({
      url: options.url,
      ...(options.authToken === undefined ? {} : { authToken: options.authToken }),
      intMode: 'bigint',
      // No queue: in a Worker one request must not wait for another request's I/O.
      concurrency: 0,
      fetch: timed,
    }),
  );
}
