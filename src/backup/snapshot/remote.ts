/**
 * The snapshot of a database behind a libSQL server (sqld, Turso), over HTTP. One streaming request
 * carries the whole read transaction, so memory stays flat and a Worker spends one subrequest on
 * it; a server without cursors is read in pages. Runs in workerd and on Node.
 */

import { quoteName } from '../../lib/sql-tokens.ts';
import { countsOnly } from '../model/database-damage.ts';
import {
  type Row,
  type ScanTarget,
  SchemaChanged,
  type SnapshotSource,
  type SourceCheck,
} from '../model/model.ts';
import { CursorEntries } from '../sql-http/cursor-entries.ts';
import {
  ConnectionLost,
  chained,
  connectSqlHttp,
  pipeline,
  ServerRefused,
  type SqlHttp,
  type SqlHttpOptions,
  StatementFailed,
  type StreamAddress,
} from '../sql-http/sql-http.ts';
import { WireError } from '../sql-http/wire.ts';
import { guardScans } from './guarded-scans.ts';
import { NeedsExactForm } from './needs-exact-form.ts';
import { PagedTransaction } from './pages.ts';
import { questionsBy } from './questions.ts';
import { askServer, plainRow } from './remote-schema.ts';
import { type FormName, type RowForm, rowForm } from './row-form.ts';
import { judged, type OpenScan } from './row-judge.ts';
import { scanSql } from './scan-sql.ts';
import {
  type DetailedSchema,
  readSchema,
  requireSameSchema,
  SCHEMA_QUERIES,
  VERSION_QUERY,
} from './schema.ts';
import { MOST_EXPRESSIONS, requireNarrow, TooWide } from './too-wide.ts';

export interface RemoteSnapshotOptions extends SqlHttpOptions {
  /** Most rows in a batch, 500 by default. */
  readonly batchRows?: number;
  /**
   * Asks the server for its own check, one request more: not in a Worker, whose run on the free
   * plan has none to spare.
   */
  readonly checkServer?: (server: SqlHttp, path: string) => Promise<SourceCheck>;
}

/**
 * Opens snapshots of a server's database. `read` rejects, and whatever `use` made is void, when the
 * schema moved ({@link SchemaChanged}), when the answer is not proved whole, or when a value came
 * that the quick form of the request cannot carry (a text that is not UTF-8, an infinity in an
 * INTEGER column): the next `read` of the same source then asks for the exact form.
 */
export function openRemoteSnapshotSource(options: RemoteSnapshotOptions): SnapshotSource {
  const server = connectSqlHttp(options);
  const batchRows = options.batchRows ?? 500;
  let form: FormName = 'quick';
  let brokenCursors = 0;
  const ask = (queries: readonly string[]): ReturnType<typeof askServer> =>
    askServer(server, queries).catch((error: unknown) => {
      throw named(server, error);
    });
  return {
    ...questionsBy(async (queries) => (await ask(queries)).answers),
    async read(use, { signal } = { checks: false }) {
      const { answers, endpoint } = await ask(SCHEMA_QUERIES);
      const details = readSchema(answers);
      const session: Session = {
        server,
        details,
        endpoint,
        form,
        batchRows,
        inPages: endpoint === 'v2' || brokenCursors >= CURSOR_TRIES,
        signal,
        close: async () => undefined,
      };
      const damage: string[] = [];
      // Once or twice the answer may be broken; after that the database is.
      const doubt = (fault: string): void => {
        if (brokenCursors < CURSOR_TRIES) throw new WireError(fault);
        if (!damage.includes(fault)) damage.push(fault);
      };
      const guarded = guardScans(
        (targets) => judged(readScans(session, targets), details, doubt),
        (error) => {
          if (mayBeUnreadableValue(error)) {
            form = 'exact';
            brokenCursors += 1;
          }
          return named(server, error);
        },
      );
      try {
        const check = async (): Promise<SourceCheck> => {
          const asked = await options.checkServer?.(server, `${endpoint}/pipeline`);
          const found = asked ?? countsOnly('not asked for');
          return { ...found, damage: [...found.damage, ...damage] };
        };
        const result = await use({ schema: details.schema, scans: guarded.scans, check });
        guarded.requireComplete();
        // What broke them may have passed, and pages cost the server more.
        brokenCursors = 0;
        return result;
      } finally {
        await session.close();
      }
    },
  };
}

/**
 * After so many cursors that broke off in a row the next read asks for pages: connections that end
 * after a hundred rows, every time, were reported from one region (tursodatabase/turso#7140). A run
 * reads three times at most (lib/retry.ts, DATABASE_READ).
 */
const CURSOR_TRIES = 2;

/**
 * A server breaks off, without a word, over a text that is not UTF-8; so does a bad line. In-band
 * errors have other causes.
 */
function mayBeUnreadableValue(error: unknown): boolean {
  if ([SchemaChanged, StatementFailed, TooWide].some((type) => error instanceof type)) return false;
  return !(error instanceof ServerRefused) || error.status >= 500 || error instanceof NeedsExactForm;
}

/** A {@link WireError} names no server. */
function named(server: SqlHttp, error: unknown): unknown {
  const own = [SchemaChanged, StatementFailed, ServerRefused, ConnectionLost, NeedsExactForm, TooWide].some(
    (type) => error instanceof type,
  );
  if (own || !(error instanceof Error)) return error;
  return new Error(`database server ${server.host} broke off: ${error.message}`, { cause: error });
}

