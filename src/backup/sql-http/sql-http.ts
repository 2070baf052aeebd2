/**
 * A libSQL server over HTTP: only the requests that a snapshot needs (tursodatabase/turso
 * serverless/PROTOCOL.md).
 */
import { capped } from '../../lib/capped.ts';
import { isObject } from '../../lib/read-json.ts';
import {
  guardedBody,
  heard,
  type Patience,
  rootMessage,
  Silence,
  systemTimer,
  type Timer,
} from '../../lib/silence.ts';
import { decodeWireValue, parseJson, WireError, type WireValue } from './wire.ts';

export interface SqlHttpOptions {
  /**
   * `libsql://`, `https://` or `http://`; `?authToken=` and `?tls=0` are understood as
   * @libsql/client does.
   */
  readonly url: string;
  readonly authToken?: string | undefined;
  readonly fetch: typeof fetch;
  readonly signal?: AbortSignal | undefined;
  /** How long the server may say nothing, {@link SILENCE_MS} by default. */
  readonly silenceMs?: number;
  readonly timer?: Timer;
}

/**
 * Reported stalls last 60 s (tursodatabase/turso#8058); a server that is silent for twice as long
 * counts as gone.
 */
const SILENCE_MS = 120_000;

export interface SqlHttp {
  /** Host and port, for messages. */
  readonly host: string;
  /**
   * The status when the endpoint is not there (404), the response otherwise. Rejects for every
   * other status than 200.
   */
  post(path: string, body: unknown, base?: string | null): Promise<Response | 404>;
}

/**
 * The server refused: the status tells how. Carries no secret, and only the first words of what the
 * server said.
 */
export class ServerRefused extends Error {
  override readonly name = 'ServerRefused';
  readonly status: number;
  constructor(host: string, status: number, said: string) {
    super(`database server ${host} answered ${status}${said === '' ? '' : `: ${said}`}`);
    this.status = status;
  }
}

export function connectSqlHttp(options: SqlHttpOptions): SqlHttp {
  const { base, authToken } = parseDatabaseUrl(options.url);
  const token = options.authToken ?? authToken;
  const headers = {
    'content-type': 'application/json',
    ...(token === undefined || token === '' ? {} : { authorization: `Bearer ${token}` }),
  };
  // Called as a bare function: workerd refuses its fetch as a method of another object.
  const request = options.fetch;
  return {
    host: base.host,
    async post(path, body, pinned) {
      const url = new URL(path, pinned ?? base);
      const abort = new AbortController();
      const signal =
        options.signal === undefined ? abort.signal : AbortSignal.any([abort.signal, options.signal]);
      const patience = (what: string): Patience => ({
        ms: options.silenceMs ?? SILENCE_MS,
        timer: options.timer ?? systemTimer,
        abort,
        failure: (cause) => connectionError(base.host, what, cause),
      });
      const init: RequestInit = { method: 'POST', headers, body: JSON.stringify(body), signal };
      // A redirect would carry rows, and perhaps the token, to a server that nobody chose.
      const response = await heard(patience('did not answer'), () =>
        request(url, { ...init, redirect: 'manual' }),
      );
      const reading = patience('broke off');
      if (response.status === 200 && response.body !== null && !isPage(response))
        return new Response(guardedBody(response.body, reading));
      const said = await refusal(response, reading);
      if (response.status === 404) return 404;
      throw new ServerRefused(base.host, response.status, token ? said.replaceAll(token, '…') : said);
    },
  };
}

/** A proxy's or a provider's page, whatever its status. */
function isPage(response: Response): boolean {
  return /^(text\/html|application\/xhtml)/i.test(response.headers.get('content-type') ?? '');
}

/** What the server said, on one line, or what it means. */
async function refusal(response: Response, patience: Patience): Promise<string> {
  const location = response.headers.get('location') ?? '';
  if (response.status >= 300 && response.status < 400) {
    await response.body?.cancel().catch(() => undefined);
    const to = URL.canParse(location) ? ` to ${new URL(location).origin}` : '';
    return `it sends elsewhere${to}; check DATABASE_URL`;
  }
  const text = response.body === null ? '' : await firstWords(guardedBody(response.body, patience));
  if (isPage(response))
    return response.status >= 500 ? 'a web page' : 'a web page, not a database; check DATABASE_URL';
  return text.replace(/\s+/g, ' ').trim().slice(0, SAID_CHARACTERS);
}

/** Nobody needs more of an endless page. */
async function firstWords(body: ReadableStream<Uint8Array>): Promise<string> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let text = '';
  while (text.length < 4 * SAID_CHARACTERS) {
    const { done, value } = await reader.read();
    if (done) break;
    text += decoder.decode(value, { stream: true });
  }
  await reader.cancel().catch(() => undefined);
  return text;
}

