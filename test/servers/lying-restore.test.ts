/**
 * A database server that lies while a restore writes into it: the restore fails in words, the
 * living data is as it was.
 */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type SqlServer, startSqlServer } from '../../sim/sql-over-http/sql-server.ts';
import type { RestoreOptions } from '../../src/backup/restore/restore-steps.ts';
import { databaseState } from '../../src/backup/restore/target-state.ts';
import { SCHEMA_QUERIES } from '../../src/backup/snapshot/schema.ts';
import { backUp, partsOf, restoreNewest, rowsOf } from '../backup/restore/support.ts';
import { createWorld, type World } from '../support/backup-world.ts';

let world: World;
let server: SqlServer;
beforeEach(async () => {
  world = await createWorld({}, 'small');
  await backUp(world);
  server = await startSqlServer({ file: `${world.directory}/server.db`, hosted: true });
  await send('CREATE TABLE living (a)');
  await send("INSERT INTO living VALUES ('still here')");
});
afterEach(async () => {
  await server.close();
  world.close();
});

async function send(sql: string): Promise<void> {
  const body = JSON.stringify({ baton: null, requests: [{ type: 'execute', stmt: { sql } }] });
  await (await fetch(`${server.url}/v3/pipeline`, { method: 'POST', body })).text();
}

type Lie = (sent: string, own: () => Promise<Response>) => Promise<Response>;

async function restoreThrough(lie: Lie, options: Partial<RestoreOptions> = {}): Promise<string> {
  const target = { kind: 'remote' as const, url: server.url, authToken: undefined };
  const lying: typeof fetch = (input, init) => lie(String(init?.body), () => fetch(input, init));
  const error = await restoreNewest(world, partsOf(world, { target, fetch: lying }), options).then(
    () => 'restored',
    (reason: unknown) => String(reason),
  );
  await server.close();
  expect(rowsOf(`${world.directory}/server.db`, 'SELECT a FROM living')).toEqual(['still here']);
  return error;
}

/** `steps`: how many steps of a transaction it says to have done. */
const agreed = (sent: string, steps = Number.POSITIVE_INFINITY): Response => {
  const { requests } = JSON.parse(sent) as { requests: { type: string; batch?: { steps: unknown[] } }[] };
  const result = {
    cols: [],
    rows: [],
    affected_row_count: 1,
    last_insert_rowid: null,
  };
  const one = (batch: { steps: unknown[] } | undefined) => ({
    ...result,
    step_results: batch?.steps.slice(0, steps).map(() => result) ?? [],
    step_errors: [],
  });
  return Response.json({
    baton: null,
    base_url: null,
    results: requests.map(({ type, batch }) => ({ type: 'ok', response: { type, result: one(batch) } })),
  });
};

test('it says yes to every write and does none', async () => {
  const error = await restoreThrough(async (sent, own) =>
    /"(INSERT|CREATE|DROP|PRAGMA)/.test(sent) ? agreed(sent) : own(),
  );
  expect(error).toMatch(/no such table: restoring_control/);
});

test('it says yes to the swap and does not do it', async () => {
  const error = await restoreThrough(async (sent, own) =>
    sent.includes('restoring_control SET state') ? agreed(sent, 0) : own(),
  );
  expect(error).toMatch(/does not say that it committed/);
});

test('it loses every second row', async () => {
  const error = await restoreThrough(async (sent, own) =>
    /INSERT OR IGNORE INTO restoring_\d/.test(sent) ? agreed(sent) : own(),
  );
  expect(error).toMatch(/did not arrive as it is in the backup \(0 rows, wanted \d+\): nothing was changed/);
});

test('its answers are cut, as JSON and in the middle of a cursor', async () => {
  const error = await restoreThrough(async (_, own) => {
    const text = await (await own()).text();
    return new Response(text.slice(0, Math.floor(text.length * 0.7)));
  });
  expect(error).toMatch(/database server 127\.0\.0\.1:\d+ (broke off|did not answer): /);
});

/** The right shape, and no row of the statements that `isMeant`. */
async function withoutRows(
  sent: string,
  own: () => Promise<Response>,
  isMeant: (sql: string) => boolean,
): Promise<Response> {
  type Result = { rows?: unknown[]; step_results?: ({ rows: unknown[] } | null)[] };
  const { requests } = JSON.parse(sent) as {
    requests?: { stmt?: { sql: string }; batch?: { steps: { stmt: { sql: string } }[] } }[];
  };
  if (requests === undefined) return own();
  const answer = (await (await own()).json()) as { results: { response?: { result?: Result } }[] };
  for (const [i, { stmt, batch }] of requests.entries()) {
    const result = answer.results[i]?.response?.result;
    if (result !== undefined && stmt !== undefined && isMeant(stmt.sql)) result.rows = [];
    for (const [step, one] of (batch?.steps ?? []).entries()) {
      const told = result?.step_results?.[step];
      if (told && isMeant(one.stmt.sql)) told.rows = [];
    }
  }
  return Response.json(answer);
}

test.each([
  ['whether a table has rows', (sql: string) => sql.startsWith('SELECT EXISTS')],
  ['the version', (sql: string) => sql === SCHEMA_QUERIES[0]],
  ['the objects', (sql: string) => sql === SCHEMA_QUERIES[1]],
  ['the columns', (sql: string) => sql === SCHEMA_QUERIES[2]],
  ['the indexes', (sql: string) => sql === SCHEMA_QUERIES[3]],
  ['how much the schema has', (sql: string) => sql === SCHEMA_QUERIES[4]],
])('an answer without the rows of %s never makes it empty', async (_, isMeant) => {
  const target = { kind: 'remote' as const, url: server.url, authToken: undefined };
  await send('CREATE UNIQUE INDEX living_a ON living (a)');
  const lying: typeof fetch = (input, init) =>
    withoutRows(String(init?.body), () => fetch(input, init), isMeant);
  await expect(databaseState(target, lying)).rejects.toThrow(/answered without (the row|rows) that it/);
  expect(await databaseState(target, fetch)).toBe('full');
});

test('what was taken for empty and is not stays: the swap itself looks', async () => {
  const error = await restoreThrough((_, own) => own(), { isEmpty: true });
  expect(error).toMatch(/table living is not empty: --replace saves it first/);
});
