/**
 * What the database of a backup says of itself, held against the manifest: its run, its place in
 * the history of changes, its bot. The manifest alone proves nothing: somebody may have written it
 * around the files of another backup.
 */
import { toSqlTime } from '../../db/time.ts';
import { type ManifestChanges, shortId } from '../catalog/change-position.ts';
import type { Manifest } from '../catalog/manifest.ts';
import { notItself } from '../catalog/not-itself.ts';
import { botText } from '../catalog/whose-bot.ts';
import type { SnapshotSink } from '../model/model.ts';
import { createBotSink } from './snapshot-bot.ts';
import { createPositionSink } from './snapshot-position.ts';
import { createRunSink } from './snapshot-run.ts';

/** What a manifest says that the database knows better. */
export type Said = Pick<Manifest, 'name' | 'trigger' | 'started_at' | 'changes' | 'bot'>;

export interface OwnWords {
  readonly sinks: readonly SnapshotSink[];
  /** Once the scans are over; undefined: nothing differs, or nothing can be compared. */
  difference(): string | undefined;
}

/** What a manifest does not name (an earlier program wrote it) is not compared. */
export function createOwnWords(said: Said): OwnWords {
  const run = createRunSink(said.name);
  const place = createPositionSink();
  const bot = createBotSink();
  return {
    sinks: [run, place, bot],
    difference() {
      const startedAt = toSqlTime(new Date(said.started_at));
      if (run.hasRecord && run.own?.startedAt !== startedAt) {
        const found = run.own ?? run.other;
        return notItself(
          found === undefined ? 'no run of its name' : `${found.name}, begun ${found.startedAt} UTC`,
          `${said.name}, begun ${startedAt} UTC`,
        );
      }
      if (run.hasRecord && run.own?.trigger !== said.trigger)
        return notItself(`made for \`${run.own?.trigger}\``, `made for \`${said.trigger}\``);
      const { changes } = place.position ?? {};
      // A database without a change log, or with a damaged one, does not tell.
      if (changes !== undefined && said.changes !== undefined && isOther(changes, said.changes))
        return notItself(placeText(changes), placeText(said.changes));
      if (said.bot !== undefined && isOther(bot.bot, said.bot))
        return notItself(
          bot.bot === undefined ? 'of no bot' : `of ${botText(bot.bot)}`,
          `of ${botText(said.bot)}`,
        );
      return undefined;
    },
  };
}

/** Both were made by the same schema, in its order of names. */
function isOther(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) !== JSON.stringify(b);
}

function placeText(changes: ManifestChanges): string {
  return `entry ${changes.seq} of the history ${shortId(changes.timeline)}`;
}
