/** What goes on behind the backup that `latest` means, which `restore --at` takes. */
import type { BackupEntry } from '../backup/catalog/entry.ts';
import { behindLatest, storedBehind } from '../backup/restore/stored-behind.ts';
import type { Invocation } from './command.ts';
import { livingOf } from './moment.ts';
import { askedBy } from './moment-options.ts';

/** A sentence each, with the command: of the bucket that is read, and of a copy that has more. */
export async function furtherLines(
  { session, now }: Pick<Invocation, 'session' | 'now'>,
  entry: BackupEntry,
  flags: string,
): Promise<string[]> {
  const { bucket, from, keys, readsCopy } = session;
  const look = { now: now(), keys, living: await livingOf(session) };
  const show = (time: Date): string => time.toISOString();
  const take = (at: string, more: string): string =>
    `\`${askedBy('restore --at', at, {}, flags).again(at, more)}\``;
  const here = await storedBehind(bucket, entry, look).catch(() => undefined);
  const copy = readsCopy || from !== undefined ? undefined : await session.copy();
  const there = copy && (await behindLatest(copy, look).catch(() => undefined));
  const isFurther = there !== undefined && there.to > (here?.to ?? entry.time);
  return [
    ...(here === undefined
      ? []
      : [
          `changes are stored up to ${show(here.to)}: ${take(here.at, `${here.timeline}${readsCopy ? ' --from copy' : ''}`)} takes them, too`,
        ]),
    ...(isFurther
      ? [
          `the second copy has changes up to ${show(there.to)}: ${take(there.at, `${there.timeline} --from copy`)} takes them`,
        ]
      : []),
  ];
}
