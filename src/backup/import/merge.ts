/** The one moment of an import: staged rows into the living tables, all or nothing. */
import type { WriteResult } from '../../db/database.ts';
import { sureRow } from '../../db/database.ts';
import type { StagedTransaction } from '../staged/staged-transaction.ts';
import { type MergeSql, mergeSql } from './merge-sql.ts';
import type { Preference, StagedImport } from './staging-sql.ts';
import type { Range } from './steps.ts';

export interface Merged {
  readonly added: number;
  readonly changed: number;
}

/** What it did, by table; undefined when it happened and the answer was lost. @throws otherwise */
export async function merge(
  transaction: StagedTransaction<readonly WriteResult[]>,
  staged: readonly StagedImport[],
  { prefer, ranges }: { readonly prefer: Preference; readonly ranges: ReadonlyMap<string, Range> },
): Promise<ReadonlyMap<string, Merged> | undefined> {
  const plans = staged.map((one) => mergeSql(one, prefer, ranges.get(one.spec.name)));
  const outcome = await transaction.commit(
    plans.flatMap(statementsOf).flatMap((statement) => [statement, COUNT]),
  );
  if (outcome.kind === 'committed')
    // The first result is that of the guard.
    return outcome.answer && counted(staged, plans, outcome.answer.slice(1));
  const { cause } = outcome;
  throw outcome.kind === 'rolled back'
    ? new Error('the merge failed, nothing was changed', { cause })
    : new Error(
        'whether the import happened is not known, for the database did not say: import the file again, what is there already stays the same',
        { cause },
      );
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
  // Behind them come those that drop what was staged.
  const own = results.slice(0, 2 * plans.flatMap(statementsOf).length);
  const told = own.filter((_, i) => i % 2 === 1).map(({ rows }) => sureRow(rows).int('n'));
  let at = 0;
  for (const [i, plan] of plans.entries()) {
    const its = told.slice(at, at + statementsOf(plan).length);
    at += its.length;
    counts.set(staged[i]?.spec.name ?? '', {
      added: its.at(-1) ?? 0,
      changed: plan.update === undefined ? 0 : (its.at(-2) ?? 0),
    });
  }
  return counts;
}
