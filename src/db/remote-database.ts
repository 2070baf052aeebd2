/** SQL over HTTP (Turso, sqld); runs in workerd and Node. */
import { createClient } from '@libsql/client/http';
import { wholeOf } from '../lib/capped.ts';
import { isCrowded, MOST_PARTS } from '../lib/crowded-json.ts';
import { type Database, fromClient } from './database.ts';

export interface RemoteOptions {
  /** `libsql://…`, `https://…` or `http://…`. */
  readonly url: string;
  readonly authToken: string | undefined;
  readonly fetch: typeof fetch;
}

/** A result of 10 MB (the server's limit) whose every byte became six characters, and some room. */
const MOST_ANSWER_BYTES = 64 * 1024 * 1024;
/**
 * Longest wait for one batch; Telegram itself gives up on a webhook after 60 s
 * (docs/platform-facts.md).
 */
const TIMEOUT_MS = 15_000;

/** Read as it comes, whatever it holds. */
const SHORT_BYTES = 1024 * 1024;

/** A packed one may unpack to more than it says. */
function isShort(headers: Headers): boolean {
  const length = headers.get('content-length');
  return length !== null && Number(length) <= SHORT_BYTES && !headers.has('content-encoding');
}

export function openRemoteDatabase(options: RemoteOptions): Database {
  const timed = async (input: Request): Promise<Response> => {
    // A redirect would carry the data, and perhaps the token, to a server that nobody chose.
    const init: RequestInit = { redirect: 'manual', signal: AbortSignal.timeout(TIMEOUT_MS) };
    const answer = await options.fetch(input, init);
    // One that says how long it is cannot be longer, and a stream of ours is dear in a Worker.
    if (isShort(answer.headers)) return answer;
    const { body, status, headers } = answer;
    if (body === null || status < 200) return new Response(null, { status, headers });
    const tooMuch = (): Error => new Error(`an answer of more than ${MOST_ANSWER_BYTES} bytes`);
    const bytes = await wholeOf(body, MOST_ANSWER_BYTES, tooMuch);
    if (isCrowded(bytes)) throw new Error(`an answer of more than ${MOST_PARTS} parts`);
    return new Response(bytes, { status, headers });
  };
  return fromClient(
    createClient({
      url: options.url,
      ...(options.authToken === undefined ? {} : { authToken: options.authToken }),
      intMode: 'bigint',
      // No queue: in a Worker one request must not wait for another request's I/O. The client takes
      // 0 for its default of 20.
      concurrency: Number.POSITIVE_INFINITY,
      fetch: timed,
    }),
  );
}
