/** A moment from a bucket alone, by its time, with all that a restore does. */
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { Bucket } from '../../src/backup/catalog/bucket.ts';
import { PointOutOfReach } from '../../src/backup/restore/out-of-reach.ts';
import { findPoint } from '../../src/backup/restore/point-in-time.ts';
import { fetchSource } from '../../src/backup/restore/source.ts';
import { heldBy } from './contents.ts';
import type { Scene } from './fault-scene.ts';
import type { ShippedHistory } from './shipped-history.ts';

export interface Moment {
  readonly at: Date;
  readonly bucket: Bucket;
  readonly timeline?: string;
}

/** What it gives is right, or it refuses. The last change that it has. */
export async function restoreAt(
  scene: Scene,
  history: ShippedHistory,
  { at, bucket, timeline: of }: Moment,
): Promise<number | undefined> {
  const { keys, contentsSql } = scene;
  const what = `a restore at ${at.toISOString()}${bucket.prefix === '' ? ' from the second bucket' : ''}`;
  const directory = mkdtempSync(join(scene.directory, 'at-'));
  try {
    const point = await findPoint(bucket, { at, timeline: of, keys, show: (time) => time.toISOString() });
    const from = { kind: 'point', point } as const;
    const { path } = await fetchSource(from, { bucket, keys, directory, isForgetful: true });
    const db = new DatabaseSync(path, { readOnly: true, timeout: 10_000 });
    const held = heldBy(db, contentsSql);
    db.close();
    const { timeline = '', seq = 0 } = point;
    history.mustBe(held.point, { timeline, seq }, what);
    scene.story.push(`  ${what} gives change ${seq}`);
    return seq;
  } catch (error) {
    if (!(error instanceof PointOutOfReach)) throw error;
    scene.story.push(`  ${what} is refused: ${error.message.slice(0, 160)}`);
    return undefined;
  } finally {
    rmSync(directory, { recursive: true, force: true, maxRetries: 10 });
  }
}
