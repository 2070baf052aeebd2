/** The yardstick of `bench/update.ts`: {@link bareBot} as a Worker. */
import type { ExecutionContext } from '@cloudflare/workers-types';
import { createClient } from '@libsql/client/http';
import type { Hono } from 'hono';
import { type BareSettings, bareBot } from './bare-bot.ts';

interface Settings extends BareSettings {
  readonly DATABASE_URL: string;
  readonly DATABASE_AUTH_TOKEN: string;
}

let app: Hono | undefined;

export default {
  fetch(request: Request, settings: Settings, context: ExecutionContext): Response | Promise<Response> {
    app ??= bareBot(settings, open(settings));
    return app.fetch(request, settings, context);
  },
};

function open(settings: Settings): ReturnType<typeof createClient> {
  return createClient({
    url: settings.DATABASE_URL,
    authToken: settings.DATABASE_AUTH_TOKEN,
    intMode: 'bigint',
    concurrency: Number.POSITIVE_INFINITY,
  });
}
