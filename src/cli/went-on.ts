/** What `list` tells of changes in the bucket that the living database does not have. */
import type { Living } from '../backup/changes/living.ts';
import { ACCEPT, missedUntil, type Reminder } from '../backup/changes/went-on.ts';
import { meantNote } from '../db/bucket-notes.ts';
import { rescuedAfter } from '../hosts/node/rescued.ts';
import { livingOf } from './moment.ts';
import { askLiving, type Session } from './session.ts';
import type { StoredHistory } from './stored-history.ts';

export interface WentOn {
  /** ISO time of the last of them. */
  readonly until: string;
  /** In sentences, with the command. */
  readonly line: string;
}

export async function wentOnOf(
  session: Session,
  living: Living | undefined,
  { files }: StoredHistory,
  reminder: Reminder,
): Promise<WentOn | undefined> {
  if (living === undefined || missedUntil(living.state, files, reminder) === undefined) return undefined;
  // A bot that runs has perhaps stored some of them since the database was asked.
  const again = await livingOf(session);
  const until = again && missedUntil(again.state, files, reminder);
  if (again === undefined || until === undefined) return undefined;
  const at = until.toISOString();
  const { database } = session.config;
  const rescued = database.kind === 'file' ? rescuedAfter(database.path, until) : undefined;
  const how =
    rescued !== undefined
      ? `What a running bot rescued holds more still; to take that in the place of what is there now, with the bot stopped: ${rescued.how}`
      : `To bring them back in the place of what is there now: npm run backup -- restore --at ${at} --replace`;
  return {
    until: at,
    line: `The bucket has changes that the database does not have, up to ${at}: an older file or journal was put back, a journal was lost, or another bot works with a copy (if you miss nothing: ${ACCEPT}). ${how}`,
  };
}

/** Up to when the owner has said that nothing is missed; undefined also where nobody can ask. */
export function meantOf(session: Session): Promise<string | undefined> {
  return askLiving(session, async (db) => (await db.read([meantNote()]))[0]);
}
