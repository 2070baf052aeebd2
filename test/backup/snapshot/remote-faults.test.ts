/** Nothing but a whole answer may pass for a snapshot. */

import Database from 'libsql';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { SchemaChanged, type SnapshotSource } from '../../../src/backup/model/model.ts';
import { openRemoteSnapshotSource } from '../../../src/backup/snapshot/remote.ts';
import { allTargets, type Contents, makeDatabase, readAll, serve } from './rig.ts';

const SMALL = `CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT, b REAL, c BLOB);
  INSERT INTO t VALUES (1, 'o‘lim "daftari"', 1.5, x'00ff10'), (2, '💥\\', -0.0, NULL), (-3, '', 9e999, x'');
  CREATE INDEX i ON t (a)`;

interface Recording {
  readonly schema: string;
  readonly cursor: string;
  readonly contents: Contents;
}

/** Both answers of one whole read, to be played back with damage. */
async function record(sql: string): Promise<Recording> {
  const { file } = makeDatabase(sql);
  const server = await serve(file);
  const bodies: string[] = [];
  const recording: typeof fetch = async (input, init) => {
    const response = await fetch(input, init);
    const text = await response.text();
    bodies.push(text);
    return new Response(text);
  };
  const contents = await readAll(openRemoteSnapshotSource({ url: server.url, fetch: recording }));
  const [schema = '', cursor = ''] = bodies;
  return { schema, cursor, contents };
}

/** A server that answers like the recording, but with this body for the cursor. */
function playBack(
  recording: Recording,
  body: string | Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array>,
): SnapshotSource {
  const played: typeof fetch = async (input) => {
    return new Response(new URL(String(input)).pathname === '/v3/cursor' ? body : recording.schema);
  };
  return openRemoteSnapshotSource({ url: 'http://server.invalid', fetch: played });
}

