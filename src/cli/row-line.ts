/** The versions of one row along one line of history, backups opened where they may tell more. */

import type { TimelineReason } from '../backup/catalog/change-position.ts';
import { NotOpened } from '../backup/catalog/not-opened.ts';
import { isSameRow, type ShownRow } from '../backup/changes/change-history.ts';
import type { Base } from '../backup/changes/listed.ts';
import { BackupDamaged } from '../backup/restore/fetch-backup.ts';
import type { RowStep } from '../backup/restore/row-steps.ts';
import { explain } from '../lib/clock.ts';

export type Told =
  | {
      readonly kind: 'version';
      readonly time: Date;
      readonly timeline: string | undefined;
      readonly where: string;
      /** The line goes on from elsewhere, and this is what the row was then. */
      readonly begins: TimelineReason | undefined;
      readonly row: ShownRow;
    }
  | Extract<RowStep, { kind: 'gap' }>;

export interface RowLine {
  readonly told: readonly Told[];
  readonly opened: number;
  /** Names of backups that may tell more, and were too many to open. */
  readonly unopened: readonly string[];
  readonly troubles: readonly string[];
}

/** Each is fetched whole. */
const MOST_OPENED = 20;

export async function tellRow(
  steps: readonly RowStep[],
  open: (base: Base) => Promise<ShownRow>,
  { isAll }: { readonly isAll: boolean },
): Promise<RowLine> {
  const { wanted, unopened } = chosen(steps, isAll ? Number.POSITIVE_INFINITY : MOST_OPENED);
  const told: Told[] = [];
  const troubles: string[] = [];
  let opened = 0;
  /** What could not be read tells its place to the backup behind it. */
  let missed: { readonly begins: TimelineReason | undefined } | undefined;
  let last: { readonly row: ShownRow } | undefined;
  for (const step of steps) {
    if (step.kind === 'gap') {
      told.push(step);
      continue;
    }
    if (step.kind === 'change') {
      const { time, timeline, file: where } = step.file;
      told.push({ kind: 'version', time, timeline, where, begins: undefined, row: step.row });
      last = step;
      continue;
    }
    const { base } = step;
    if (!wanted.has(base) && missed === undefined) continue;
    const begins = step.begins ?? missed?.begins;
    try {
      const row = await open(base);
      opened += 1;
      missed = undefined;
      if (begins === undefined && last !== undefined && isSameRow(last.row, row)) continue;
      const where = `backup ${base.entry.name}`;
      told.push({ kind: 'version', time: base.time, timeline: base.changes?.timeline, where, begins, row });
      last = { row };
    } catch (error) {
      if (!(error instanceof NotOpened || error instanceof BackupDamaged)) throw error;
      troubles.push(explain(error));
      missed = { begins };
    }
  }
  return { told, opened, unopened, troubles };
}

/** The oldest, the newest and those that begin a timeline come first, then the younger ones. */
function chosen(
  steps: readonly RowStep[],
  most: number,
): { readonly wanted: ReadonlySet<Base>; readonly unopened: readonly string[] } {
  const all = steps.flatMap((step) => (step.kind === 'base' ? [step] : []));
  const [oldest, newest] = [all[0], all.at(-1)];
  const telling = all.filter((step) => step.isTelling || step === oldest || step === newest);
  const rank = (step: (typeof all)[number]): number =>
    step === oldest || step === newest ? 0 : step.begins === undefined ? 2 : 1;
  const ranked = telling.toReversed().toSorted((a, b) => rank(a) - rank(b));
  const wanted = new Set(ranked.slice(0, most).map(({ base }) => base));
  const unopened = telling.flatMap(({ base }) => (wanted.has(base) ? [] : [base.entry.name]));
  return { wanted, unopened };
}
