/** The yardstick of `bench/node-host.ts`: {@link bareBot} on an embedded file, under Node. */
import process from 'node:process';
import { serve } from '@hono/node-server';
import { createClient } from '@libsql/client/sqlite3';
import { type BareSettings, bareBot } from './bare-bot.ts';

const settings = process.env as unknown as BareSettings & {
  readonly DATABASE_URL: string;
  readonly PORT: string;
};
const db = createClient({ url: settings.DATABASE_URL, intMode: 'bigint', timeout: 5_000 });
const app = bareBot(settings, db);
serve({ fetch: app.fetch, port: Number(settings.PORT), hostname: '127.0.0.1' });
