/** Ports of 127.0.0.1 for servers that need a given one: such a server cannot choose its own. */
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server } from 'node:net';

/** Below the ports a system gives out itself: another program could get such a one before us. */
const FIRST = 12_000;
const LAST = 32_000;
const TRIES = 200;

/** Ports that were free a moment ago, all different: it holds all until it knows all. */
export async function freePorts(count: number): Promise<number[]> {
  const held: Server[] = [];
  const ports: number[] = [];
  for (let tries = 0; ports.length < count; tries += 1) {
    if (tries === TRIES * count) throw new Error('no free port');
    const port = randomInt(FIRST, LAST);
    const server = await heldOn(port);
    if (server === undefined) continue;
    held.push(server);
    ports.push(port);
  }
  for (const server of held) {
    server.close();
    await once(server, 'close');
  }
  return ports;
}

/** One of {@link freePorts}. */
export async function freePort(): Promise<number> {
  const [port] = await freePorts(1);
  if (port === undefined) throw new Error('no free port');
  return port;
}

/** Undefined where another program has the port. */
async function heldOn(port: number): Promise<Server | undefined> {
  const server = createServer().listen(port, '127.0.0.1');
  try {
    await once(server, 'listening');
    return server;
  } catch {
    return undefined;
  }
}
