/**
 * What tells of one row along a line of history: change files as a restore would take them, full
 * backups in between, and the gaps. No backup is opened here. Node only.
 */
import { append, greatest } from '../../lib/extremes.ts';
import type { Bucket } from '../catalog/bucket.ts';
import type { Position, TimelineReason } from '../catalog/change-position.ts';
import { type ChainEnd, type ChainOptions, followChain } from '../changes/chain.ts';
import { type RowWanted, type ShownRow, versionsIn } from '../changes/change-history.ts';
import type { Base, StoredChange } from '../changes/listed.ts';
import { changedSince, type Living } from '../changes/living.ts';
import type { ChainFault } from '../changes/open-change.ts';
import { REASONS, UNRECORDED } from '../changes/spans.ts';
import type { LivingLine, Stretch } from './living-line.ts';

export type RowStep =
  | { readonly kind: 'change'; readonly file: StoredChange; readonly row: ShownRow }
  | {
      readonly kind: 'base';
      readonly base: Base;
      /** It may hold what nothing else tells. */
      readonly isTelling: boolean;
      /** Why the timeline began whose first full backup it is. */
      readonly begins: TimelineReason | undefined;
    }
  | { readonly kind: 'gap'; readonly from: Date; readonly to: Date; readonly reason: string };

export interface RowSteps {
  readonly steps: readonly RowStep[];
  /** Stored files that should be on the line and cannot be read. */
  readonly troubles: readonly string[];
}

export interface RowStepsOptions extends ChainOptions, RowWanted {
  /** Of the database at the end of the line; undefined: nobody can ask it, or it is of another. */
  readonly living: Living | undefined;
  readonly now: Date;
}

export async function rowSteps(
  bucket: Bucket,
  { stretches, unlogged }: LivingLine,
  options: RowStepsOptions,
): Promise<RowSteps> {
  const steps: RowStep[] = [];
  const troubles: string[] = [];
  let last: Date | undefined;
  let end: Position | undefined;
  for (const stretch of stretches) {
    const walked = await walk(bucket, stretch, last, options);
    append(steps, walked.steps);
    append(troubles, walked.troubles);
    last = walked.last;
    if (stretch.bases.length > 0) end = { timeline: stretch.timeline, seq: walked.reached };
  }
  const { living, now } = options;
  const reason = living && end && changedSince(living, end, { at: now, now, isCopy: bucket.isCopy });
  if (reason !== undefined && last !== undefined) steps.push({ kind: 'gap', from: last, to: now, reason });
  for (const base of unlogged) place(steps, base);
  return { steps, troubles };
}

interface Link {
  readonly file: StoredChange;
  readonly rows: readonly ShownRow[];
}

interface Followed {
  readonly links: readonly Link[];
  /** Where a chain ended, and why. */
  readonly ends: ReadonlyMap<number, ChainFault>;
  /** Those at which a chain began anew. */
  readonly restarts: ReadonlySet<Base>;
}

/** From the first full backup along its files, and anew from each that they do not lead to. */
async function follow(
  bucket: Bucket,
  { bases, files }: Stretch,
  options: RowStepsOptions,
): Promise<Followed> {
  const links: Link[] = [];
  const ends = new Map<number, ChainFault>();
  const seen = new Set<string>();
  const restarts = new Set<Base>();
  let reached = -1;
  let schema: string | null | undefined;
  for (const base of bases) {
    const { seq = 0, schema_sha256 } = base.changes ?? {};
    // Files that a full backup goes before continue it, and not the file before it.
    const isAwaited = files.some(({ file, first }) => first === reached + 1 && !seen.has(file));
    if (reached > seq || (reached === seq && schema === schema_sha256 && !isAwaited)) continue;
    const isAfter = reached === seq;
    const before = seen.size;
    reached = Math.max(reached, seq);
    const chain = followChain(bucket, base, files, options);
    let end: ChainEnd;
    for (;;) {
      const next = await chain.next();
      if (next.done === true) {
        end = next.value;
        break;
      }
      const { file, header } = next.value;
      reached = Math.max(reached, header.last);
      if (!seen.has(file.file)) links.push({ file, rows: versionsIn(next.value, options) });
      seen.add(file.file);
    }
    if (!isAfter || seen.size > before || schema !== schema_sha256) restarts.add(base);
    schema = schema_sha256;
    if (end !== undefined) ends.set(reached, end);
  }
  return { links, ends, restarts };
}