interface Session {
  readonly server: SqlHttp;
  readonly details: DetailedSchema;
  readonly endpoint: 'v3' | 'v2';
  readonly form: FormName;
  readonly batchRows: number;
  readonly inPages: boolean;
  readonly signal: AbortSignal | undefined;
  /** Ends what is under way on the server. Never throws. */
  close: () => Promise<void>;
}

interface PlannedScan {
  readonly target: ScanTarget;
  readonly forms: readonly RowForm[];
}

async function* readScans(session: Session, targets: readonly ScanTarget[]): AsyncGenerator<OpenScan> {
  const plan = targets.map((target): PlannedScan => {
    const forms = scanSql(target, session.details).map((scan) => rowForm(scan, session.form));
    if (target.kind === 'table') {
      requireNarrow(target.table);
      if (forms.some(({ width }) => width > MOST_EXPRESSIONS)) throw new TooWide(target.table);
    }
    return { target, forms };
  });
  if (!session.inPages) {
    const response = await session.server.post('v3/cursor', {
      baton: null,
      batch: { steps: cursorSteps(plan) },
    });
    if (response !== 404) return yield* readCursor(session, plan, response);
  }
  yield* readPages(session, plan);
}

/** In the same transaction: a server that leaves rows out of an answer still counts them. */
function countQueries(plan: readonly PlannedScan[]): string[] {
  return plan.flatMap(({ target }) =>
    target.kind === 'table' ? [`SELECT count(*) FROM ${quoteName(target.table.name)} NOT INDEXED`] : [],
  );
}

function cursorSteps(plan: readonly PlannedScan[]): unknown[] {
  const selects = plan.flatMap(({ forms }) => forms.map((form) => form.sql()));
  const steps = chained(['BEGIN', VERSION_QUERY, ...countQueries(plan), ...selects, 'COMMIT']);
  const failed = { type: 'not', cond: { type: 'ok', step: steps.length - 1 } };
  const open = { type: 'not', cond: { type: 'is_autocommit' } };
  return [...steps, { stmt: { sql: 'ROLLBACK' }, condition: { type: 'and', conds: [failed, open] } }];
}

async function* readCursor(
  session: Session,
  plan: readonly PlannedScan[],
  response: Response,
): AsyncGenerator<OpenScan> {
  const { entries, stream } = await CursorEntries.open(session.server.host, response);
  // Whoever gave the run up waits for no further row: an answer without end would keep the process.
  const stop = (): void => void entries.cancel();
  session.signal?.addEventListener('abort', stop);
  if (session.signal?.aborted === true) stop();
  session.close = async () => {
    session.signal?.removeEventListener('abort', stop);
    await entries.cancel();
    await closeStream(session.server, stream);
  };
  let step = 0;
  /** Of a step that has one row at most. */
  const skipStep = async (width: number): Promise<Row | undefined> => {
    let first: Row | undefined;
    for await (const rows of entries.step(step, { width, readRow: plainRow }, 2)) {
      if (first !== undefined || rows.length > 1)
        throw new WireError(`many rows in step ${step} of a cursor`);
      [first] = rows;
    }
    step += 1;
    return first;
  };
  await skipStep(0);
  requireSameSchema(session.details.schema, await skipStep(VERSION_WIDTH));
  const counts: (Row | undefined)[] = [];
  for (const _ of countQueries(plan)) counts.push(await skipStep(1));
  for (const { target, forms } of plan) {
    const rows = (async function* () {
      for (const form of forms) yield* entries.step(step++, form, session.batchRows);
    })();
    yield { target, rows, count: target.kind === 'table' ? counts.shift()?.[0] : undefined };
  }
  await skipStep(0);
  await entries.finish();
  // The transaction is over and the stream idle: it expires by itself and is worth no further
  // subrequest.
  session.close = async () => session.signal?.removeEventListener('abort', stop);
}

/** Columns of {@link VERSION_QUERY}. */
const VERSION_WIDTH = 4;

async function* readPages(session: Session, plan: readonly PlannedScan[]): AsyncGenerator<OpenScan> {
  const transaction = new PagedTransaction(session.server, `${session.endpoint}/pipeline`);
  session.close = () => transaction.abandon();
  const [version, ...counts] = await transaction.begin([VERSION_QUERY, ...countQueries(plan)]);
  requireSameSchema(session.details.schema, version);
  for (const { target, forms } of plan) {
    const rows = (async function* () {
      for (const form of forms) yield* transaction.read(form, session.batchRows);
    })();
    yield { target, rows, count: target.kind === 'table' ? counts.shift()?.[0] : undefined };
  }
  await transaction.commit();
  session.close = async () => undefined;
}

/**
 * Gives the read transaction up at once, so that it does not pin the write-ahead log until it
 * expires.
 */
async function closeStream(server: SqlHttp, stream: StreamAddress | undefined): Promise<void> {
  if (stream === undefined) return;
  try {
    await pipeline(server, 'v3/pipeline', [{ type: 'close' }], stream);
  } catch (error) {
    // The stream may be gone with its connection; if not, the server expires it. What went wrong
    // before is what counts.
    if (!(error instanceof Error)) throw error;
  }
}
