/** A moment as a person writes it (`--at`), and what may be said beside it. */
import { type Command, Option } from 'commander';
import { shellWord } from '../lib/shell-word.ts';
import { readMoment } from '../text/moment.ts';
import { UsageError } from './usage-error.ts';

/** For the help of every command that takes a moment. */
const BEST_EFFORT = 'the nearest moment before it, where changes are lost';
const TIMELINE = 'which history, where several go on side by side (changes names them)';
const MOMENT = '15m, 2h or 3d ago, 14:32 (today) or "2026-11-27 14:32" in TIMEZONE, or an ISO time';

/** What may be said beside a moment. */
export interface MomentWish {
  readonly bestEffort?: boolean;
  readonly timeline?: string;
}

/** Adds the options of a moment to a command. `what`: what it stands for, before the colon. */
export function withMoment(command: Command, what: string, more: readonly Option[] = []): Command {
  command.addOption(new Option('--at <time>', `${what}, ${MOMENT}`));
  for (const option of more) command.addOption(option);
  const options = ['--at', ...more.flatMap(({ long }) => long ?? [])].join(' or ');
  return command
    .option('--best-effort', `with ${options}: ${BEST_EFFORT}`)
    .option('--timeline <id>', `with ${options}: ${TIMELINE}`);
}

/** @throws UsageError for what says nothing without a moment */
export function requireMoment({ bestEffort, timeline }: MomentWish, option = '--at'): void {
  if (bestEffort === true) throw new UsageError(`--best-effort goes with ${option}`);
  if (timeline !== undefined) throw new UsageError(`--timeline goes with ${option}`);
}

/** @throws UsageError */
export function parseMoment(text: string, now: Date, zone: string): Date {
  const time = readMoment(text, now, zone);
  if (time === undefined) throw new UsageError(`${text} is not a time: ${MOMENT}`);
  return time;
}

/** A moment that was asked for, and the command that asks for it again with another one. */
export interface Asked {
  readonly text: string;
  readonly wish: MomentWish;
  /** `more`: further options, each behind a space. */
  again(at: string, more: string): string;
}

/** The same command with its other options (`flags`, each behind a space). */
export function askedBy(command: string, text: string, wish: MomentWish, flags = ''): Asked {
  const again = (at: string, more: string): string =>
    `npm run backup -- ${command} ${shellWord(at)}${flags}${more}`;
  return { text, wish, again };
}

/** The history that was asked for, behind a space; or nothing. */
export function timelineOf({ wish: { timeline } }: Asked): string {
  return timeline === undefined ? '' : ` --timeline ${timeline}`;
}
