/** {@link MemoryS3} over HTTP, for programs that need an address. No signatures: see Swift. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import type { S3Settings } from '../../src/settings/s3-endpoint.ts';
import { MemoryS3, refuse } from './memory.ts';

export interface MemoryS3Server {
  readonly settings: S3Settings;
  /** What it holds, and how many requests it has answered. */
  readonly bucket: MemoryS3;
  readonly asked: () => number;
  close(): Promise<void>;
}

const BUCKET = 'anime';
/** AWS refuses smaller parts. */
const MIN_PART_BYTES = 5 * 1024 * 1024;

/** Starts on a free port of 127.0.0.1 with one empty bucket. */
export async function startMemoryS3(): Promise<MemoryS3Server> {
  const bucket = new MemoryS3({ minPartBytes: MIN_PART_BYTES });
  let asked = 0;
  const server = createServer((request, response) => {
    asked += 1;
    answer(bucket, request, response).catch((error: unknown) => response.destroy(error as Error));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    bucket,
    asked: () => asked,
    settings: {
      endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      region: 'us-east-1',
      bucket: BUCKET,
      accessKeyId: 'test',
      secretAccessKey: 'test',
      forcePathStyle: true,
    },
    async close() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

async function answer(bucket: MemoryS3, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://memory');
  const headers = Object.fromEntries(
    Object.entries(request.headers).map(([name, value]) => [name, String(value)]),
  );
  const body = new Uint8Array(await buffer(request));
  const found =
    url.pathname.split('/')[1] === BUCKET
      ? await bucket.fetch(url.href, {
          method: request.method ?? 'GET',
          headers,
          body,
          signal: AbortSignal.timeout(60_000),
          redirect: 'manual',
        })
      : refuse(404, 'NoSuchBucket');
  response.writeHead(found.status, Object.fromEntries(found.headers));
  response.end(found.body === null ? undefined : Buffer.from(await found.arrayBuffer()));
}