describe('a damaged answer', () => {
  let recording: Recording;
  beforeEach(async () => {
    recording = await record(SMALL);
  });

  test('cut at any byte is refused, whole it is taken', async () => {
    const bytes = new TextEncoder().encode(recording.cursor);
    expect(bytes.length).toBeGreaterThan(1_000);
    let accepted = 0;
    for (let length = 0; length < bytes.length; length++) {
      const outcome = await readAll(playBack(recording, bytes.slice(0, length))).then(
        () => 'accepted',
        () => 'refused',
      );
      if (outcome === 'accepted') accepted++;
    }
    expect(accepted).toBe(0);
    expect(await readAll(playBack(recording, bytes))).toEqual(recording.contents);
  });

  const lines = () => recording.cursor.trimEnd().split('\n');
  const damage = (change: (lines: string[]) => string[]) => `${change(lines()).join('\n')}\n`;
  const find = (text: string) => lines().findIndex((line) => line.includes(text));

  test('with any line missing, twice, or swapped with the next is refused or changes nothing but rows of the same step', async () => {
    // Rows of a table are counted (lying-server.test.ts), those of an index by ScanCounts. Every
    // other line counts here.
    const rows = new Set(lines().flatMap((line, index) => (line.startsWith('{"type":"row"') ? [index] : [])));
    const others = lines().flatMap((_, index) => (rows.has(index) ? [] : [index]));
    expect(others.length).toBeGreaterThan(10);
    for (const index of others) {
      const missing = damage((all) => all.toSpliced(index, 1));
      await expect(readAll(playBack(recording, missing)), `line ${index} missing`).rejects.toThrow();
      const twice = damage((all) => all.toSpliced(index, 0, all[index] ?? ''));
      await expect(readAll(playBack(recording, twice)), `line ${index} twice`).rejects.toThrow();
    }
  });

  test.each([
    [
      'a step that fails',
      '{"type":"step_error","step":2,"error":{"message":"disk I/O error","code":"SQLITE_IOERR"}}',
      /disk I\/O error/,
    ],
    [
      'an error entry',
      '{"type":"error","error":{"message":"Transaction timed out","code":"TRANSACTION_TIMEOUT"}}',
      /timed out/,
    ],
    ['a row with a value too few', '{"type":"row","row":[{"type":"null"}]}', /1 values where/],
    [
      'a value of no known type',
      '{"type":"row","row":[{"type":"int","value":1},{"type":"null"},{"type":"null"},{"type":"null"},{"type":"null"}]}',
      /cannot be read/,
    ],
    [
      'an integer that is a number',
      '{"type":"row","row":[{"type":"integer","value":1},{"type":"null"},{"type":"null"},{"type":"null"},{"type":"null"}]}',
      /decimal string/,
    ],
    [
      'broken base64',
      '{"type":"row","row":[{"type":"integer","value":"9"},{"type":"null"},{"type":"null"},{"type":"blob","base64":"a*b*"},{"type":"null"}]}',
      /base64/,
    ],
    ['half a line of JSON', '{"type":"row","row":[{"type":"integer"', /not JSON/],
    ['no JSON', '<html>502 Bad Gateway</html>', /not JSON/],
  ])('with %s among the rows is refused', async (_, line, message) => {
    // Behind the version, the count of the table, and the first lines of its rows.
    const at = find('{"type":"row"') + 8;
    const body = damage((all) => all.toSpliced(at, 0, line));
    await expect(readAll(playBack(recording, body))).rejects.toThrow(message);
  });

  test('with something behind its end is refused', async () => {
    await expect(
      readAll(playBack(recording, `${recording.cursor}{"type":"row","row":[]}\n`)),
    ).rejects.toThrow();
    await expect(readAll(playBack(recording, `${recording.cursor}x`))).rejects.toThrow();
  });

  /** The answer up to `head` lines, then `line` for ever; how much was asked of it. */
  const endless = (head: number, line: string, onPull: (pulls: number) => void = () => {}) => {
    const state = { pulls: 0, isCancelled: false };
    const encoder = new TextEncoder();
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => controller.enqueue(encoder.encode(`${lines().slice(0, head).join('\n')}\n`)),
      pull(controller) {
        state.pulls += 1;
        onPull(state.pulls);
        if (state.pulls > 5_000) controller.error(new Error('read on and on'));
        else controller.enqueue(encoder.encode(`${line}\n`));
      },
      cancel() {
        state.isCancelled = true;
      },
    });
    return { body, state };
  };

  test('with rows without end where one belongs is refused at the second', async () => {
    const version = find('{"type":"row"');
    const { body, state } = endless(version, lines()[version] ?? '');
    await expect(readAll(playBack(recording, body))).rejects.toThrow(/many rows in step 1/);
    expect(state.isCancelled).toBe(true);
    expect(state.pulls).toBeLessThan(10);
  });

  test('without end is read no further when the run is given up', async () => {
    const giveUp = new AbortController();
    const first = find('{"type":"row"');
    const { body, state } = endless(first, '{"type":"weather"}', (pulls) => {
      if (pulls === 20) giveUp.abort();
    });
    const read = playBack(recording, body).read(
      async ({ schema, scans }) => {
        for await (const { rows } of scans(allTargets(schema))) for await (const _ of rows);
      },
      { checks: true, signal: giveUp.signal },
    );
    await expect(read).rejects.toThrow(/cut off/);
    expect(state.isCancelled).toBe(true);
    expect(state.pulls).toBeLessThan(30);
  });

  test('the message never repeats the data', async () => {
    const secret = 'a very private title';
    const body = damage((all) => all.toSpliced(-3, 0, `{"type":"row","row":["${secret}`));
    const error = await readAll(playBack(recording, body)).catch((reason: unknown) => reason);
    expect(String(error)).toMatch(/broke off/);
    expect(`${String(error)} ${String((error as Error).cause)}`).not.toContain('private');
  });
});

describe('an answer spelled otherwise is the same answer', () => {
  test('spaces, other key order, padding, unknown entries and fields, odd chunks', async () => {
    const recording = await record(SMALL);
    const respelled = recording.cursor
      .trimEnd()
      .split('\n')
      .map((line, index) => {
        const value: unknown = JSON.parse(line, (key, inner: unknown) =>
          key === 'base64' ? Buffer.from(String(inner), 'base64').toString('base64') : inner,
        );
        const reversed = Object.fromEntries(Object.entries(value as Record<string, unknown>).reverse());
        // A float of -0.0 would lose its sign in JSON.stringify.
        return line.includes('-0.0')
          ? line.replaceAll(',', ' , ')
          : JSON.stringify(
              index % 2 === 0 ? reversed : { ...(value as object), extra: [1] },
              null,
              index % 3,
            ).replaceAll('\n', ' ');
      });
    respelled.splice(3, 0, '{"type":"weather","sunny":true}', '{"type":"step_progress","row":[1]}');
    const bytes = new TextEncoder().encode(`${respelled.join('\n')}\n`);
    for (const size of [1, 2, 3, 7, 64, bytes.length]) {
      let at = 0;
      const chunks = new ReadableStream<Uint8Array>({
        pull(controller) {
          if (at >= bytes.length) return controller.close();
          controller.enqueue(bytes.slice(at, at + size));
          at += size;
        },
      });
      expect((await readAll(playBack(recording, chunks))).rows).toEqual(recording.contents.rows);
    }
  });
});

