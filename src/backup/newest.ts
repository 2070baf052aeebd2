/** What is said of backups newer than the one that is taken: never nothing. */
import { type BackupEntry, type Bucket, type Newest, nowOf } from './list.ts';
import { isAhead } from './true-time.ts';

/** The newest finished backup, when it is damaged. */
export function damagedNewest(bucket: Bucket, { newer }: Newest): BackupEntry | undefined {
  const [finished] = newer.filter(
    ({ state, time }) => state !== 'unfinished' && !isAhead(time, nowOf(bucket)),
  );
  return finished?.state === 'damaged' ? finished : undefined;
}

/** One sentence for each that was passed over: what is wrong with it, and what can still be done with it. */
export function passedOver(bucket: Bucket, { newer }: Newest): string[] {
  return newer.map((entry) => {
    const { name, state, problem, manifest, time } = entry;
    if (isAhead(time, nowOf(bucket)))
      return `${name} is dated in the future by a wrong clock and may be newer: \`restore ${name}\` takes it`;
    if (state === 'unfinished')
      return `${name} is newer and has no manifest: its run is under way, or failed`;
    if (manifest === undefined) return `${name} is newer and cannot be used: ${problem}`;
    if (state === 'verified')
      return `${name} is newer, the safety backup of a restore: \`restore ${name}\` takes it`;
    return `${name} is newer and damaged (${problem}): \`restore ${name}\` brings back what can be proved of it`;
  });
}
