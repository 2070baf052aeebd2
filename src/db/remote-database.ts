/** SQL over HTTP (Turso, sqld); runs in workerd and Node. */
import { wholeOf } from '../lib/capped.ts';
import { isCrowded, MOST_PARTS } from '../lib/crowded-json.ts';
import { type BatchClient, type Database, fromClient } from './database.ts';
import { batchBody, batchResults, RemoteFault } from './remote-batch.ts';

export interface RemoteOptions {
  /** `libsql://…`, `https://…` or `http://…`. */
  readonly url: string;
  readonly authToken: string | undefined;
  readonly fetch: typeof fetch;
}

/** A result of 10 MB (the server's limit) whose every byte became six characters, and some room. */
const MOST_ANSWER_BYTES = 64 * 1024 * 1024;
/** Read as it comes, whatever it holds. */
const SHORT_BYTES = 1024 * 1024;
/**
 * Longest wait for one batch; Telegram itself gives up on a webhook after 60 s
 * (docs/platform-facts.md).
 */
const TIMEOUT_MS = 15_000;

export function openRemoteDatabase(options: RemoteOptions): Database {
  const { url, token } = addressOf(options);
  // Called as a bare function: workerd refuses its fetch as a method of another object.
  const request = options.fetch;
  const headers: Record<string, string> = { 'content-type': 'application/json' };
  if (token !== undefined) headers['authorization'] = `Bearer ${token}`;
  const client: BatchClient = {
    async batch(statements, mode) {
      const answer = await request(url, {
        method: 'POST',
        headers,
        body: batchBody(statements, mode),
        // A redirect would carry the data, and perhaps the token, to a server that nobody chose.
        redirect: 'manual',
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
      const whole = await bounded(answer);
      if (!answer.ok) throw await refusal(answer, whole);
      return batchResults(await whole.json(), statements.length);
    },
    // Each batch is one request: nothing is open between them.
    close: () => undefined,
  };
  return fromClient(client);
}

/** As @libsql/client understands an address: a token in it goes first. */
function addressOf({ url: given, authToken }: RemoteOptions): { url: string; token: string | undefined } {
  const { searchParams } = new URL(given);
  const scheme = searchParams.get('tls') === '0' ? 'http:' : 'https:';
  // A URL's scheme cannot be changed from libsql: to https: in place (WHATWG URL).
  const base = new URL(given.replace(/^libsql:/i, scheme));
  base.search = '';
  const token = searchParams.get('authToken') ?? authToken;
  return { url: new URL('v2/pipeline', base).href, token: token === '' ? undefined : token };
}

/** No longer than an answer may be. */
async function bounded(answer: Response): Promise<Response> {
  // One that says how long it is cannot be longer, and a stream of ours is dear in a Worker.
  if (answer.body === null || isShort(answer.headers)) return answer;
  const tooMuch = (): Error => new Error(`an answer of more than ${MOST_ANSWER_BYTES} bytes`);
  const bytes = await wholeOf(answer.body, MOST_ANSWER_BYTES, tooMuch);
  if (isCrowded(bytes)) throw new Error(`an answer of more than ${MOST_PARTS} parts`);
  return new Response(bytes);
}

/** A packed one may unpack to more than it says. */
function isShort(headers: Headers): boolean {
  const length = headers.get('content-length');
  return length !== null && Number(length) <= SHORT_BYTES && !headers.has('content-encoding');
}

async function refusal({ status, headers }: Response, whole: Response): Promise<RemoteFault> {
  const type = headers.get('content-type') ?? 'text/plain';
  const said = /^(text\/plain|application\/json)/.test(type) ? (await whole.text()).trim() : '';
  const fault = type.startsWith('application/json') ? faultIn(said) : undefined;
  return (
    fault ?? new RemoteFault(`Server returned HTTP status ${status}${said && `: ${said}`}`, 'SERVER_ERROR')
  );
}

function faultIn(text: string): RemoteFault | undefined {
  try {
    const { message, code }: { message?: unknown; code?: unknown } = JSON.parse(text);
    return typeof message === 'string' && typeof code === 'string'
      ? new RemoteFault(message, code)
      : undefined;
  } catch {
    return undefined;
  }
}
