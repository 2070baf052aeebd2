import { Argument, Command } from 'commander';
import { readGroups } from '../../backup/catalog/list.ts';
import { createDirectoryStore } from '../../backup/store/directory.ts';
import { MARK, readMark, writeMark } from '../../backup/store/known-place.ts';
import { acceptPlace, type PlaceRole } from '../../db/place-notes.ts';
import { newId, recall } from '../../hosts/node/known-places.ts';
import { countOf } from '../../text/format.ts';
import { type Cli, type ExitCode, framed, type Invocation, UsageError } from '../command.ts';
import { sameDisk } from '../same-disk.ts';

export function acceptCommand(cli: Cli): Command {
  const command = new Command('accept')
    .description(
      'take a directory of backups for the right one, as it is now: a new disk, or one emptied on purpose',
    )
    .addArgument(
      new Argument('<which>', 'first: BACKUP_DIR; copy: COPY_DIR').choices([
        'first',
        'copy',
      ] satisfies PlaceRole[]),
    );
  return framed(cli, command, accept);
}

async function accept({ terminal, session, yes }: Invocation, [which]: readonly string[]): Promise<ExitCode> {
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
  if (!yes && !(await terminal.confirm(question, 'accept')))
    throw new UsageError('not confirmed: nothing was changed (--yes asks nothing)');
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
