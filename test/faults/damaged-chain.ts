/**
 * A change file that is gone, altered, another one, or of somebody else: what a reader still calls
 * whole is right, and it never goes past that file. Afterwards the bucket is as it was.
 */
import { parseChangeKey } from '../../src/backup/changes/change-names.ts';
import type { StoredChange } from '../../src/backup/changes/listed.ts';
import { verifyChanges } from '../../src/backup/changes/verify-changes.ts';
import { PREFIX, type Scene } from './fault-scene.ts';
import type { GoodBackups } from './good-backups.ts';
import { chainTo, replayed } from './replayed-chain.ts';
import { restoreAt } from './restore-at.ts';
import type { ShippedHistory, ShippedPoint } from './shipped-history.ts';

const DAMAGES = ['gone', 'a bit', 'cut', 'another file', 'a stray'] as const;
type Damage = (typeof DAMAGES)[number];

export async function damageSomething(
  scene: Scene,
  history: ShippedHistory,
  good: GoodBackups,
): Promise<void> {
  const { random, keys, store } = scene;
  const points = history.points.filter(
    ({ base, stop }) => good.good.has(base.entry.name) && store.objects.has(PREFIX + stop.file),
  );
  if (points.length === 0) return;
  const point = random.pick(points);
  const { links = [] } = await chainTo(history.bucket, keys, { ...point, file: point.stop });
  if (links.length === 0) return;
  const at = random.int(links.length);
  const victim = links[at]?.file ?? point.stop;
  const damage = random.pick(DAMAGES);
  scene.story.push(`damage: ${damage}: ${victim.file}`);
  const before = new Map(store.objects);
  harm(scene, PREFIX + victim.file, damage);
  try {
    await mustNotPass(scene, history, good, { point, victim, damage });
    // Of the last one of all, nothing else tells that it was there.
    if (damage !== 'a stray' && !(damage === 'gone' && at === links.length - 1)) {
      const { ok, warnings } = await verifyChanges(history.bucket, { keys });
      const isSeen = !ok || warnings.length > 0;
      if (!isSeen && damage !== 'a bit') throw new Error('a damaged chain is verified');
    }
  } finally {
    store.objects.clear();
    for (const [key, object] of before) store.objects.set(key, object);
  }
}

function harm({ store, random }: Scene, key: string, damage: Damage): void {
  const { objects } = store;
  const object = objects.get(key);
  if (object === undefined) return;
  const { body, modified } = object;
  const others = [...objects].filter(([one]) => one !== key && parseChangeKey(PREFIX, one) !== undefined);
  switch (damage) {
    case 'gone':
      objects.delete(key);
      break;
    case 'a bit':
      store.rot(key, random.int(1000) / 1000);
      break;
    case 'cut':
      objects.set(key, { modified, body: body.subarray(0, random.int(body.byteLength)) });
      break;
    case 'another file':
      objects.set(key, { modified, body: others[0]?.[1].body ?? body.subarray(1) });
      break;
    default:
      objects.set(key.replace(/\d{3}Z_[0-9a-f]{8}\./, '999Z_ffffffff.'), { modified, body });
  }
}

interface Harmed {
  readonly point: ShippedPoint;
  readonly victim: StoredChange;
  readonly damage: Damage;
}

async function mustNotPass(
  scene: Scene,
  history: ShippedHistory,
  good: GoodBackups,
  { point: { base, stop }, victim, damage }: Harmed,
): Promise<void> {
  const { keys, random } = scene;
  const all = (await history.found(good)).files.filter(({ timeline }) => timeline === stop.timeline);
  for (const file of all.filter(({ first }) => first >= victim.first)) {
    const files = all.filter(({ last }) => last <= file.last);
    const { links } = await chainTo(history.bucket, keys, { file, base, files });
    if (links === undefined) continue;
    // A bit of gzip's own head alters nothing that is inside: then the file after it tells.
    const passed = damage === 'a bit' ? links.slice(0, -1) : links;
    if (damage !== 'a stray' && passed.some((link) => link.file.file === victim.file))
      throw new Error(`a chain goes through ${victim.file}, which is damaged`);
    if (links.at(-1)?.isPoint !== true) continue;
    const found = await replayed(scene, good.good.get(base.entry.name)?.path ?? '', links);
    history.mustBe(found, { timeline: file.timeline, seq: file.last }, `${file.file} in a damaged chain`);
  }
  if (!random.chance(0.3)) return;
  // Two bots from one copy may both go on at that time.
  const { time: at, timeline } = stop;
  await restoreAt(scene, history, { at, timeline, bucket: history.bucket });
}
