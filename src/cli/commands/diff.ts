import { existsSync, mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { Command, Option } from 'commander';
import { type Stranger, strangersNote } from '../../backup/schema/strangers.ts';
import { copyLive } from '../../backup/snapshot/copy-live.ts';
import { diffInProcess } from '../../backup/verify/database-diff.ts';
import { asDatabase, plainFile } from '../../backup/verify/plain-file.ts';
import { unpackDatabase } from '../../backup/verify/verify-backup.ts';
import { inScratch } from '../../lib/disk/scratch.ts';
import { shellWord } from '../../lib/shell-word.ts';
import { type Cli, type ExitCode, type Invocation, reading, UsageError } from '../command.ts';
import { databaseOf, pointLine, resolveMoment } from '../moment.ts';
import { type Asked, askedBy, type MomentWish, requireMoment, withMoment } from '../moment-options.ts';
import { withWayOn } from '../other-way.ts';
import { LATEST, resolveBackup } from '../target.ts';
import { diffLines } from './diff-lines.ts';

export function diffCommand(cli: Cli): Command {
  const command = new Command('diff')
    .description('rows added, removed and changed per table, from the first to the second')
    .argument('[first]', `a backup, ${LATEST}, live (the database itself), or a file`)
    .argument('[second]', 'likewise');
  const to = new Option('--to <time>', 'instead of the second: likewise; without either: live');
  return reading<Options>(
    cli,
    withMoment(command, 'instead of the first: the state of a moment', [to]),
    diff,
  );
}

interface Options extends MomentWish {
  readonly at?: string;
  readonly to?: string;
}

/** What is compared, as it was named, and how it comes to be a file. */
interface Side {
  readonly name: string;
  fetch(directory: string): Promise<string>;
}

async function diff(invocation: Invocation, args: readonly string[], options: Options): Promise<ExitCode> {
  const { terminal } = invocation;
  const notes: string[] = [];
  const [one, other] = await sidesOf(invocation, args, options, notes);
  const { tables, strangers } = await inScratch(undefined, async (directory) => {
    const a = await one.fetch(join(directory, 'first'));
    const b = await other.fetch(join(directory, 'second'));
    return diffInProcess({ first: a, second: b, scratch: directory });
  });
  const [first, second] = [one.name, other.name];
  for (const [name, these, others] of [
    [first, strangers.first, strangers.second],
    [second, strangers.second, strangers.first],
  ] as const) {
    const alone = these.filter((stranger) => !isAmong(others, stranger));
    const note = strangersNote(alone, `and only in ${name}`);
    if (note !== undefined) notes.push(note);
  }
  const both = strangers.first.filter((stranger) => isAmong(strangers.second, stranger));
  const note = strangersNote(both, 'and in both');
  if (note !== undefined) notes.push(note);
  const hasSameStrangers = both.length === Math.max(strangers.first.length, strangers.second.length);
  const same =
    hasSameStrangers &&
    tables.every(
      ({ added, removed, changed, note }) => added + removed + changed === 0 && note === undefined,
    );
  terminal.answer({
    ok: true,
    same,
    notes,
    tables: tables.map((table) => ({ ...table, note: table.note ?? null })),
  });
  terminal.warn(...new Set(notes));
  for (const line of diffLines(terminal.colors, tables)) terminal.say(line);
  if (same) terminal.say(terminal.colors.green('No difference.'));
  return 0;
}

function isAmong(strangers: readonly Stranger[], { text }: Stranger): boolean {
  return strangers.some((stranger) => stranger.text === text);
}

async function sidesOf(
  invocation: Invocation,
  args: readonly string[],
  { at, to, ...wish }: Options,
  notes: string[],
): Promise<[Side, Side]> {
  if ((at ?? to) === undefined) requireMoment(wish, '--at or --to');
  const named = args.map((name): Side => {
    const fetch = (directory: string): Promise<string> => localDatabase(invocation, name, directory, notes);
    return { name, fetch };
  });
  const others = args.map((name) => ` ${shellWord(name)}`).join('');
  const [first, last] = [at, to].map((text) => text && shellWord(text));
  if (at !== undefined) {
    const rest = `${others}${last === undefined ? '' : ` --to ${last}`}`;
    named.unshift(await momentOf(invocation, askedBy('diff --at', at, wish, rest), notes));
  }
  if (to !== undefined) {
    const before = first === undefined ? `diff${others} --to` : `diff --at ${first} --to`;
    named.push(await momentOf(invocation, askedBy(before, to, wish), notes));
  }
  const live: Side = {
    name: 'live',
    fetch: (directory) => localDatabase(invocation, 'live', directory, notes),
  };
  const [one, two = at === undefined ? undefined : live, more] = named;
  if (one === undefined || two === undefined || more !== undefined)
    throw new UsageError('diff takes two: backups, live, files, or moments by --at and --to');
  return [one, two];
}

async function momentOf(invocation: Invocation, asked: Asked, notes: string[]): Promise<Side> {
  const point = await withWayOn(invocation, asked, () => resolveMoment(invocation, asked));
  notes.push(pointLine(invocation, point));
  return {
    name: asked.text,
    async fetch(directory) {
      mkdirSync(directory);
      const source = await withWayOn(invocation, asked, () => databaseOf(invocation, point, directory));
      notes.push(...source.notes);
      return source.path;
    },
  };
}

/** A SQLite file with the contents of what the argument names. */
async function localDatabase(
  { session, terminal }: Invocation,
  text: string,
  directory: string,
  notes: string[],
): Promise<string> {
  mkdirSync(directory);
  terminal.draw(`fetching ${text}`);
  if (text === 'live') {
    const path = join(directory, 'live.db');
    await copyLive(session.source, path);
    return path;
  }
  if (existsSync(text) && statSync(text).isFile())
    return asDatabase(await plainFile(text, directory, session.keys), directory);
  const { entry, passedOver } = await resolveBackup(session.bucket, text);
  const { name, manifest, problem } = entry;
  notes.push(...passedOver);
  if (manifest === undefined) throw new Error(`${name} cannot be read: ${problem}`);
  return unpackDatabase(session.bucket, manifest, join(directory, 'backup.db'), session.keys);
}
