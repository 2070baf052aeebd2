/**
 * A stand-in for a libSQL server (sqld, Turso): SQL over HTTP, versions 2 and 3, over one embedded
 * libSQL file. Source: tursodatabase/turso serverless/PROTOCOL.md; where that leaves room,
 * libsql-server's own behaviour. Node only.
 */
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { answerCursor, answerPipeline } from './endpoints.ts';
import type { Lack } from './lacks.ts';
import {
  type CursorBody,
  type PipelineBody,
  parseCursor,
  parsePipeline,
  type WireRequest,
  type WireStep,
} from './parse-requests.ts';
import type { Answer, FaultPlan, RequestRecord } from './request-faults.ts';
import type { AffectedRows, Machine } from './run-program.ts';
import { type Clock, systemClock } from './server-clock.ts';
import { type Limits, SERVER_LIMITS } from './server-limits.ts';
import { ProtocolError, SqlFailure, StreamExpired, Unencodable } from './sql-errors.ts';
import { Streams } from './streams.ts';
import { WriteLock } from './write-lock.ts';

export interface SqlServerOptions {
  /** The database file; made when it is missing. */
  readonly file: string;
  /** 0 (default): any free port. */
  readonly port?: number;
  /** When given, every request needs it as a bearer token. */
  readonly authToken?: string;
  readonly limits?: Partial<Limits>;
  readonly clock?: Clock;
  readonly faults?: FaultPlan;
  /** An older server: `cursor` has no cursors, `v3` speaks version 2 only. */
  readonly without?: 'cursor' | 'v3';
  /** The hosted service instead of a server of one's own (`hosted.ts`). */
  readonly hosted?: true;
  /** What it lacks. */
  readonly lacks?: readonly Lack[];
  /** Tells wrong counts of affected rows. */
  readonly affectedRows?: AffectedRows;
}

export interface SqlServer {
  /** `http://127.0.0.1:<port>`, fit for @libsql/client. */
  readonly url: string;
  /** The last thousand requests, oldest first. */
  readonly requests: readonly RequestRecord[];
  readonly requestCount: number;
  /** Streams with a connection of their own. */
  readonly openStreams: number;
  close(): Promise<void>;
}

/** Reading pauses while this much is on its way to the client. */
const WRITE_AHEAD_BYTES = 256 * 1024;
const REQUESTS_KEPT = 1_000;
/** Characters kept of each SQL text. */
const SQL_KEPT = 2_000;

export async function startSqlServer(options: SqlServerOptions): Promise<SqlServer> {
  const context = createContext(options);
  const http = createServer({ highWaterMark: WRITE_AHEAD_BYTES }, (request, response) => {
    respond(context, request, response).catch((error: unknown) => {
      // A bug of this server must not look like an answer; a client that hung up is no bug.
      if (request.complete) console.error('sql over http: request failed', error);
      response.destroy();
    });
  });
  await new Promise<void>((resolve, reject) => {
    http.once('error', reject).listen(options.port ?? 0, '127.0.0.1', resolve);
  });
  return {
    url: `http://127.0.0.1:${portOf(http.address())}`,
    requests: context.requests,
    get requestCount() {
      return context.count;
    },
    get openStreams() {
      return context.streams.open;
    },
    async close() {
      const closed = new Promise<void>((resolve) => http.close(() => resolve()));
      http.closeAllConnections();
      await closed;
      context.streams.closeAll();
    },
  };
}

/** Opens the file. @throws when it cannot be opened. */
export function createContext(options: SqlServerOptions): ServerContext {
  const clock = options.clock ?? systemClock;
  const limits = { ...SERVER_LIMITS, ...options.limits };
  const lock = new WriteLock(clock, limits.transactionMs);
  const dialect = options.hosted === true ? 'hosted' : 'server';
  const context: ServerContext = {
    options,
    clock,
    machine: { lock, limits, dialect, lacks: options.lacks ?? [], affectedRows: options.affectedRows },
    streams: new Streams({ file: options.file, dialect }, clock, limits, lock),
    requests: [],
    count: 0,
  };
  context.streams.close(context.streams.acquire(undefined)); // a file that cannot be opened fails here
  return context;
}

export interface ServerContext {
  readonly options: SqlServerOptions;
  readonly clock: Clock;
  readonly machine: Machine;
  readonly streams: Streams;
  readonly requests: RequestRecord[];
  count: number;
}

async function respond(context: ServerContext, request: IncomingMessage, response: Answer): Promise<void> {
  const path = new URL(request.url ?? '/', 'http://localhost').pathname;
  const body = await readBody(request);
  const { authorization } = request.headers;
  await serve(context, { path, method: request.method ?? 'GET', authorization, body }, response);
}

export interface HttpRequest {
  readonly path: string;
  readonly method: string;
  readonly authorization: string | undefined;
  readonly body: Buffer;
}

