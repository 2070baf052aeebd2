/** What `list` tells of changes in the bucket that the living database does not have. */
import type { Living } from '../backup/changes/living.ts';
import { goneOnUntil } from '../backup/changes/went-on.ts';
import { REMINDED_MS, rescuedAfter } from '../hosts/node/ways-back.ts';
import { showMoment } from '../text/moment.ts';
import { livingOf } from './moment.ts';
import type { Session } from './session.ts';
import type { StoredHistory } from './stored-history.ts';

export interface WentOn {
  /** ISO time of the last of them. */
  readonly until: string;
  /** In sentences, with the command. */
  readonly line: string;
  /** The database has begun a history of its own since. */
  readonly isLeft: boolean;
}

export async function wentOnOf(
  session: Session,
  living: Living | undefined,
  { files }: StoredHistory,
  now: Date,
): Promise<WentOn | undefined> {
  if (living === undefined || goneOnUntil(living.state, files) === undefined) return undefined;
  // A bot that runs has perhaps stored some of them since the database was asked.
  const again = await livingOf(session);
  const until = again && goneOnUntil(again.state, files);
  if (again === undefined || until === undefined) return undefined;
  const isLeft = again.state.reason === 'fork';
  if (isLeft && now.getTime() - Date.parse(again.state.since) > REMINDED_MS) return undefined;
  const at = until.toISOString();
  const { database, timeZone } = session.config;
  const rescued = database.kind === 'file' ? rescuedAfter(database.path, until) : undefined;
  const how =
    rescued !== undefined
      ? `What a running bot rescued holds more still; to take that in the place of what is there now, with the bot stopped: ${rescued.how}`
      : `To bring them back in the place of what is there now: npm run backup -- restore --at ${at} --replace`;
  return {
    until: at,
    isLeft,
    line: `The bucket has changes that the database does not have, up to ${showMoment(until, timeZone)}: an older file or journal was put back, a journal was lost, or another bot works with a copy. ${how}`,
  };
}
