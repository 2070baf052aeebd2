/** A server over a fresh file, and the plain requests a client would make. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { ManualClock } from '../../../sim/sql-over-http/server-clock.ts';
import {
  type SqlServer,
  type SqlServerOptions,
  startSqlServer,
} from '../../../sim/sql-over-http/sql-server.ts';

/** A directory that is gone after the test. */
function temporaryDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'sql-over-http-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true, maxRetries: 10 }));
  return directory;
}

export interface Rig {
  readonly server: SqlServer;
  readonly clock: ManualClock;
  readonly file: string;
  /** POSTs JSON and gives back status and body. */
  post(
    path: string,
    body: unknown,
    headers?: Record<string, string>,
  ): Promise<{ status: number; text: string }>;
  /** A pipeline whose HTTP status must be 200. */
  pipeline(requests: readonly unknown[], baton?: string | null): Promise<PipelineAnswer>;
  /** The entries of a cursor, the first line included. */
  cursor(steps: readonly unknown[], baton?: string | null): Promise<readonly Record<string, unknown>[]>;
}

export interface PipelineAnswer {
  readonly baton: string | null;
  readonly results: readonly {
    readonly type: string;
    readonly error?: { readonly message: string; readonly code: string; readonly extended_code?: string };
    readonly response?: {
      readonly type: string;
      readonly result?: StatementResult;
      readonly is_autocommit?: boolean;
    };
  }[];
}

interface StatementResult {
  readonly cols: readonly unknown[];
  readonly rows: readonly (readonly unknown[])[];
  readonly affected_row_count: number;
  readonly last_insert_rowid: string | null;
  readonly step_results: readonly (StatementResult | null)[];
  readonly step_errors: readonly ({ readonly code: string; readonly message: string } | null)[];
}

export async function startRig(options: Partial<SqlServerOptions> = {}): Promise<Rig> {
  const clock = new ManualClock();
  const file = join(temporaryDirectory(), 'data.db');
  const server = await startSqlServer({ file, clock, ...options });
  onTestFinished(() => server.close());
  const post: Rig['post'] = async (path, body, headers = {}) => {
    const response = await fetch(`${server.url}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    });
    return { status: response.status, text: await response.text() };
  };
  return {
    server,
    clock,
    file,
    post,
    async pipeline(requests, baton = null) {
      const { status, text } = await post('/v3/pipeline', { baton, requests });
      if (status !== 200) throw new Error(`status ${status}: ${text}`);
      return JSON.parse(text);
    },
    async cursor(steps, baton = null) {
      const { status, text } = await post('/v3/cursor', { baton, batch: { steps } });
      if (status !== 200) throw new Error(`status ${status}: ${text}`);
      return text
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line));
    },
  };
}

/** An `execute` request. */
export function execute(sql: string, args: readonly unknown[] = []): unknown {
  return { type: 'execute', stmt: { sql, args } };
}
