/** What a running bot rescued (db/file/rescue.ts), beside a database that is there. Node only. */
import type { Living } from '../../backup/changes/living.ts';
import { peekAt } from '../../backup/changes/peek.ts';
import { ACCEPT, REMINDED_MS, type Reminder } from '../../backup/changes/went-on.ts';
import { keepMeant } from '../../db/bucket-notes.ts';
import type { Statement } from '../../db/database.ts';
import { lookIntoFile } from '../../db/file/look-into-file.ts';
import { shellWord } from '../../lib/shell-word.ts';
import { type Kept, rescuedOf, type Way, wayTo } from './ways-back.ts';

/** What a running bot rescued later than `until`: it holds more than what is stored up to then. */
export function rescuedAfter(path: string, until: Date): Way | undefined {
  const kept = rescuedOf(path);
  return kept !== undefined && kept.at > until.getTime() ? inPlaceOf(kept, path) : undefined;
}

/** What a running bot rescued, as long as the owner is to be reminded of it. */
export function missedBeside(path: string, { now, meant }: Reminder): Way | undefined {
  const kept = rescuedOf(path);
  if (kept === undefined || now.getTime() - kept.at > REMINDED_MS) return undefined;
  return meant === undefined || kept.at > Date.parse(meant) ? inPlaceOf(kept, path) : undefined;
}

/** For people: what was rescued stands there, and perhaps nowhere else. */
export async function rescuedNote(
  path: string,
  reminder: Reminder,
  living: End | undefined,
): Promise<string | undefined> {
  const rescued = missedBeside(path, reminder);
  if (rescued === undefined) return undefined;
  if ((await backAgain(path, living)) !== undefined)
    return `The disk of the database was gone while the bot ran, and is back with all that the bot had: start the bot again (stop it first, where it runs still), which is all that it takes. Should anything be missing then, it is in what the bot rescued: ${rescued.how}`;
  return `Beside the database lies ${rescued.what}: it may hold what is nowhere else (if you miss nothing: ${ACCEPT}). To take it in the place of what is there now, which is saved first, stop the bot: ${rescued.how}`;
}

type End = Pick<Living, 'state' | 'last'>;

/** What was rescued, where its disk is back and the database holds it to the last change. */
export async function backAgain(path: string, living: End | undefined): Promise<Kept | undefined> {
  const kept = rescuedOf(path);
  if (kept?.isAway !== true || living === undefined || living.state.needsBase === 'off') return undefined;
  const found = await lookIntoFile(kept.name, () => {}, peekAt).catch(() => undefined);
  return found?.state.timeline === living.state.timeline && found.last === living.last ? kept : undefined;
}

/** The database at `path` has all that was rescued, or that is missed no longer. */
export function notMissed({ at }: Kept, meant = ''): Statement {
  // A time of a file is finer than a millisecond.
  const until = new Date(Math.ceil(at)).toISOString();
  return keepMeant(until > meant ? until : meant);
}

/** Where a database is: what it has got since may be nowhere else, and a restore saves it first. */
function inPlaceOf(kept: Kept, path: string): Way {
  return { ...wayTo(kept, path), how: `npm run backup -- restore ${shellWord(kept.name)} --replace` };
}
