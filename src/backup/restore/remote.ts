/**
 * A backup into the database of a server (docs/spec/backup.md, "Restore"): staged beside the living tables in bounded requests, read back
 * and compared, then swapped in one transaction that moves pages, not rows. Until its COMMIT the old data is what everybody reads.
 */
import { explain } from '../../lib/clock.ts';
import { quoteName } from '../../lib/sql-tokens.ts';
import type { TableDigest } from '../digest.ts';
import type { DatabaseSchema, SnapshotSource, TableInfo } from '../model.ts';
import { StatementFailed } from '../sql-http/sql-http.ts';
import { isPassing, remedy, type SqlSession } from '../sql-http/sql-session.ts';
import { rowLayout } from '../values.ts';
import { carryLedgerSql } from './carry-ledger.ts';
import { askAgain, compareStaged } from './compare-staged.ts';
import { cannotOnly, sqliteSays } from './only-obstacles.ts';
import { type Replacement, replaceContents } from './replace-contents.ts';
import {
  CONTROL_TABLE,
  columnList,
  dropOrder,
  isStaging,
  moveRows,
  rowTuple,
  type StagedTable,
  stagedTables,
} from './staging.ts';
import { CREATE_CONTROL, dropMark, guard, swap } from './swap.ts';
import { setVersionSql, versionNote } from './user-version.ts';

export interface RemoteTarget {
  readonly session: SqlSession;
  /** Reads the server's database. */
  readonly source: SnapshotSource;
}

export interface RemoteRestoreOptions {
  /** Names this attempt; another attempt's staging is never swapped in. */
  readonly id: string;
  /** Reads the backup. */
  readonly from: SnapshotSource;
  /** The backup's digests, table by table. */
  readonly wanted: readonly TableDigest[];
  /** {@link lastUpdate} before the safety backup: later ones are counted, for nothing keeps what they did. */
  readonly lastUpdate?: string | undefined;
  /** Only these tables; undefined = the whole database, schema and all. */
  readonly only: readonly string[] | undefined;
  /** Called with rows loaded so far; may throw to stop. */
  readonly onRows: (rows: number) => Promise<void>;
  readonly onCompare?: () => void;
  /** Right before the swap: the last chance to stop. */
  readonly beforeSwap: () => Promise<void>;
}

const ORPHANS =
  'rows of other tables would belong to rows that the backup has not: name those tables in --only too';

/** SQL a request: far below what a server takes, and some milliseconds of its write lock. */
const BATCH_CHARACTERS = 256 * 1024;
const BATCH_ROWS = 4_000;

export async function restoreRemote(target: RemoteTarget, options: RemoteRestoreOptions): Promise<string[]> {
  await clearStaging(target);
  const { session } = target;
  const { id } = options;
  await session.run([
    CREATE_CONTROL,
    `INSERT INTO ${CONTROL_TABLE} (id) SELECT '${id}' WHERE NOT EXISTS (SELECT 1 FROM ${CONTROL_TABLE})`,
  ]);
  // Two that began at the same moment would fill the same tables.
  if ((await session.first(`SELECT id FROM ${CONTROL_TABLE}`))?.[0] !== id)
    throw new Error('another restore into this database has begun at the same time: wait for it to end');
  const { schema, staged } = await load(target, options);
  options.onCompare?.();
  await compareStaged(target.source, staged, options.wanted);
  await options.beforeSwap();
  const live = await askAgain(() => target.source.schema());
  const isWhole = options.only === undefined;
  const versions = { live: live.userVersion, wanted: schema.userVersion };
  const setVersion = isWhole ? await setVersionSql(session, versions) : undefined;
  const { statements, notes } = isWhole
    ? swapStatements(live, schema, staged, options.wanted)
    : onlyStatements({ live, version: await versionOf(target.session, live), from: schema, staged });
  await swap(session, id, [
    ...countLate(live, options.lastUpdate),
    ...statements,
    ...(setVersion === undefined ? [] : [setVersion]),
    ...staged.map(({ name }) => `DROP TABLE ${name}`),
  ]).catch((error: unknown) => {
    throw options.only === undefined ? error : refusedOnly(error, options.only);
  });
  const told = [
    isWhole && versions.live !== versions.wanted
      ? await versionNote(session, versions.wanted).catch(() => undefined)
      : undefined,
    await lateUpdates(session).catch(() => undefined),
  ];
  await dropMark(session, id);
  return [...notes, ...told.filter((note) => note !== undefined)];
}

