/**
 * Which of two backups was made later, where a clock was wrong: their places in the history of
 * changes tell it, as far as their manifests do. Pure.
 */
import type { BackupEntry } from './entry.ts';

/** Whether `later` goes on from what `earlier` holds; false where nothing tells it. */
export function goesOnFrom(later: BackupEntry, earlier: BackupEntry, all: readonly BackupEntry[]): boolean {
  const [end, from] = [later.manifest?.changes, earlier.manifest?.changes];
  if (end === undefined || from === undefined) return false;
  if (end.timeline === from.timeline) return end.seq >= from.seq;
  const parents = new Map(
    all.flatMap(({ manifest }) =>
      manifest?.changes === undefined
        ? []
        : [[manifest.changes.timeline, manifest.changes.parent?.timeline] as const],
    ),
  );
  const seen = new Set<string>();
  let timeline: string | undefined = end.timeline;
  while (timeline !== undefined && !seen.has(timeline)) {
    seen.add(timeline);
    timeline = parents.get(timeline);
    if (timeline === from.timeline) return true;
  }
  return false;
}
