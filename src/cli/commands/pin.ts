import { Command } from 'commander';
import type { Bucket } from '../../backup/catalog/bucket.ts';
import { type PinOutcome, pin, unpin } from '../../backup/catalog/pins.ts';
import { type Cli, reading } from '../command.ts';
import { LATEST, resolveBackup } from '../target.ts';

export function pinCommand(cli: Cli): Command {
  return make(cli, 'pin', 'keep a backup whatever its age: retention never deletes it', pin);
}

export function unpinCommand(cli: Cli): Command {
  return make(cli, 'unpin', 'let retention judge a backup again', unpin);
}

function make(
  cli: Cli,
  verb: 'pin' | 'unpin',
  description: string,
  act: (bucket: Bucket, name: string) => Promise<PinOutcome>,
): Command {
  const command = new Command(verb).description(description).argument('<name>', `a backup, or ${LATEST}`);
  return reading(cli, command, async ({ terminal, session }, [text = '']) => {
    const { entry, passedOver } = await resolveBackup(session.bucket, text);
    const { name } = entry;
    terminal.warn(...passedOver);
    const outcome = await act(session.bucket, name);
    if (outcome === 'unknown backup') throw new Error(`${name} is not a finished backup`);
    const pinned = verb === 'pin';
    terminal.answer({ ok: true, name, pinned, changed: outcome === 'done' });
    const isNew = outcome === 'done';
    if (pinned) terminal.say(`${name} is ${isNew ? 'now' : 'already'} pinned: retention keeps it`);
    else terminal.say(`${name} is ${isNew ? 'no longer' : 'not'} pinned: retention judges it by its age`);
    return 0;
  });
}
