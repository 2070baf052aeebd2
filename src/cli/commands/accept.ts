import { Argument, Command } from 'commander';
import { changeState } from '../../backup/catalog/change-state.ts';
import { readGroups } from '../../backup/catalog/list.ts';
import { missedIn } from '../../backup/changes/went-on.ts';
import { createDirectoryStore } from '../../backup/store/directory.ts';
import { MARK, readMark, writeMark } from '../../backup/store/known-place.ts';
import { keepMeant, meantNote } from '../../db/bucket-notes.ts';
import { acceptPlace, type PlaceRole } from '../../db/place-notes.ts';
import { newId, recall } from '../../hosts/node/known-places.ts';
import { missedBeside } from '../../hosts/node/rescued.ts';
import { countOf } from '../../text/format.ts';
import { showMoment } from '../../text/moment.ts';
import { type Cli, type ExitCode, framed, type Invocation, UsageError } from '../command.ts';
import { sameDisk } from '../same-disk.ts';

export function acceptCommand(cli: Cli): Command {
  const command = new Command('accept')
    .description(
      'take a directory of backups, or the database, for the right one, as it is now: a new disk, one emptied on purpose, an older state that is meant',
    )
    .addArgument(
      new Argument(
        '<which>',
        'first: BACKUP_DIR; copy: COPY_DIR; database: nothing that `list` says it lacks is missed',
      ).choices(['first', 'copy', 'database'] satisfies (PlaceRole | 'database')[]),
    );
  return framed(cli, command, accept);
}

async function accept(invocation: Invocation, [which]: readonly string[]): Promise<ExitCode> {
  if (which === 'database') return acceptDatabase(invocation);
  const { terminal, session } = invocation;
  const role: PlaceRole = which === 'copy' ? 'copy' : 'first';
  const bucket = role === 'first' ? session.first : await session.copy();
  const settings = role === 'first' ? session.config.bucket : session.config.copy?.bucket;
  if (bucket === undefined || settings === undefined)
    throw new UsageError('there is no second copy; COPY_DIR names one');
  if (settings.kind !== 'directory')
    throw new UsageError(`${bucket.store.description} is no directory: its name says which it is`);
  const { path } = settings;
  const store = createDirectoryStore(path);
  const db = await session.live();
  const known = await recall(db, { role, path, prefix: bucket.prefix });
  const mark = await readMark(store);
  const { dim, green, yellow } = terminal.colors;
  if (mark !== undefined && mark === known.id) {
    terminal.answer({ ok: true, directory: path, accepted: false });
    terminal.say(green(`${store.description} is the one that the bot knows: nothing is to be done.`));
    return 0;
  }
  const count = (await readGroups({ ...bucket, store })).length;
  const apart = role === 'copy' ? sameDisk(session.config) : undefined;
  terminal.say(
    `${store.description}: ${count === 0 ? 'no backup is in it' : `${countOf(count, 'backup')} in it`}`,
  );
  if (apart !== undefined) terminal.say(yellow(apart));
  const question = yellow('From now on the bot takes this directory for the right one.');
  await confirmed(invocation, question);
  const id = mark ?? (await writeMark(store, newId()));
  await db.write(acceptPlace(role, path, id));
  terminal.answer({ ok: true, directory: path, accepted: true });
  terminal.say(green(`${store.description} is the right one now.`));
  terminal.say(
    dim(
      `It has the mark ${MARK}: leave it there. Next: npm run backup -- ${role === 'copy' ? 'copy' : 'full'}`,
    ),
  );
  return 0;
}

/** The owner does not miss what the database lacks of the bucket, or of a file beside it. */
async function acceptDatabase(invocation: Invocation): Promise<ExitCode> {
  const { terminal, session, now } = invocation;
  const { database, timeZone } = session.config;
  const db = await session.live();
  const [state, meant] = await db.read([changeState, meantNote()]);
  const reminder = { now: now(), meant };
  const until = state && (await missedIn(session.first, state, reminder));
  const beside = database.kind === 'file' ? missedBeside(database.path, reminder) : undefined;
  const { green, yellow } = terminal.colors;
  if (until === undefined && beside === undefined) {
    terminal.answer({ ok: true, accepted: false });
    terminal.say(green('The database lacks nothing that is known of: nothing is to be done.'));
    return 0;
  }
  if (until !== undefined)
    terminal.say(
      `The bucket has changes up to ${showMoment(until, timeZone)} that the database does not have.`,
    );
  if (beside !== undefined) terminal.say(`Beside the database lies ${beside.what}.`);
  await confirmed(invocation, yellow('From now on nobody is reminded of that; nothing is deleted.'));
  const last = Math.max(now().getTime(), until?.getTime() ?? 0, beside?.at ?? 0);
  await db.write([keepMeant(new Date(last).toISOString())]);
  terminal.answer({ ok: true, accepted: true });
  terminal.say(green('The database is right as it is.'));
  return 0;
}

async function confirmed({ terminal, yes }: Invocation, question: string): Promise<void> {
  if (!yes && !(await terminal.confirm(question, 'accept')))
    throw new UsageError('not confirmed: nothing was changed (--yes asks nothing)');
}