async function walk(
  bucket: Bucket,
  stretch: Stretch,
  since: Date | undefined,
  options: RowStepsOptions,
): Promise<RowSteps & { readonly last: Date | undefined; readonly reached: number }> {
  const { bases, files, reason } = stretch;
  const { links, ends, restarts } = await follow(bucket, stretch, options);
  const read = new Set(links.map(({ file }) => file.file));
  const unread = files.filter(({ file }) => !read.has(file));
  const steps: RowStep[] = [];
  let last = since;
  let reached = -1;
  let passed = 0;
  /** No log was kept up to the next restart: each may hold something of its own. */
  const isSilent = (at: number): boolean =>
    options.living?.state.needsBase != null && options.living.state.timeline === stretch.timeline
      ? bases.slice(at).every(({ changes }) => changes?.seq === reached)
      : bases.slice(at + 1).some((base) => base.changes?.seq === reached && restarts.has(base));
  const gap = (to: Date, why: string): void => {
    if (last !== undefined) steps.push({ kind: 'gap', from: last, to, reason: why });
  };
  const addLinks = (most: number): void => {
    for (let link = links[passed]; link !== undefined && link.file.last <= most; link = links[passed]) {
      passed += 1;
      for (const row of link.rows) steps.push({ kind: 'change', file: link.file, row });
      reached = Math.max(reached, link.file.last);
      last = link.file.time;
    }
  };
  for (const [at, base] of bases.entries()) {
    const seq = base.changes?.seq ?? 0;
    addLinks(seq);
    const isFirst = at === 0;
    const isJoined = links.some(({ file }) => file.first <= reached + 1 && file.last > reached);
    const isBehindGap = !isFirst && restarts.has(base) && !(isJoined && reached < seq);
    if (isFirst) gap(base.time, REASONS[reason ?? 'new']);
    else if (isBehindGap)
      gap(
        base.time,
        seq > reached
          ? ((unread.some(({ first }) => first > reached && first <= seq)
              ? ends.get(reached)?.why
              : undefined) ?? inBackupOnly(reached + 1, seq, base))
          : `what changed then is in backup ${base.entry.name} only`,
      );
    const isTelling = isFirst || isBehindGap || seq > reached || isSilent(at);
    steps.push({
      kind: 'base',
      base,
      isTelling,
      begins: isFirst && since !== undefined ? reason : undefined,
    });
    reached = Math.max(reached, seq);
    last = base.time;
  }
  addLinks(Number.POSITIVE_INFINITY);
  const beyond = unread.filter((file) => file.last > reached);
  const end = ends.get(reached);
  if (end !== undefined && beyond.length > 0) {
    const to = new Date(greatest(beyond.map(({ time }) => time.getTime())));
    gap(to, end.why);
    // By their names they lead on, and what the database stored last is there.
    if (end.isClosed) [last, reached] = [to, greatest(beyond.map((file) => file.last))];
  }
  const troubles = [...ends].flatMap(([seq, { why }]) =>
    unread.some(({ first }) => first === seq + 1) ? [why] : [],
  );
  if (bases.length === 0 && files.length > 0)
    troubles.push(
      `${files.length} change files of timeline ${stretch.timeline} follow no full backup that is there`,
    );
  return { steps, troubles, last, reached };
}

function inBackupOnly(from: number, to: number, { entry }: Base): string {
  const what = from === to ? `change ${from} is` : `changes ${from} to ${to} are`;
  return `${what} in backup ${entry.name} only`;
}

/** Among the others by its time. */
function place(steps: RowStep[], base: Base): void {
  const at = steps.findIndex((step) => timeOf(step) > base.time);
  const before = steps.slice(0, at < 0 ? undefined : at).findLast(({ kind }) => kind !== 'gap');
  const gap: RowStep[] =
    before === undefined ? [] : [{ kind: 'gap', from: timeOf(before), to: base.time, reason: UNRECORDED }];
  steps.splice(at < 0 ? steps.length : at, 0, ...gap, {
    kind: 'base',
    base,
    isTelling: true,
    begins: undefined,
  });
}

function timeOf(step: RowStep): Date {
  if (step.kind === 'gap') return step.to;
  return step.kind === 'base' ? step.base.time : step.file.time;
}
