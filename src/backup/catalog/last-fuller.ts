/**
 * Backups of an emptied database must not push out the good ones: of those that hold far more than
 * the newest, the last one stays, however old.
 */
import type { BackupEntry } from './entry.ts';
import { shrunk, shrunkText } from './fuller.ts';
import type { BackupName } from './names.ts';
import type { RetentionPlan } from './retention.ts';

/** Undefined: none of those that would go is the last of its kind. */
export async function lastFuller(
  { decisions }: RetentionPlan,
  read: ReadonlyMap<BackupName, BackupEntry>,
  load: (name: BackupName) => Promise<BackupEntry>,
): Promise<{ readonly name: BackupName; readonly reason: string } | undefined> {
  const goodOf = (name: BackupName): BackupEntry | undefined => {
    const entry = read.get(name);
    return entry?.state === 'verified' ? entry : undefined;
  };
  const newest = decisions.map(({ name }) => goodOf(name)).find((entry) => entry !== undefined);
  if (newest?.manifest === undefined) return undefined;
  const { manifest } = newest;
  const lossAgainst = (entry: BackupEntry | undefined): ReturnType<typeof shrunk> => {
    if (entry?.manifest === undefined || entry.state !== 'verified') return undefined;
    // In a bucket that bots share, another's is no comparison.
    const [one, other] = [entry.manifest.bot?.id, manifest.bot?.id];
    if (one !== undefined && other !== undefined && one !== other) return undefined;
    return shrunk(entry.manifest, manifest);
  };
  // Newest first, as all decisions are.
  const at = decisions.findIndex(
    ({ name, action }) => action === 'remove' && lossAgainst(read.get(name)) !== undefined,
  );
  const going = decisions[at];
  const loss = going && lossAgainst(read.get(going.name));
  if (going === undefined || loss === undefined) return undefined;
  for (const { name, action } of decisions.slice(0, at).toReversed()) {
    if (action !== 'keep' || name === newest.name) continue;
    if (lossAgainst(read.get(name) ?? (await load(name))) !== undefined) return undefined;
  }
  const reason = `the newest backup, ${newest.name}, ${shrunkText(loss, going.name)}: the last one that is so full stays`;
  return { name: going.name, reason };
}