/** What the bot has handled so far: ids of updates grow. Undefined for a database that is no bot's. */
export async function lastUpdate({ session }: RemoteTarget): Promise<string | undefined> {
  const row = await session
    .first('SELECT COALESCE(MAX(update_id), 0) FROM handled_updates')
    .catch((error: unknown) => {
      if (error instanceof StatementFailed) return undefined;
      throw error;
    });
  return row?.[0] ?? undefined;
}

/** Counts, in the very transaction that takes it away, what the bot did since. */
function countLate(live: DatabaseSchema, since: string | undefined): string[] {
  if (since === undefined || !live.tables.some(({ name }) => name === 'handled_updates')) return [];
  return [
    `ALTER TABLE ${CONTROL_TABLE} ADD COLUMN late INTEGER`,
    `UPDATE ${CONTROL_TABLE} SET late = (SELECT COUNT(*) FROM handled_updates WHERE update_id > ${BigInt(since)})`,
  ];
}

async function lateUpdates(session: SqlSession): Promise<string | undefined> {
  const [late] = (await session.first(`SELECT late FROM ${CONTROL_TABLE}`)) ?? [];
  return late === undefined || late === null || late === '0'
    ? undefined
    : `the bot was not stopped: what it wrote while it handled ${late} updates after the safety backup is in neither`;
}

/** Removes what this attempt made, unless another has begun since: then nothing of it is ours any more. */
export async function clearOwnStaging(target: RemoteTarget, id: string): Promise<void> {
  const row = await target.session.first(`SELECT count(*) FROM ${CONTROL_TABLE} WHERE id = '${id}'`);
  if (row?.[0] === '1') await clearStaging(target);
}

/** Removes what a dead attempt left. */
export async function clearStaging({ session, source }: RemoteTarget): Promise<void> {
  const { tables } = await askAgain(() => source.schema());
  const left = tables.map(({ name }) => name).filter(isStaging);
  // The control table first: without it a stalled attempt can not swap any more.
  for (const name of left.toSorted((a, b) => Number(b === CONTROL_TABLE) - Number(a === CONTROL_TABLE)))
    await session.run([`DROP TABLE IF EXISTS ${quoteName(name)}`]);
}

async function load(
  { session }: RemoteTarget,
  options: RemoteRestoreOptions,
): Promise<{ schema: DatabaseSchema; staged: StagedTable[] }> {
  return options.from.read(async (snapshot) => {
    const { schema } = snapshot;
    const staged = stagedTables(schema, chosenTables(schema, options.only));
    let rows = 0;
    for (const { create } of staged)
      await session.run([
        create.replace(/^\s*CREATE\s+TABLE\s+(IF\s+NOT\s+EXISTS\s+)?/i, 'CREATE TABLE IF NOT EXISTS '),
      ]);
    const queue = createQueue(session);
    let next = 0;
    for await (const scan of snapshot.scans(staged.map(({ table }) => ({ kind: 'table', table })))) {
      const table = staged[next];
      next += 1;
      if (table === undefined) throw new Error('more scans than tables');
      const layout = rowLayout(table.table);
      // Sent again when an answer was lost: rows that are there already are passed over.
      const head = `INSERT OR IGNORE INTO ${table.name} (${columnList(table.table).join(', ')}) VALUES `;
      let tuples: string[] = [];
      let characters = 0;
      for await (const batch of scan.rows) {
        for (const row of batch) {
          const tuple = rowTuple(row, layout);
          tuples.push(tuple);
          characters += tuple.length;
          if (characters < BATCH_CHARACTERS && tuples.length < BATCH_ROWS) continue;
          await queue.push(head + tuples.join(','));
          [tuples, characters] = [[], 0];
        }
        rows += batch.length;
        await options.onRows(rows);
      }
      if (tuples.length > 0) await queue.push(head + tuples.join(','));
    }
    await queue.drain();
    for (const { indexes } of staged)
      for (const sql of indexes)
        await session.run([sql.replace(/\bINDEX\s+(IF\s+NOT\s+EXISTS\s+)?/i, 'INDEX IF NOT EXISTS ')]);
    return { schema, staged };
  });
}

/** Named tables, or all with storage that are no debris. */
function chosenTables(schema: DatabaseSchema, only: readonly string[] | undefined): TableInfo[] {
  const all = schema.tables.filter(({ name }) => !isStaging(name));
  // Statistics of the query planner can only be made by ANALYZE, which servers refuse.
  return all.filter(({ name }) =>
    only === undefined ? !name.startsWith('sqlite_stat') : only.includes(name),
  );
}

