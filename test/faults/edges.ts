/**
 * The edges of the engine with trouble in them: bucket, database (a file's or a server's), files.
 */

import type { RowSource } from '../../src/backup/model/model.ts';
import type { FileCalls } from '../../src/backup/restore/file-calls.ts';
import { type Store, StoreError } from '../../src/backup/store/types.ts';
import { type Database, DatabaseUnavailable } from '../../src/db/database.ts';
import { type Caller, faultySource, faultyStore } from '../support/faulty-edges.ts';
import { type MemoryStore, slicesOf } from '../support/memory-store.ts';
import type { Chaos, Side } from './chaos.ts';

export function chaoticStore(store: MemoryStore, chaos: Chaos, side: Side = 'bucket'): Store {
  const caller = chaos.side(
    side,
    (what, isTimeout) =>
      new StoreError(`${what}: ${isTimeout ? 'no answer in 120 s' : 'trouble'}`, { retryable: true }),
  );
  const sliced: Store = {
    ...store,
    async get(key) {
      const object = await store.get(key);
      const body = store.objects.get(key)?.body ?? NO_BYTES;
      return object && { ...object, body: ReadableStream.from(slicesOf(body, SLICE_BYTES)) };
    },
  };
  return faultyStore(sliced, caller, store.rot);
}

/** What comes at once where any piece may be hit; undisturbed bodies come in larger ones. */
const SLICE_BYTES = 1000;
export const CALM_SLICE_BYTES = 16 * 1024;
const NO_BYTES = new Uint8Array(0);

export function chaoticSource(source: RowSource, chaos: Chaos): RowSource {
  return faultySource(
    source,
    chaos.side('database', (what) => new Error(`${what}: disk I/O error`)),
  );
}

export function chaoticDatabase(db: Database, chaos: Chaos): Database {
  const caller = chaos.side(
    'database',
    (what, isTimeout) =>
      new DatabaseUnavailable(`${what}: ${isTimeout ? 'no answer' : 'database is locked'}`),
  );
  return {
    read: (queries) => caller.call(`read ${start(queries[0]?.sql)}`, () => db.read(queries)),
    write: (statements) => caller.call(`write ${start(statements.at(-1)?.sql)}`, () => db.write(statements)),
    get roundTrips() {
      return db.roundTrips;
    },
    close: () => {},
  };
}

export function chaoticFiles(files: FileCalls, chaos: Chaos): FileCalls {
  const caller = chaos.side('files', (what) => new Error(`${what}: input/output error`));
  const wrapped =
    <A extends readonly string[]>(what: string, call: (...args: A) => Promise<void>) =>
    (...args: A): Promise<void> =>
      caller.call(`${what} ${args.map(nameOf).join(' ')}`, () => call(...args));
  return {
    exists: files.exists,
    link: wrapped('link', files.link),
    rename: wrapped('rename', files.rename),
    remove: wrapped('remove', files.remove),
    sync: wrapped('sync', files.sync),
  };
}

/**
 * Every request to a database server: refused, lost, silent, cut off in the middle of its answer,
 * or carried out wrongly.
 */
export function chaoticFetch(base: typeof fetch, chaos: Chaos): typeof fetch {
  const caller = chaos.side('database', (_, isTimeout) =>
    isTimeout
      ? new DOMException('The operation was aborted due to timeout', 'TimeoutError')
      : new TypeError('fetch failed'),
  );
  return async (input, init) => {
    const request = new Request(input, init);
    const body = await request.text();
    const send = (text: string): Promise<Response> =>
      base(request.url, { method: request.method, headers: request.headers, body: text });
    return callServer(caller, { path: new URL(request.url).pathname, body, send });
  };
}

interface ServerCall {
  readonly path: string;
  readonly body: string;
  readonly send: (body: string) => Promise<Response>;
}

function callServer(caller: Caller, { path, body, send }: ServerCall): Promise<Response> {
  // Read whole, so that its effect is there when the answer is lost.
  const work = async (text = body): Promise<Response> => {
    const answer = await send(text);
    return new Response(await answer.arrayBuffer(), answer);
  };
  const wrong = wrongRow(body);
  return caller.call(`${path} ${momentOf(body) ?? start(sqlOf(body))}`, () => work(), {
    mayBeLate: true,
    refuse: () => new Response('upstream is out of order', { status: 503 }),
    cut: async (answer, at) => {
      const bytes = new Uint8Array(await answer.arrayBuffer());
      const part = bytes.subarray(0, Math.floor(bytes.byteLength * at));
      // Half of the time the connection is seen to break.
      return new Response(bytes.byteLength % 2 === 0 ? part : breaking(part), answer);
    },
    ...(wrong === undefined ? {} : { alter: () => work(wrong) }),
  });
}

function breaking(part: Uint8Array): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start: (controller) => controller.enqueue(part),
    pull: (controller) => controller.error(new TypeError('terminated')),
  });
}

/** The request with another value in a row that a restore loads, if it is such a request. */
function wrongRow(body: string): string | undefined {
  if (!body.includes('INSERT OR IGNORE INTO restoring_')) return undefined;
  const wrong = body.replace(/'(sim|f|g|imported|Naruto)'/, "'wrong'");
  return wrong === body ? undefined : wrong;
}

/** The one request that everything hangs on. */
function momentOf(body: string): string | undefined {
  if (/restoring_control SET state = 1/.test(body)) return 'SWAP';
  return /importing_control SET state = 1/.test(body) ? 'MERGE' : undefined;
}

/** The first statement that tells something. */
function sqlOf(body: string): string {
  const texts = [...body.matchAll(/"sql":"((?:[^"\\]|\\.)*)"/g)].map((match) => match[1] ?? '');
  return texts.find((text) => !/^(PRAGMA|BEGIN|SELECT json_extract)/.test(text)) ?? '';
}

/** Enough of a text to tell calls apart by; ids of attempts are random and stay out. */
function start(sql = ''): string {
  return sql
    .replaceAll(/\\n|\s+/g, ' ')
    .replaceAll(/'[0-9a-f]{8}-[^']*'/g, "'…'")
    .slice(0, 70);
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

/** Bodies of keys that contain `part` end early without an error. */
export function cuttingStore(store: Store, part: string): Store {
  return {
    ...store,
    async get(key) {
      const object = await store.get(key);
      if (object === undefined || !key.includes(part)) return object;
      const bytes = new Uint8Array(await new Response(object.body).arrayBuffer());
      return { bytes: object.bytes, body: ReadableStream.from([bytes.subarray(0, bytes.byteLength - 7)]) };
    },
  };
}
