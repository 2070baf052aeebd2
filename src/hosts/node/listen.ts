import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { type ServerType, serve } from '@hono/node-server';
import type { Arrived } from '../../http/app.ts';
import { refusal } from '../../http/loopback-guard.ts';
import type { Config } from '../../settings/config.ts';

/** Ms a slow request may hold a connection. Telegram sends an update in one go. */
const TIME_LIMITS = { headersTimeout: 10_000, requestTimeout: 30_000, connectionsCheckingInterval: 5_000 };

/**
 * A connection on which nothing moves, ms: somebody who asks for a file and reads none of it holds
 * two file descriptors. Telegram gives up on an answer after a minute.
 */
const STALLED_MS = 90_000;

/** @throws what a server would meet there, in time to say it before anything is begun */
export async function requireFree({ host, port }: Pick<Config, 'host' | 'port'>): Promise<void> {
  const server = createServer().listen(port, host);
  await once(server, 'listening');
  server.close();
  await once(server, 'close');
}

export type Answer = (request: Request, arrived: Arrived) => Promise<Response>;
type FetchCallback = Parameters<typeof serve>[0]['fetch'];

export function everybody(answer: Answer): FetchCallback {
  return (request, { incoming, outgoing }) =>
    answer(request, { target: incoming.url ?? '', breakOff: () => void outgoing.destroy() });
}

/** Offline only this machine gets an answer; the host's own address says where the page is. */
export function onlyThisMachine(answer: Answer, page: string): FetchCallback {
  const answerAll = everybody(answer);
  return (request, env) => {
    const { headers, method, socket } = env.incoming;
    const header = (name: string): string | undefined => headers[name]?.toString();
    const reason = refusal({ method: method ?? '', header }, socket.localPort ?? 0);
    if (reason !== undefined) return new Response(`${reason}\n`, { status: 403 });
    if (method === 'GET' && env.incoming.url === '/')
      return new Response(`This is the bot’s own host. Write to the bot: ${page}\nHow it is: /healthz\n`);
    return answerAll(request, env);
  };
}

export function listen(
  fetch: FetchCallback,
  { host, port }: Pick<Config, 'host' | 'port'>,
): Promise<{ server: ServerType; port: number }> {
  return new Promise((resolve, reject) => {
    const server = serve(
      // Its Response lacks what other libraries need (`bytes()`): not for the whole process.
      { fetch, port, hostname: host, overrideGlobalObjects: false, serverOptions: TIME_LIMITS },
      (info: AddressInfo) => resolve({ server, port: info.port }),
    );
    if ('setTimeout' in server) server.setTimeout(STALLED_MS);
    server.once('error', reject);
  });
}