/** The next request is built while the one before is on its way: one in flight, for the server writes one at a time anyway. */
function createQueue(session: SqlSession): { push(sql: string): Promise<void>; drain(): Promise<void> } {
  let flying: Promise<unknown> = Promise.resolve();
  return {
    async push(sql) {
      const failure = await flying;
      if (failure !== undefined) throw failure;
      flying = session.run([sql]).then(
        () => undefined,
        (error: unknown) => error,
      );
    },
    async drain() {
      const failure = await flying;
      if (failure !== undefined) throw failure;
    },
  };
}

function swapStatements(
  live: DatabaseSchema,
  schema: DatabaseSchema,
  staged: readonly StagedTable[],
  wanted: readonly TableDigest[],
): { statements: string[]; notes: string[] } {
  const notes: string[] = [];
  const byName = new Map(staged.map((table) => [table.table.name, table]));
  const objects = schema.objects.filter(({ name, tableName }) => !isStaging(name) && !isStaging(tableName));
  const made = new Set(schema.tables.filter(({ kind }) => kind !== 'table').map(({ name }) => name));
  const create = (type: string): string[] =>
    objects.flatMap((object) =>
      object.type === type && object.sql !== null && !made.has(object.name) ? [object.sql] : [],
    );
  const plain = staged.filter(({ table }) => table.kind === 'table');
  const shadow = staged.filter(({ table }) => table.kind === 'shadow');
  const sequence = byName.get('sqlite_sequence');
  const carried = carryLedgerSql(live, schema);
  if (schema.tables.some(({ name }) => name.startsWith('sqlite_stat')))
    notes.push('statistics of ANALYZE are not restored: a server does not let them be written');
  if (schema.applicationId !== live.applicationId)
    notes.push(`application_id stays ${live.applicationId}: a server does not let it be set`);
  const counts = new Map(wanted.map(({ table, rows }) => [table, rows]));
  const statements = [
    ...carried.before,
    ...dropOrder(live),
    ...create('table'),
    // Indexes before rows: pages of an index are moved like those of its table.
    ...objects.flatMap(({ type, sql, tableName }) =>
      type === 'index' && sql !== null && !made.has(tableName) ? [sql] : [],
    ),
    ...plain.map(moveRows),
    // A virtual table fills its own storage when it is made.
    ...shadow.flatMap((table) => [`DELETE FROM ${quoteName(table.table.name)}`, moveRows(table)]),
    ...(sequence === undefined ? [] : ['DELETE FROM sqlite_sequence', moveRows(sequence)]),
    ...create('view'),
    ...create('trigger'),
    ...staged.map(({ table }) =>
      guard(
        `(SELECT count(*) FROM ${quoteName(table.name)}) = ${counts.get(table.name) ?? 0}`,
        `not all rows of ${table.name} arrived`,
      ),
    ),
    ...carried.after,
  ];
  return { statements, notes };
}

async function versionOf(session: SqlSession, { tables }: DatabaseSchema): Promise<number | null> {
  if (!tables.some(({ name }) => name === 'schema_migrations')) return null;
  const [version] = (await session.first('SELECT max(version) FROM schema_migrations')) ?? [];
  return version === undefined || version === null ? null : Number(version);
}

/** Rows that point nowhere after it, and did not before, undo it. */
function onlyStatements(replacement: Replacement): { statements: string[]; notes: string[] } {
  const orphans = '(SELECT count(*) FROM pragma_foreign_key_check)';
  const { statements, notes } = replaceContents(replacement);
  const guarded = [
    `ALTER TABLE ${CONTROL_TABLE} ADD COLUMN orphans INTEGER`,
    `UPDATE ${CONTROL_TABLE} SET orphans = ${orphans}`,
    ...statements,
    guard(`${orphans} <= (SELECT orphans FROM ${CONTROL_TABLE})`, ORPHANS),
  ];
  return { statements: guarded, notes };
}

/** What the server itself refused, with the way on; anything else (a lost answer, a lock) has its own words. */
function refusedOnly(error: unknown, only: readonly string[]): unknown {
  const cause = error instanceof Error ? error.cause : undefined;
  return cause instanceof StatementFailed && remedy(cause) === '' && !isPassing(cause)
    ? cannotOnly(only, sqliteSays(explain(cause), undefined))
    : error;
}