describe('trouble on the way', () => {
  test.each([
    ['the connection drops before', { kind: 'drop', when: 'before' }],
    ['the answer is lost', { kind: 'drop', when: 'after' }],
    ['the body is cut, politely', { kind: 'truncate', bytes: 700, afterwards: 'end' }],
    ['the body is cut, rudely', { kind: 'truncate', bytes: 700, afterwards: 'drop' }],
    ['the server is out of order', { kind: 'status', status: 503 }],
  ] as const)('%s: rejected, and the next try succeeds', async (_, fault) => {
    const { file } = makeDatabase(SMALL);
    let broken = true;
    const server = await serve(file, {
      faults: ({ path }) => (broken && path === '/v3/cursor' ? fault : undefined),
    });
    const source = openRemoteSnapshotSource({ url: server.url, fetch });
    await expect(readAll(source)).rejects.toThrow(/database server 127\.0\.0\.1/);
    broken = false;
    expect((await readAll(source)).rows['t']).toHaveLength(3);
  });

  test('a wrong token is refused and not repeated', async () => {
    const { file } = makeDatabase(SMALL);
    const server = await serve(file, { authToken: 'right' });
    const wrong = readAll(openRemoteSnapshotSource({ url: server.url, authToken: 'wrong-secret', fetch }));
    const error: unknown = await wrong.catch((reason: unknown) => reason);
    expect(String(error)).toMatch(/answered 401/);
    expect(String(error)).not.toContain('wrong-secret');
    const source = openRemoteSnapshotSource({ url: `${server.url}?authToken=right`, fetch });
    expect((await readAll(source)).rows['t']).toHaveLength(3);
  });

  test('addresses: libsql, tls=0, other schemes, no database server', async () => {
    const seen: string[] = [];
    const spy: typeof fetch = async (input) => {
      seen.push(String(input));
      return new Response('', { status: 404 });
    };
    for (const url of [
      'libsql://db.example.com',
      'libsql://db.example.com:8080?tls=0',
      'https://example.com/db',
    ]) {
      await expect(readAll(openRemoteSnapshotSource({ url, fetch: spy }))).rejects.toThrow(
        /no database server/,
      );
    }
    expect(seen.filter((url) => url.includes('v3'))).toEqual([
      'https://db.example.com/v3/pipeline',
      'http://db.example.com:8080/v3/pipeline',
      'https://example.com/db/v3/pipeline',
    ]);
    expect(() => openRemoteSnapshotSource({ url: 'wss://example.com', fetch: spy })).toThrow(/wss/);
    expect(() => openRemoteSnapshotSource({ url: 'not a url', fetch: spy })).toThrow(/not a URL/);
  });

  test.each([
    ['a new column', 'ALTER TABLE t ADD COLUMN d'],
    ['a new table', 'CREATE TABLE u (a)'],
    ['another user_version', 'PRAGMA user_version = 7'],
  ])('%s between schema and rows: SchemaChanged, and the next read sees it', async (_, change) => {
    for (const without of [undefined, 'cursor'] as const) {
      const { file, db } = makeDatabase(SMALL);
      const server = await serve(file, without ? { without } : {});
      let requests = 0;
      const changing: typeof fetch = (input, init) => {
        requests++;
        if (requests === 2) db.exec(change);
        return fetch(input, init);
      };
      const source = openRemoteSnapshotSource({ url: server.url, fetch: changing });
      await expect(readAll(source)).rejects.toBeInstanceOf(SchemaChanged);
      expect((await readAll(source)).rows['t']).toHaveLength(3);
      await expect.poll(() => server.openStreams).toBeLessThanOrEqual(1);
    }
  });
});

