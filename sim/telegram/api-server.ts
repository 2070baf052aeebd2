import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { refusal } from '../../src/http/loopback-guard.ts';
import { type Api, errorBody } from './api.ts';
import { ApiError } from './api-errors.ts';
import { DOWNLOAD_MAX, UPLOAD_MAX } from './api-limits.ts';
import { Args, type Upload } from './args.ts';
import type { World } from './world.ts';

/** Room for the rest of a multipart body beside its file, bytes. */
const BODY_SLACK = 1024 * 1024;
/** A person's album comes in one body. */
const ALBUM_MAX = 10;

export interface ServerOptions {
  /** Whether a token is the bot's. */
  isToken: (given: string) => boolean;
  api: Api;
  world: World;
  /** Answers what lies outside the Bot API, such as `/control/…`; undefined for 404. */
  other: (request: Request) => Promise<Response | undefined>;
  /** Resolves when the changes of a request are kept and may be told. */
  settled: () => Promise<void>;
}

/** The Bot API over HTTP: `/bot<token>/<method>`, `/file/bot<token>/<path>`; this machine only. */
export function createApiServer(options: ServerOptions): Server {
  return createServer((request, response) => {
    handle(options, request, response).catch((cause: unknown) => {
      // A fault of the stand-in itself: marked, so that no test takes it for Telegram's answer.
      const description = `stand-in failed: ${cause instanceof Error ? (cause.stack ?? cause.message) : String(cause)}`;
      if (response.headersSent) response.destroy();
      else send(response, 500, { ok: false, error_code: 500, description });
    });
  });
}

async function handle(
  options: ServerOptions,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://127.0.0.1');
  const file = /^\/file\/bot([^/]+)\/(.+)$/.exec(url.pathname);
  const method = /^\/bot([^/]+)\/(?:test\/)?([^/]*)$/.exec(url.pathname);
  try {
    const header = (name: string): string | undefined => request.headers[name]?.toString();
    const refused = refusal({ method: request.method ?? '', header }, request.socket.localPort ?? 0);
    if (refused !== undefined) throw new ApiError(403, refused);
    const body = await readBody(
      request,
      url.pathname.startsWith('/control/') ? ALBUM_MAX * UPLOAD_MAX : UPLOAD_MAX,
    );
    if (file) return sendFile(options, response, decodeURIComponent(file[1] ?? ''), file[2] ?? '');
    if (!method) return await sendOther(options, request, response, url, body);
    if (!options.isToken(decodeURIComponent(method[1] ?? ''))) throw new ApiError(401, 'Unauthorized');
    const hangUp = new AbortController();
    response.once('close', () => hangUp.abort());
    const args = await parseArgs(url, request.headers['content-type'] ?? '', body);
    const outcome = await options.api.call(method[2] ?? '', args, hangUp.signal);
    await options.settled();
    if (outcome === 'drop') response.destroy();
    else send(response, outcome.status, outcome.body);
  } catch (cause) {
    if (!(cause instanceof ApiError)) throw cause;
    send(response, cause.status, errorBody(cause));
  }
}

async function sendOther(
  options: ServerOptions,
  request: IncomingMessage,
  response: ServerResponse,
  url: URL,
  body: Uint8Array,
): Promise<void> {
  const headers = new Headers();
  for (const name of ['content-type', 'host', 'origin', 'accept', 'range'] as const) {
    const value = request.headers[name];
    if (value !== undefined) headers.set(name, value);
  }
  const method = request.method ?? 'GET';
  const hasBody = method !== 'GET' && method !== 'HEAD';
  const answer = await options.other(
    new Request(url, { method, headers, ...(hasBody ? { body: Buffer.from(body) } : {}) }),
  );
  if (answer === undefined) throw new ApiError(404, 'Not Found');
  if (hasBody) await options.settled();
  response.writeHead(answer.status, Object.fromEntries(answer.headers));
  response.end(Buffer.from(await answer.arrayBuffer()));
}

/** Reads a body to its end, so that a large one is refused instead of breaking the pipe. */
async function readBody(request: IncomingMessage, most: number): Promise<Uint8Array> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    const bytes: Buffer = chunk;
    size += bytes.length;
    if (size <= most + BODY_SLACK) chunks.push(bytes);
  }
  if (size > most + BODY_SLACK) throw new ApiError(413, 'Request Entity Too Large');
  return Buffer.concat(chunks);
}

/** Parameters from the query string and the body, whatever its encoding. */
export async function parseArgs(url: URL, type: string, body: Uint8Array): Promise<Args> {
  const values = new Map<string, string>(url.searchParams);
  const uploads = new Map<string, Upload>();
  if (body.length > 0 && type.startsWith('application/json')) {
    for (const [name, value] of Object.entries(parseJson(body))) {
      if (value !== null) values.set(name, typeof value === 'string' ? value : JSON.stringify(value));
    }
  } else if (body.length > 0 && /^(?:multipart\/form-data|application\/x-www-form-urlencoded)/.test(type)) {
    for (const [name, value] of await formData(type, body)) {
      if (typeof value === 'string') values.set(name, value);
      else uploads.set(name, await toUpload(value));
    }
  }
  return new Args(values, uploads);
}

function parseJson(body: Uint8Array): object {
  try {
    const parsed: unknown = JSON.parse(Buffer.from(body).toString());
    if (typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed)) return parsed;
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw cause;
  }
  throw new ApiError(400, "Bad Request: can't parse request as JSON object");
}

async function formData(type: string, body: Uint8Array): Promise<FormData> {
  try {
    return await new Response(Buffer.from(body), { headers: { 'content-type': type } }).formData();
  } catch (cause) {
    throw new ApiError(
      400,
      `Bad Request: can't parse form data: ${cause instanceof Error ? cause.message : ''}`,
    );
  }
}

async function toUpload(file: File): Promise<Upload> {
  if (file.size > UPLOAD_MAX) throw new ApiError(413, 'Request Entity Too Large');
  return { name: file.name, type: file.type, bytes: await file.bytes() };
}

function sendFile(
  { isToken, world }: ServerOptions,
  response: ServerResponse,
  given: string,
  path: string,
): void {
  if (!isToken(given)) throw new ApiError(401, 'Unauthorized');
  const file = world.files.byPath(path);
  if (file.size > DOWNLOAD_MAX || file.bytes === undefined) throw new ApiError(404, 'Not Found');
  response.writeHead(200, {
    'content-type': 'application/octet-stream',
    'content-length': file.bytes.length,
  });
  response.end(file.bytes);
}

function send(response: ServerResponse, status: number, body: Record<string, unknown>): void {
  const parameters = body['parameters'];
  const hasWait = typeof parameters === 'object' && parameters !== null && 'retry_after' in parameters;
  response.writeHead(status, {
    'content-type': 'application/json',
    ...(hasWait ? { 'retry-after': String(parameters.retry_after) } : {}),
  });
  response.end(JSON.stringify(body));
}
