/** Whether the key that is set is another one than that of the full backup which comes first. */
import type { BackupEntry } from '../catalog/entry.ts';
import { listBackups } from '../catalog/list.ts';
import { isSealedOtherwise } from '../catalog/unfit-keys.ts';
import type { ShipContext } from './shipping.ts';

/** The newest backup is usually of this timeline; if not, so many are read. */
const MOST_BACKUPS = 6;

/** One listing, one manifest, and the first bytes of a file where a passphrase has to be tried. */
export const KEY_LOOK_REQUESTS = 3;

/** A file under another key than its full backup's: no one key would open both. */
export async function isKeyChanged(context: ShipContext, timeline: string): Promise<boolean> {
  const { memory, encryption } = context;
  if (memory.sameKey === timeline) return false;
  const base = await newestOf(context, timeline);
  const isChanged = base !== undefined && (await isSealedOtherwise(context, base, encryption));
  if (!isChanged) memory.sameKey = timeline;
  return isChanged;
}

async function newestOf(context: ShipContext, timeline: string): Promise<BackupEntry | undefined> {
  for (const page of [
    { limit: 1, isMade: true },
    { offset: 1, limit: MOST_BACKUPS - 1, isMade: true },
  ]) {
    const { entries } = await listBackups(context, page);
    const found = entries.find(
      ({ state, manifest }) => state === 'verified' && manifest?.changes?.timeline === timeline,
    );
    if (found !== undefined) return found;
  }
  return undefined;
}
