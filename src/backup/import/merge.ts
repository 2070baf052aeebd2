/** The one moment of an import: staged rows into the living tables, all or nothing, and whether it happened when its answer is lost. */
import type { Database, WriteResult } from '../../db/database.ts';
import type { Row } from '../../db/row.ts';
import { sqlLiteral } from '../sql-literal.ts';
import { type MergeSql, mergeSql } from './merge-sql.ts';
import { dropStaged, guarded, query, run, superseded } from './staging-area.ts';
import { IMPORT_CONTROL, type Preference, type StagedImport } from './staging-sql.ts';
import type { Range } from './steps.ts';

export interface Merged {
  readonly added: number;
  readonly changed: number;
}

/**
 * One transaction, which marks itself: when its answer is lost, the mark tells whether it took effect.
 * Returns what it did, by table; undefined when it happened and its answer was lost.
 */
export async function merge(
  db: Database,
  staged: readonly StagedImport[],
  {
    id,
    prefer,
    ranges,
  }: { readonly id: string; readonly prefer: Preference; readonly ranges: ReadonlyMap<string, Range> },
): Promise<ReadonlyMap<string, Merged> | undefined> {
  const plans = staged.map((one) => mergeSql(one, prefer, ranges.get(one.spec.name)));
  try {
    const results = await run(db, [
      guarded(id, 0),
      ...plans.flatMap(statementsOf).flatMap((statement) => [statement, COUNT]),
      ...dropStaged(staged),
      `UPDATE ${IMPORT_CONTROL} SET is_merged = 1`,
    ]);
    return counted(staged, plans, results.slice(1));
  } catch (error) {
    const cause = superseded(error);
    if (cause !== error) throw cause;
    if (await isMerged(db, staged, id, cause)) return undefined;
    throw new Error('the merge failed, nothing was changed', { cause });
  }
}

/** Stands behind each statement: what the server tells of affected rows may be wrong. */
const COUNT = 'SELECT changes() AS n';

function statementsOf({ catchUp, update, insert }: MergeSql): string[] {
  return [catchUp, update, insert].filter((text) => text !== undefined);
}

function counted(
  staged: readonly StagedImport[],
  plans: readonly MergeSql[],
  results: readonly WriteResult[],
): Map<string, Merged> {
  const counts = new Map<string, Merged>();
  const told = results.filter((_, i) => i % 2 === 1).map(({ rows: [row] }) => row?.int('n') ?? 0);
  let at = 0;
  for (const [i, plan] of plans.entries()) {
    const own = told.slice(at, at + statementsOf(plan).length);
    at += own.length;
    counts.set(staged[i]?.spec.name ?? '', {
      added: own.at(-1) ?? 0,
      changed: plan.update === undefined ? 0 : (own.at(-2) ?? 0),
    });
  }
  return counts;
}

/**
 * Gives the merge up by a write, which comes after a request that is still on its way; when it can not, the merge was first.
 * @throws when neither can be found out.
 */
async function isMerged(
  db: Database,
  staged: readonly StagedImport[],
  id: string,
  cause: unknown,
): Promise<boolean> {
  const giveUp = [guarded(id, 0), ...dropStaged(staged), `DROP TABLE ${IMPORT_CONTROL}`];
  const isGivenUp = await run(db, giveUp).then(
    () => true,
    () => false,
  );
  if (isGivenUp) return false;
  const mark = `SELECT is_merged FROM ${IMPORT_CONTROL} WHERE id = ${sqlLiteral(id)}`;
  const [row] = await query(db, mark).catch((): Row[] => []);
  if (row?.bool('is_merged') === true) return true;
  throw new Error(
    'whether the import happened is not known, for the database did not say: import the file again, what is there already stays the same',
    { cause },
  );
}
