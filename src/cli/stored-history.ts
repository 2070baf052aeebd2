/** The history that a bucket stores, as every command that tells of it sees it. */
import type { BackupEntry } from '../backup/catalog/entry.ts';
import { listChanges, orderedOf, ownFiles } from '../backup/changes/list-changes.ts';
import { leadingBase, type StoredChange } from '../backup/changes/listed.ts';
import type { Living } from '../backup/changes/living.ts';
import type { Ordered } from '../backup/changes/order.ts';
import { type History, historyOf } from '../backup/changes/spans.ts';
import { straysOf } from '../backup/changes/strays.ts';
import { type ChangesAtRisk, changesAtRisk } from './changes-at-risk.ts';
import { closedLine } from './closed.ts';
import type { Session } from './session.ts';

export interface StoredHistory extends Ordered {
  /** Change files of this bot, the strays among them. */
  readonly stored: readonly StoredChange[];
  /** What is no part of the history behind the newest full backup; {@link files} are without it. */
  readonly strays: readonly StoredChange[];
  /** Keys of what lies among them and is no change file. */
  readonly foreign: readonly string[];
  /** By what is not known to be damaged. */
  readonly history: History;
  /** What of it no key that is set opens, for people. */
  readonly closed: string | undefined;
  /** What of it is known to be lost. */
  readonly risk: ChangesAtRisk;
}

/** @param living read before the bucket was listed; undefined: nobody can ask the database */
export async function storedHistory(
  session: Session,
  entries: readonly BackupEntry[],
  living: Living | undefined,
): Promise<StoredHistory> {
  const { bucket, keys } = session;
  const { files: all, foreign } = await listChanges(bucket);
  const stored = ownFiles(bucket, entries, all);
  // Those that are not encrypted count as little as such backups.
  const counted = stored.filter(({ encrypted }) => encrypted || bucket.isSealed !== true);
  const ordered = orderedOf(bucket, entries, counted);
  const base = leadingBase(ordered.bases, living?.state.timeline);
  const strays = base === undefined ? [] : await straysOf(bucket, base, ordered.files, { keys, living });
  const gone = new Set(strays.map(({ file }) => file));
  const { bases, files } =
    strays.length === 0
      ? ordered
      : orderedOf(
          bucket,
          entries,
          counted.filter(({ file }) => !gone.has(file)),
        );
  const risk = await changesAtRisk(session, { living, bases, files });
  const history = historyOf(bases, risk.sound, living?.state);
  const closed = await closedLine(session, { bases, files: risk.sound });
  return { stored, strays, foreign, bases, files, history, closed, risk };
}
