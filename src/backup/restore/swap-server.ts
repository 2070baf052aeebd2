/**
 * A backup into the database of a server (docs/spec/backup.md, "Restore"): staged beside the living
 * tables in bounded requests, read back and compared, then swapped in one transaction that moves
 * pages, not rows. Until its COMMIT the old data is what everybody reads.
 */
import { NEWEST_VERSION, versionIn } from '../../db/existing-schema.ts';
import { explain } from '../../lib/clock.ts';
import { quoteName } from '../../lib/sql-tokens.ts';
import type { TableDigest } from '../model/digest.ts';
import type { DatabaseSchema, SnapshotSource } from '../model/model.ts';
import { StatementFailed } from '../sql-http/sql-http.ts';
import { isPassing, remedy, type SqlSession } from '../sql-http/sql-session.ts';
import { sqlSessionSite } from '../staged/sql-session-site.ts';
import {
  guard,
  isStaging,
  type Outcome,
  type StagedTransaction,
  stage,
} from '../staged/staged-transaction.ts';
import { carryLedgerSql } from './carry-ledger.ts';
import { askAgain, compareStaged } from './compare-staged.ts';
import { type LoadOptions, loadStaged } from './load-staged.ts';
import { cannotOnly, sqliteSays } from './only-obstacles.ts';
import { type Replacement, replaceContents } from './replace-contents.ts';
import { dropOrder, moveRows, RESTORE_CONTROL, type StagedTable } from './staging.ts';
import { isPeoples } from './target-state.ts';

export interface RemoteTarget {
  readonly session: SqlSession;
  /** Reads the server's database. */
  readonly source: SnapshotSource;
}

export interface RemoteRestoreOptions extends LoadOptions {
  /** Names this attempt; another attempt's staging is never swapped in. */
  readonly id: string;
  /** The backup or file, for people. */
  readonly origin: string;
  /** The backup's digests, table by table. */
  readonly wanted: readonly TableDigest[];
  /**
   * {@link lastUpdate} before the safety backup: later ones are counted, for nothing keeps what
   * they did.
   */
  readonly lastUpdate?: string | undefined;
  /** Nothing of the living data is saved: a row of it stops the swap. */
  readonly isEmpty?: boolean;
  readonly onCompare?: () => void;
  /** Right before the swap: the last chance to stop. */
  readonly beforeSwap: () => Promise<void>;
}

const ORPHANS =
  'rows of one table would belong to rows of another that are not there, in the backup or in the living database: name both in --only';

export async function restoreRemote(target: RemoteTarget, options: RemoteRestoreOptions): Promise<string[]> {
  const { session, source } = target;
  const transaction = await stage(sqlSessionSite(session), {
    kind: 'restore',
    id: options.id,
    superseded: (cause) =>
      new Error(
        'another restore into this database has begun at the same time, the old data is as it was: wait for the other to end',
        { cause },
      ),
  });
  try {
    return await restoreStaged({ session, source, transaction }, options);
  } finally {
    await transaction.end();
  }
}

async function restoreStaged(
  { session, source, transaction }: RemoteTarget & { readonly transaction: StagedTransaction<void> },
  options: RemoteRestoreOptions,
): Promise<string[]> {
  const { schema, staged } = await loadStaged(transaction, options);
  options.onCompare?.();
  await compareStaged(source, staged, options.wanted);
  await options.beforeSwap();
  const live = await askAgain(() => source.schema());
  const isWhole = options.only === undefined;
  const versions = { live: live.userVersion, wanted: schema.userVersion };
  const setVersion = isWhole ? await setVersionSql(session, versions) : undefined;
  const { statements, notes } = isWhole
    ? swapStatements(live, schema, staged, options.wanted)
    : onlyStatements({
        origin: options.origin,
        live,
        version: await versionOf(session, live),
        from: schema,
        staged,
      });
  const outcome = await transaction.commit([
    ...(options.isEmpty === true ? requireEmpty(live) : []),
    ...countLate(live, options.lastUpdate),
    ...statements,
    ...(setVersion === undefined ? [] : [setVersion]),
  ]);
  if (outcome.kind !== 'committed') throw notSwapped(outcome, options);
  const told = [
    isWhole && versions.live !== versions.wanted
      ? await versionNote(session, versions.wanted).catch(() => undefined)
      : undefined,
    await lateUpdates(session).catch(() => undefined),
  ];
  return [...notes, ...told.filter((note) => note !== undefined)];
}

