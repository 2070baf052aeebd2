/** What the Worker talks to, on loopback: SQL over HTTP over a libSQL file, S3, Telegram. */
import { join } from 'node:path';
import type { S3Settings } from '../src/settings/s3-endpoint.ts';
import { startMemoryS3 } from './s3/memory-server.ts';
import type { FaultPlan } from './sql-over-http/request-faults.ts';
import { type SqlServer, startSqlServer } from './sql-over-http/sql-server.ts';
import { startTelegram } from './telegram/start-telegram.ts';
import type { Telegram } from './telegram/telegram.ts';

export interface StandIns {
  readonly sql: SqlServer;
  readonly s3: S3Settings;
  readonly telegram: Telegram;
  readonly databaseFile: string;
  /** The Worker's settings that point at them. */
  readonly settings: Readonly<Record<string, string>>;
  close(): Promise<void>;
}

export const STAND_IN_SECRET = 'stand_in_webhook_secret';
const AUTH_TOKEN = 'stand-in-database-token';

/** Fake credentials throughout: they open nothing but these servers. */
export async function startStandIns(options: {
  readonly directory: string;
  readonly ownerIds: readonly number[];
  readonly sqlFaults?: FaultPlan;
  /** Of Telegram, and of the page on it; left out: any. */
  readonly telegramPort?: number;
}): Promise<StandIns> {
  const databaseFile = join(options.directory, 'server.db');
  const sql = await startSqlServer({
    file: databaseFile,
    authToken: AUTH_TOKEN,
    // As strict as the service that a Worker's database mostly lives on.
    hosted: true,
    affectedRows: 'zero',
    ...(options.sqlFaults && { faults: options.sqlFaults }),
  });
  const s3 = await startMemoryS3();
  const telegram = await startTelegram({ port: options.telegramPort ?? 0 });
  return {
    sql,
    s3: s3.settings,
    telegram,
    databaseFile,
    settings: {
      BOT_TOKEN: telegram.token,
      BOT_INFO: JSON.stringify(telegram.botInfo),
      WEBHOOK_SECRET: STAND_IN_SECRET,
      ADMIN_IDS: options.ownerIds.join(','),
      TELEGRAM_API_ROOT: telegram.apiRoot,
      DATABASE_URL: sql.url,
      DATABASE_AUTH_TOKEN: AUTH_TOKEN,
      S3_ENDPOINT: s3.settings.endpoint,
      S3_REGION: s3.settings.region,
      S3_BUCKET: s3.settings.bucket,
      S3_ACCESS_KEY_ID: s3.settings.accessKeyId,
      S3_SECRET_ACCESS_KEY: s3.settings.secretAccessKey,
      S3_FORCE_PATH_STYLE: 'true',
    },
    async close() {
      await telegram.close();
      await sql.close();
      await s3.close();
    },
  };
}
