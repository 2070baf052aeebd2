/**
 * Servers that break off, fall silent, send pages or redirects: a snapshot ends whole, or in words
 * that say what to do.
 */
import { setImmediate as turn } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Fault, RequestRecord } from '../../sim/sql-over-http/request-faults.ts';
import { ManualClock } from '../../sim/sql-over-http/server-clock.ts';
import { type SqlServer, startSqlServer } from '../../sim/sql-over-http/sql-server.ts';
import type { BackupContext } from '../../src/backup/run/context.ts';
import { runBackup } from '../../src/backup/run/run.ts';
import { openRemoteSnapshotSource } from '../../src/backup/snapshot/remote.ts';
import { connectSqlHttp } from '../../src/backup/sql-http/sql-http.ts';
import { verifyDeep } from '../../src/backup/verify/verify-backup.ts';
import { allTargets, makeDatabase, readAll, serve } from '../backup/snapshot/rig.ts';
import { createWorld, type World } from '../support/backup-world.ts';
import { serveHere } from '../support/local-server.ts';

describe('cursors that reset after a hundred rows, every time', () => {
  let world: World;
  let context: BackupContext;
  let server: SqlServer;
  let resets: boolean;
  beforeEach(async () => {
    resets = true;
    world = await createWorld();
    const rows = Array.from({ length: 300 }, (_, i) => `(${10_000 + i}, 'user ${i}')`).join(',');
    await world.db.write([{ sql: `INSERT INTO users (user_id, first_name) VALUES ${rows}`, args: [] }]);
    const faults = ({ path }: RequestRecord): Fault | undefined =>
      resets && path === '/v3/cursor' ? { kind: 'truncate', bytes: 100 * 60, afterwards: 'drop' } : undefined;
    server = await startSqlServer({ file: world.path, hosted: true, faults });
    context = { ...world.context, source: openRemoteSnapshotSource({ url: server.url, fetch }) };
  });
  afterEach(async () => {
    await server.close();
    world.close();
  });

  const paths = (): string[] => server.requests.map(({ path }) => path);

  test('the third attempt reads pages, and the backup is good', async () => {
    const outcome = await runBackup(context, {
      trigger: 'command',
      scheduledAt: world.clock.now(),
    });
    if (outcome.kind !== 'done') throw new Error(JSON.stringify(outcome));
    expect(paths().filter((path) => path === '/v3/cursor')).toHaveLength(2);
    expect(outcome.manifest.tables.find(({ name }) => name === 'users')?.rows).toBe(302);
    // Those of the broken attempts are read, and billed, too.
    resets = false;
    const whole = await readAll(context.source, (schema) => allTargets(schema));
    const once = Object.values(whole.rows).reduce((sum, rows) => sum + rows.length, 0);
    expect(outcome.rowsRead).toBeGreaterThan(once);
    const verified = await verifyDeep(context, outcome.manifest, { keys: undefined });
    expect(verified).toMatchObject({ ok: true, problems: [] });
  });

  test('a cursor is tried again once the trouble is over: pages cost the server more', async () => {
    const { source } = context;
    await expect(readAll(source)).rejects.toThrow(/broke off/);
    await expect(readAll(source)).rejects.toThrow(/broke off/);
    const whole = await readAll(source);
    resets = false;
    const before = paths().length;
    expect((await readAll(source)).rows).toEqual(whole.rows);
    expect(paths().slice(before)).toEqual(['/v3/pipeline', '/v3/cursor']);
  });
});

describe('a server that falls silent', () => {
  const SQL = 'CREATE TABLE t (a); INSERT INTO t VALUES (1), (2), (3)';

  test.each([
    ['/v3/pipeline', 0],
    ['/v3/pipeline', 50],
    ['/v3/cursor', 0],
    ['/v3/cursor', 400],
  ])('in %s after %i bytes ends the attempt after 120 s, with a message', async (where, bytes) => {
    const clock = new ManualClock();
    let isSilent = false;
    const onSilence = (): void => {
      isSilent = true;
    };
    const server = await serve(makeDatabase(SQL).file, {
      faults: ({ path }) =>
        path === where ? { kind: 'truncate', bytes, afterwards: 'silence', onSilence } : undefined,
    });
    if (bytes === 0) isSilent = true;
    const source = openRemoteSnapshotSource({
      url: server.url,
      fetch,
      timer: (ms, run) => clock.after(ms, run),
    });
    let outcome: unknown;
    void readAll(source).then(
      () => {
        outcome = 'read';
      },
      (error: unknown) => {
        outcome = error;
      },
    );
    const asked = (): boolean => server.requests.some(({ path }) => path === where);
    while (!isSilent || !asked()) await turn();
    for (let i = 0; i < 20; i += 1) await turn();
    clock.advance(119_000);
    for (let i = 0; i < 20; i += 1) await turn();
    expect(outcome).toBeUndefined();
    while (outcome === undefined) {
      clock.advance(1_000);
      await turn();
    }
    expect(String(outcome)).toMatch(/database server 127\.0\.0\.1:\d+ fell silent: no answer within 120 s/);
  });
});

describe('what is no database answers', () => {
  const answering = (make: () => Response) =>
    openRemoteSnapshotSource({ url: 'http://database.example', fetch: async () => make() });
  const html = { 'content-type': 'text/html; charset=utf-8' };

  test.each<[string, () => Response, RegExp]>([
    [
      'a web page',
      () => new Response('<html><title>Welcome</title>', { headers: html }),
      /database\.example answered 200: a web page, not a database; check DATABASE_URL/,
    ],
    [
      'an error page of a proxy',
      () => new Response('<html>Bad gateway', { status: 502, headers: html }),
      /answered 502: a web page$/,
    ],
    ['an empty answer', () => new Response(null), /broke off: an answer that is not JSON|answered 200/],
    ['no JSON', () => new Response('OK'), /database\.example broke off: an answer that is not JSON/],
    ['JSON of something else', () => Response.json({ ok: true }), /a pipeline answer without its results/],
    [
      'too many results',
      () => Response.json({ baton: null, base_url: null, results: [1, 2, 3] }),
      /a pipeline answer without its results/,
    ],
    [
      'a redirect',
      () => new Response(null, { status: 308, headers: { location: 'https://other.example/path?token=x' } }),
      /answered 308: it sends elsewhere to https:\/\/other\.example; check DATABASE_URL/,
    ],
    [
      'no token',
      () => Response.json({ error: 'Unauthorized: `empty JWT`' }, { status: 401 }),
      /answered 401/,
    ],
  ])('%s', async (_, make, message) => {
    await expect(readAll(answering(make), allTargets)).rejects.toThrow(message);
  });

  test('an error page without end is not read to its end', async () => {
    let pulled = 0;
    const endless = new ReadableStream<Uint8Array>({
      pull(controller) {
        pulled += 1;
        controller.enqueue(new TextEncoder().encode('x'.repeat(1_000)));
      },
    });
    const source = answering(() => new Response(endless, { status: 503 }));
    await expect(readAll(source)).rejects.toThrow(/answered 503: x{200}$/);
    expect(pulled).toBeLessThan(10);
  });

  test('no request follows a redirect: rows and token stay where they belong', async () => {
    const elsewhere = await serve(makeDatabase().file);
    const url = await serveHere((_, response) => {
      response.writeHead(307, { location: `${elsewhere.url}/v3/pipeline` }).end();
    });
    const server = connectSqlHttp({ url, authToken: 'secret', fetch });
    await expect(server.post('v3/pipeline', {})).rejects.toThrow(/answered 307: it sends elsewhere/);
    expect(elsewhere.requestCount).toBe(0);
  });
});