function connectionError(host: string, what: string, cause: unknown): Error {
  if (cause instanceof ConnectionLost) return cause;
  const how = cause instanceof Silence ? 'fell silent' : what;
  // What fetch throws (`TypeError: terminated`) names nothing.
  return new ConnectionLost(`database server ${host} ${how}: ${rootMessage(cause)}`);
}

/** No answer, or one that broke off or stalled: the request may or may not have taken effect. */
export class ConnectionLost extends Error {
  override readonly name = 'ConnectionLost';
}

/** Enough to tell a cause by, too little to fill a log. */
const SAID_CHARACTERS = 200;

function parseDatabaseUrl(text: string): { base: URL; authToken: string | undefined } {
  if (!URL.canParse(text)) throw new Error('the database address is not a URL');
  const url = new URL(text);
  const plain = url.searchParams.get('tls') === '0';
  // A URL's scheme cannot be changed from libsql: to https: in place (WHATWG URL).
  const base = new URL(
    url.protocol === 'libsql:' ? text.replace(/^libsql:/i, plain ? 'http:' : 'https:') : text,
  );
  if (base.protocol !== 'http:' && base.protocol !== 'https:') {
    throw new Error(`a database address of scheme ${url.protocol} cannot be read over HTTP`);
  }
  const authToken = url.searchParams.get('authToken') ?? undefined;
  base.search = '';
  base.hash = '';
  if (!base.pathname.endsWith('/')) base.pathname += '/';
  return { base, authToken };
}

/** Runs only when the step before it succeeded, so that nothing runs outside the transaction. */
export function chained(sqls: readonly string[]): { stmt: { sql: string }; condition?: unknown }[] {
  return sqls.map((sql, index) => ({
    stmt: { sql },
    ...(index === 0 ? {} : { condition: { type: 'ok', step: index - 1 } }),
  }));
}

export interface PipelineAnswer {
  /** One a request: its `response` object, or why it failed. */
  readonly results: readonly (Readonly<Record<string, unknown>> | StatementFailed)[];
  readonly stream: StreamAddress | undefined;
  /** Length of the answer. */
  readonly characters: number;
}

/** A result of 10 MB (the server's limit), every byte of it six characters, with room to spare. */
const MOST_ANSWER_BYTES = 64 * 1024 * 1024;

async function wholeText({ body }: Response): Promise<string> {
  if (body === null) return '';
  const most = MOST_ANSWER_BYTES;
  return new Response(capped(body, most, () => new WireError(`an answer of more than ${most} bytes`))).text();
}

/** Posts requests to a pipeline endpoint (`v3/pipeline`). 404 when there is none. */
export async function pipeline(
  server: SqlHttp,
  path: string,
  requests: readonly unknown[],
  stream?: StreamAddress,
): Promise<PipelineAnswer | 404> {
  const response = await server.post(path, { baton: stream?.baton ?? null, requests }, stream?.baseUrl);
  if (response === 404) return 404;
  const text = await wholeText(response);
  const body = parseJson(text);
  if (!isObject(body) || !Array.isArray(body['results']) || body['results'].length !== requests.length) {
    throw new WireError('a pipeline answer without its results');
  }
  const results = body['results'].map((result: unknown) => {
    if (isObject(result) && result['type'] === 'error')
      return new StatementFailed(server.host, result['error']);
    if (isObject(result) && result['type'] === 'ok' && isObject(result['response']))
      return result['response'];
    throw new WireError('a pipeline result that is neither ok nor error');
  });
  return { results, stream: readStream(body), characters: text.length };
}

/** The rows of a statement result. */
export function resultRows(result: unknown): WireValue[][] {
  if (!isObject(result) || !Array.isArray(result['rows'])) throw new WireError('a result without rows');
  return result['rows'].map((row: unknown) => {
    if (!Array.isArray(row)) throw new WireError('a row that is no array');
    return row.map(decodeWireValue);
  });
}

/** Where a stream goes on. */
export interface StreamAddress {
  readonly baton: string;
  readonly baseUrl: string | null;
}

export function readStream(body: Readonly<Record<string, unknown>>): StreamAddress | undefined {
  const baseUrl = typeof body['base_url'] === 'string' ? body['base_url'] : null;
  return typeof body['baton'] === 'string' ? { baton: body['baton'], baseUrl } : undefined;
}

/** A statement failed on the server, in band. */
export class StatementFailed extends Error {
  override readonly name = 'StatementFailed';
  readonly code: string;
  constructor(host: string, error: unknown) {
    const { message, code } = isObject(error) ? error : { message: undefined, code: undefined };
    super(
      `database server ${host}: ${typeof message === 'string' ? message.slice(0, SAID_CHARACTERS) : 'a statement failed'}`,
    );
    this.code = typeof code === 'string' ? code : 'UNKNOWN';
  }
}