/** What the bot has handled so far: ids of updates grow. Undefined for a database of no bot. */
export async function lastUpdate({ session }: RemoteTarget): Promise<string | undefined> {
  const row = await session
    .row('SELECT COALESCE(MAX(update_id), 0) FROM handled_updates')
    .catch((error: unknown) => {
      if (error instanceof StatementFailed) return undefined;
      throw error;
    });
  return row?.[0] ?? undefined;
}

/** Whatever was answered before: nothing that no backup holds is taken away. */
function requireEmpty({ tables }: DatabaseSchema): string[] {
  return tables
    .filter(isPeoples)
    .map(({ name }) =>
      guard(
        `NOT EXISTS (SELECT 1 FROM ${quoteName(name)})`,
        `table ${name} is not empty: --replace saves it first`,
      ),
    );
}

/** Counts, in the very transaction that takes it away, what the bot did since. */
function countLate(live: DatabaseSchema, since: string | undefined): string[] {
  if (since === undefined || !live.tables.some(({ name }) => name === 'handled_updates')) return [];
  return [
    `ALTER TABLE ${RESTORE_CONTROL} ADD COLUMN late INTEGER`,
    `UPDATE ${RESTORE_CONTROL} SET late = (SELECT COUNT(*) FROM handled_updates WHERE update_id > ${BigInt(since)})`,
  ];
}

async function lateUpdates(session: SqlSession): Promise<string | undefined> {
  const [late] = await session.row(`SELECT (SELECT late FROM ${RESTORE_CONTROL})`);
  return late === undefined || late === null || late === '0'
    ? undefined
    : `the bot was not stopped: what it wrote while it handled ${late} updates after the safety backup is in neither`;
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
  return versionIn((await session.row(NEWEST_VERSION))[0]);
}

/** Rows that point nowhere after it, and did not before, undo it. */
function onlyStatements(replacement: Replacement): { statements: string[]; notes: string[] } {
  const orphans = '(SELECT count(*) FROM pragma_foreign_key_check)';
  const { statements, notes } = replaceContents(replacement);
  const guarded = [
    `ALTER TABLE ${RESTORE_CONTROL} ADD COLUMN orphans INTEGER`,
    `UPDATE ${RESTORE_CONTROL} SET orphans = ${orphans}`,
    ...statements,
    guard(`${orphans} <= (SELECT orphans FROM ${RESTORE_CONTROL})`, ORPHANS),
  ];
  return { statements: guarded, notes };
}

/**
 * The statement that sets `user_version` within the swap; undefined when it is as wanted, or when
 * the server refuses it, as the hosted service does (docs.turso.tech/cloud/limitations): one
 * refused statement would fail the whole swap, so the server is asked before, with the number that
 * stands there.
 */
async function setVersionSql(
  session: SqlSession,
  { live, wanted }: { readonly live: number; readonly wanted: number },
): Promise<string | undefined> {
  if (live === wanted) return undefined;
  try {
    await session.run([`PRAGMA user_version = ${live}`]);
  } catch (error) {
    if (error instanceof StatementFailed && !isPassing(error)) return undefined;
    throw error;
  }
  return `PRAGMA user_version = ${wanted}`;
}

/** What to say when it is not as wanted after the swap: a server may take it and do nothing. */
async function versionNote(session: SqlSession, wanted: number): Promise<string | undefined> {
  const [found] = await session.row('SELECT user_version FROM pragma_user_version');
  return found === `${wanted}`
    ? undefined
    : `user_version is ${found ?? 'not known'}, not ${wanted} as in the backup: the server does not let it be set`;
}

/** Why the swap is not known to have happened, with the way on. */
function notSwapped(
  outcome: Exclude<Outcome<void>, { readonly kind: 'committed' }>,
  { only, origin }: RemoteRestoreOptions,
): Error {
  const { cause } = outcome;
  if (outcome.kind === 'unknown')
    return new Error(
      `whether the swap happened is not known (${explain(outcome.failure)}): compare (\`diff\`), and restore again if need be`,
      { cause },
    );
  // A lost answer and a lock have their own words.
  if (only !== undefined && cause instanceof StatementFailed && !isPassing(cause))
    return cannotOnly({ only, origin }, sqliteSays(explain(cause), undefined));
  return new Error(`the swap failed, the old data is as it was: ${explain(cause)}${remedy(cause)}`, {
    cause,
  });
}
