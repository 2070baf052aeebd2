/** What the change files of the bucket that is not read tell by their names: others, or more. */

import { shortId } from '../backup/catalog/change-position.ts';
import { listChanges, orderedOf } from '../backup/changes/list-changes.ts';
import type { StoredChange } from '../backup/changes/listed.ts';
import type { Living } from '../backup/changes/living.ts';
import type { Ordered } from '../backup/changes/order.ts';
import { ChangeIndex } from '../backup/changes/spans.ts';
import { lineage } from '../backup/restore/branches.ts';
import { findPoint, type Point } from '../backup/restore/point-in-time.ts';
import { countOf } from '../text/format.ts';
import { copyMoment } from '../text/moment.ts';
import { DAY_MS } from '../text/times.ts';
import type { Invocation } from './command.ts';
import { askedBy } from './moment-options.ts';
import { aloneIn } from './other-bucket.ts';
import { type Other, otherBucket } from './second-bucket.ts';
import type { StoredHistory } from './stored-history.ts';

export interface OtherChanges {
  /** Change files that both buckets have in different lengths, in a sentence. */
  readonly differing: string | undefined;
  /** What this database comes from goes on further there: a sentence with the command. */
  readonly longer: string | undefined;
}

/** Nothing, where there is no other bucket, or it does not answer. */
export async function otherChanges(
  invocation: Invocation,
  stored: StoredHistory,
  living: Living | undefined,
): Promise<OtherChanges> {
  const none = { differing: undefined, longer: undefined };
  const other = await otherBucket(invocation.session);
  if (other === undefined) return none;
  try {
    const there = (await listChanges(other.bucket)).files;
    const lengths = new Map(there.map(({ file, bytes }) => [file, bytes]));
    const differing = stored.stored.filter(({ file, bytes }) => (lengths.get(file) ?? bytes) !== bytes);
    const [first] = differing;
    return {
      differing:
        first &&
        `${countOf(differing.length, 'change file')} (${first.file}${differing.length > 1 ? ', …' : ''}) of the two buckets differ in length, so one of the two is damaged: \`npm run backup -- copy\` puts the whole one back, or says what is wrong`,
      longer:
        living === undefined || invocation.session.readsCopy
          ? undefined
          : await longerThere(invocation, other, { stored, living, there }),
    };
  } catch {
    return none;
  }
}

interface End {
  readonly seq: number;
  readonly time: Date;
}

/**
 * A restore of the newest backup left what the other bucket has behind it, and the database goes on
 * from there: nobody else would tell. Older ends may be gone from the first bucket by retention.
 */
async function longerThere(
  { session, now }: Invocation,
  other: Other,
  {
    stored,
    living,
    there: files,
  }: {
    readonly stored: StoredHistory;
    readonly living: Living;
    readonly there: readonly StoredChange[];
  },
): Promise<string | undefined> {
  const { config, keys } = session;
  const both = stored.bases.map(({ entry }) => entry);
  const there = orderedOf(other.bucket, [...both, ...(await aloneIn(other.bucket, both))], files);
  const since = now().getTime() - config.changes.retentionDays * DAY_MS;
  const [here, ends] = [endsOf(stored), endsOf(there)];
  // What is older was left for this one, which was restored since: not for want of a copy.
  const nearest = [...lineage(living.state.timeline, there.bases, living)].find(
    ([timeline]) => timeline !== living.state.timeline && ends.has(timeline),
  );
  const [timeline = '', left = 0] = nearest ?? [];
  const [end, known] = [ends.get(timeline), here.get(timeline)];
  // What the database has taken along is not lost, whatever the first bucket has of it.
  const held = Math.max(known?.seq ?? -1, left);
  if (end === undefined || end.seq <= held || end.time.getTime() < since) return undefined;
  const find = (id: string | undefined): Promise<Point | undefined> =>
    findPoint(other.bucket, { at: end.time, timeline: id, keys, living, show: String }).catch(
      () => undefined,
    );
  for (const id of [undefined, shortId(timeline)]) {
    const point = await find(id);
    if (point?.timeline !== timeline || (point.seq ?? 0) <= held) continue;
    const flags = `${id === undefined ? '' : ` --timeline ${id}`} --replace${other.from}`;
    const zone = config.timeZone;
    const less = known === undefined ? 'has nothing of it' : `has it up to ${known.time.toISOString()}`;
    return `${other.what} has the history that this database comes from up to ${point.time.toISOString()}, and the first bucket ${less}. To bring that back, in the place of what is there now: ${askedBy('restore --at', '', {}).again(copyMoment(point.time, zone), flags)}`;
  }
  return undefined;
}

/** How far each timeline leads, by full backups and the files behind them. */
function endsOf({ bases, files }: Ordered): ReadonlyMap<string, End> {
  const index = new ChangeIndex(files);
  const ends = new Map<string, End>();
  for (const base of bases) {
    if (base.changes === undefined) continue;
    const { timeline, seq } = base.changes;
    const last = index.endBehind(base)?.last;
    for (const end of [{ seq, time: base.time }, ...(last ? [{ seq: last.last, time: last.time }] : [])])
      if (end.seq > (ends.get(timeline)?.seq ?? -1)) ends.set(timeline, end);
  }
  return ends;
}
