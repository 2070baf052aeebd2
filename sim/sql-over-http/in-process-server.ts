/** The stand-in behind a `fetch`, for runs of many thousand requests. Answers arrive whole. */
import type { Answer } from './request-faults.ts';
import { createContext, type SqlServerOptions, serve } from './sql-server.ts';

export interface InProcessServer {
  /** Answers requests to any host. */
  readonly fetch: typeof fetch;
  close(): void;
}

export function openSqlServer(options: SqlServerOptions): InProcessServer {
  const context = createContext(options);
  return {
    async fetch(input, init) {
      const request = new Request(input, init);
      const answer = new WholeAnswer();
      const body = Buffer.from(await request.arrayBuffer());
      const authorization = request.headers.get('authorization') ?? undefined;
      const path = new URL(request.url).pathname;
      await serve(context, { path, method: request.method, authorization, body }, answer);
      return answer.ended;
    },
    close: () => context.streams.closeAll(),
  };
}

class WholeAnswer implements Answer {
  destroyed = false;
  #status = 200;
  #headers: Readonly<Record<string, string>> = {};
  readonly #chunks: Uint8Array[] = [];
  readonly #ended = Promise.withResolvers<Response>();

  get ended(): Promise<Response> {
    return this.#ended.promise;
  }

  writeHead(status: number, headers: Readonly<Record<string, string>>): void {
    this.#status = status;
    this.#headers = headers;
  }

  write(bytes: Uint8Array): boolean {
    this.#chunks.push(bytes);
    return true;
  }

  end(text = ''): void {
    this.write(Buffer.from(text));
    const body = Buffer.concat(this.#chunks);
    this.#ended.resolve(new Response(body, { status: this.#status, headers: this.#headers }));
  }

  destroy(): void {
    this.destroyed = true;
    this.#ended.reject(new TypeError('fetch failed'));
  }

  /** There is always room, and nobody hangs up. */
  on(): this {
    return this;
  }

  off(): this {
    return this;
  }
}
