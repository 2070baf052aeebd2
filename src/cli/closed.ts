/** What of the stored history no key that is set opens: closed, and neither lost nor damaged. */
import { isClosed } from '../backup/catalog/unfit-keys.ts';
import type { Base } from '../backup/changes/listed.ts';
import type { Ordered } from '../backup/changes/order.ts';
import { ChangeIndex } from '../backup/changes/spans.ts';
import { hasNoKey } from '../backup/envelope/types.ts';
import { inParallel } from '../lib/in-parallel.ts';
import { countOf } from '../text/format.ts';
import type { Session } from './session.ts';

/** For people; undefined: everything opens, or nothing is encrypted. */
export async function closedLine(session: Session, { bases, files }: Ordered): Promise<string | undefined> {
  const closed = await closedOf(session, bases);
  const [first] = closed;
  const last = closed.at(-1);
  if (first === undefined || last === undefined) return undefined;
  const end = new ChangeIndex(files).endBehind(last)?.to ?? last.time.getTime();
  const to = new Date(Math.max(end, last.time.getTime()));
  const [is, it, was] = closed.length === 1 ? ['is', 'it', 'was'] : ['are', 'them', 'were'];
  return `${countOf(closed.length, 'full backup')} and the changes behind ${it}, from ${first.time.toISOString()} to ${to.toISOString()}, ${is} closed with what is set: a restore needs the BACKUP_AGE_IDENTITY or BACKUP_PASSPHRASE that ${it === 'it' ? it : 'they'} ${was} made with`;
}

/** What one age key opens, it opens of all that were made for the same ones: one look tells. */
async function closedOf({ bucket, keys }: Session, bases: readonly Base[]): Promise<Base[]> {
  const sealed = bases.filter(({ entry }) => entry.encrypted);
  if (hasNoKey(keys)) return sealed;
  const isShut = ({ entry }: Base): Promise<boolean> => isClosed(bucket, entry, keys);
  const groups = Map.groupBy(sealed, ({ entry }) =>
    (entry.manifest?.objects.database.recipients ?? []).toSorted().join(' '),
  );
  const found = await Promise.all(
    [...groups].map(async ([recipients, group]) => {
      const [oldest] = group;
      const newest = group.at(-1);
      if (oldest === undefined || newest === undefined) return [];
      const isOld = await isShut(oldest);
      // Of passphrases only the word is known: several may be in the group.
      if (recipients !== 'passphrase' || isOld === (await isShut(newest))) return isOld ? group : [];
      const each = await inParallel(group, async (base) => ((await isShut(base)) ? [base] : []));
      return each.flat();
    }),
  );
  return found.flat().toSorted((a, b) => a.time.getTime() - b.time.getTime());
}