describe('a consumer that stops', () => {
  const LARGE = `CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT);
    WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 30000) INSERT INTO t SELECT i, hex(zeroblob(500)) FROM n`;

  const readerless = async (file: string) => {
    const db = new Database(file);
    onTestFinished(() => void db.close());
    await expect.poll(() => db.pragma('wal_checkpoint(TRUNCATE)')).toMatchObject([{ busy: 0 }]);
  };

  test.each([
    ['cursor', undefined],
    ['pages', 'cursor'],
  ] as const)('%s: transaction closed, error passed on', async (_, without) => {
    const { file, db } = makeDatabase(LARGE);
    const server = await serve(file, without ? { without } : {});
    const source = openRemoteSnapshotSource({ url: server.url, fetch });
    const stopped = source.read(async ({ schema, scans }) => {
      for await (const { rows } of scans(allTargets(schema))) {
        for await (const batch of rows) throw new Error(`enough after ${batch.length}`);
      }
    });
    await expect(stopped).rejects.toThrow(/^enough after /);
    db.exec("UPDATE t SET a = '' WHERE id = 1");
    await readerless(file);
    await expect.poll(() => server.openStreams).toBe(0);
  });

  test('stopping early, or leaving a scan unread, never resolves as if all was well', async () => {
    const { file } = makeDatabase(`${LARGE}; CREATE TABLE u (a); INSERT INTO u VALUES (1)`);
    const server = await serve(file);
    const source = openRemoteSnapshotSource({ url: server.url, fetch });
    const early = source.read(async ({ schema, scans }) => {
      for await (const _ of scans(allTargets(schema))) break;
    });
    await expect(early).rejects.toThrow(/not read to its end/);
    const skipping = source.read(async ({ schema, scans }) => {
      for await (const scan of scans(allTargets(schema))) expect(scan.target.kind).toBe('table');
    });
    await expect(skipping).rejects.toThrow(/table t was not read to its end/);
    const twice = source.read(async ({ schema, scans }) => {
      for (let turn = 0; turn < 2; turn++) {
        for await (const { rows } of scans(allTargets(schema).slice(1)))
          for await (const batch of rows) expect(batch).toHaveLength(1);
      }
    });
    await expect(twice).rejects.toThrow(/once only/);
  });

  test('a slow consumer holds the server back: what is not asked for is not fetched', async () => {
    const { file } = makeDatabase(LARGE);
    const server = await serve(file);
    let fetched = 0;
    const counting: typeof fetch = async (input, init) => {
      const response = await fetch(input, init);
      const reader = response.body?.getReader();
      const body = new ReadableStream<Uint8Array>(
        {
          async pull(controller) {
            const chunk = await reader?.read();
            if (chunk === undefined || chunk.done) return controller.close();
            fetched += chunk.value.length;
            controller.enqueue(chunk.value);
          },
          cancel: (reason) => reader?.cancel(reason),
        },
        { highWaterMark: 0 },
      );
      return new Response(body, response);
    };
    const source = openRemoteSnapshotSource({ url: server.url, fetch: counting });
    let rows = 0;
    await source.read(async ({ schema, scans }) => {
      for await (const scan of scans(allTargets(schema))) {
        for await (const batch of scan.rows) {
          if (rows === 0) {
            for (let turn = 0; turn < 200; turn++) await new Promise(setImmediate);
            expect(fetched).toBeLessThan(3_000_000);
          }
          rows += batch.length;
        }
      }
    });
    expect(rows).toBe(30_000);
    expect(fetched).toBeGreaterThan(30_000_000);
  });
});

test('an answer without end is given up, wherever it comes', async () => {
  const endless = (): { body: ReadableStream<Uint8Array>; bytes: () => number } => {
    let bytes = 0;
    const chunk = new Uint8Array(1024 * 1024).fill(97);
    const pull = (controller: ReadableStreamDefaultController<Uint8Array>): void => {
      bytes += chunk.byteLength;
      controller.enqueue(chunk);
    };
    return { body: new ReadableStream({ pull }), bytes: () => bytes };
  };
  const schema = endless();
  const source = openRemoteSnapshotSource({
    url: 'http://server.invalid',
    fetch: async () => new Response(schema.body),
  });
  await expect(readAll(source)).rejects.toThrow('an answer of more than 67108864 bytes');
  expect(schema.bytes()).toBeLessThan(80 * 1024 * 1024);
  const rows = endless();
  await expect(readAll(playBack(await record(SMALL), rows.body))).rejects.toThrow(
    'a line of more than 67108864 bytes',
  );
  expect(rows.bytes()).toBeLessThan(80 * 1024 * 1024);
});

test('an answer of nothing but objects is refused before it is parsed, wherever it comes', async () => {
  const many = '{},'.repeat(3_000_000);
  const source = openRemoteSnapshotSource({
    url: 'http://server.invalid',
    fetch: async () => new Response(`{"results":[${many}{}]}`),
  });
  await expect(readAll(source)).rejects.toThrow('an answer of more than 4000000 parts');
  const line = `{"baton":null,"base_url":null}\n{"type":"step_begin","step":0,"cols":[${many}{}]}\n`;
  await expect(readAll(playBack(await record(SMALL), line))).rejects.toThrow(
    'an answer of more than 4000000 parts',
  );
});