/** Answers one request. Rejects only for a bug of this server. */
export async function serve(
  context: ServerContext,
  { path, method, authorization, body }: HttpRequest,
  response: Answer,
): Promise<void> {
  const route = findRoute(context.options, path);
  if (route === undefined) return text(response, 404, '');
  if (method !== (route === 'index' ? 'GET' : 'POST')) return text(response, 405, '');
  if (route === 'index') return text(response, 200, 'Hello, this is HTTP API v2 (Hrana over HTTP)');
  const { authToken } = context.options;
  if (authToken !== undefined && authorization !== `Bearer ${authToken}`) {
    return json(response, 401, { error: 'Unauthorized: `The JWT is invalid`' });
  }
  const parsed = parse(context, route, body);
  const record = remember(context, { method, path, bytes: body.length, sql: sqlOf(parsed) });
  const fault = context.options.faults?.(record);
  if (fault?.kind === 'status')
    return json(response, fault.status, { error: `fault ordered for request ${record.number}` });
  if (fault?.kind === 'drop' && fault.when === 'before') return void response.destroy();
  if (fault?.kind === 'delay') await new Promise<void>((resolve) => context.clock.after(fault.ms, resolve));
  try {
    if (parsed instanceof ProtocolError) throw parsed;
    if (parsed.endpoint === 'pipeline') await answerPipeline(context, parsed, response, fault);
    else await answerCursor(context, parsed, response, fault);
  } catch (error) {
    refuse(response, error);
  }
}

type Route = 'index' | { readonly endpoint: 'pipeline' | 'cursor'; readonly version: 2 | 3 };

function findRoute({ without }: SqlServerOptions, path: string): Route | undefined {
  if (without === 'v3' && path.startsWith('/v3')) return undefined;
  switch (path) {
    case '/v2':
    case '/v3':
      return 'index';
    case '/v2/pipeline':
      return { endpoint: 'pipeline', version: 2 };
    case '/v3/pipeline':
      return { endpoint: 'pipeline', version: 3 };
    case '/v3/cursor':
      return without === 'cursor' ? undefined : { endpoint: 'cursor', version: 3 };
    default:
      return undefined;
  }
}

function refuse(response: Answer, error: unknown): void {
  if (error instanceof ProtocolError) text(response, 400, error.message);
  else if (error instanceof StreamExpired)
    json(response, 400, { message: error.message, code: 'STREAM_EXPIRED' });
  else if (error instanceof Unencodable || error instanceof SqlFailure) {
    json(response, 500, { error: `Internal Error: \`${error.message}\`` });
  } else throw error;
}

function remember(context: ServerContext, fields: Omit<RequestRecord, 'number'>): RequestRecord {
  context.count += 1;
  const record = { number: context.count, ...fields };
  context.requests.push(record);
  if (context.requests.length > REQUESTS_KEPT) context.requests.shift();
  return record;
}

/** The body as requests, or why it is none: a fault comes before a refusal. */
function parse(context: ServerContext, route: Exclude<Route, 'index'>, body: Buffer): Parsed | ProtocolError {
  const rules = { version: route.version, conditionDepth: context.machine.limits.conditionDepth };
  try {
    return route.endpoint === 'pipeline'
      ? { endpoint: 'pipeline', ...parsePipeline(body, rules) }
      : { endpoint: 'cursor', ...parseCursor(body, rules) };
  } catch (error) {
    if (error instanceof ProtocolError) return error;
    throw error;
  }
}

type Parsed =
  | ({ readonly endpoint: 'pipeline' } & PipelineBody)
  | ({ readonly endpoint: 'cursor' } & CursorBody);

function sqlOf(parsed: Parsed | ProtocolError): string[] {
  if (parsed instanceof ProtocolError) return [];
  const texts =
    parsed.endpoint === 'pipeline' ? parsed.requests.flatMap(sqlOfRequest) : sqlOfSteps(parsed.steps);
  return texts.map((sql) => sql.slice(0, SQL_KEPT));
}

function sqlOfRequest(request: WireRequest): string[] {
  if (request.type === 'batch') return sqlOfSteps(request.steps);
  const sql = request.type === 'execute' ? request.statement.sql : 'sql' in request ? request.sql : undefined;
  return sql === undefined ? [] : [sql];
}

function sqlOfSteps(steps: readonly WireStep[]): string[] {
  return steps.flatMap(({ statement }) => (statement.sql === undefined ? [] : [statement.sql]));
}

async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks);
}

function text(response: Answer, status: number, body: string): void {
  response.writeHead(status, { 'content-type': 'text/plain' });
  response.end(body);
}

function json(response: Answer, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
}

function portOf(address: AddressInfo | string | null): number {
  if (address === null || typeof address === 'string') throw new Error('the server has no port');
  return address.port;
}
