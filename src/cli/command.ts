/** The frame of every command: options, one session, errors told once, {@link ExitCode}s. */
import { constants } from 'node:os';
import { type Command, Option } from 'commander';
import { DatabaseUnfit } from '../db/database-unfit.ts';
import { explainUnusable } from '../db/file/database-file.ts';
import { useOwnScratch } from '../hosts/node/own-scratch.ts';
import { explain } from '../lib/clock.ts';
import { placesOnDisk } from '../settings/buckets.ts';
import { ConfigError, type Environment } from '../settings/config.ts';
import { withAdvice } from './advice.ts';
import type { Installed } from './installed-bot.ts';
import { Interrupted } from './interrupted.ts';
import { type Interruption, listenForInterruption } from './interruption.ts';
import { outputs } from './output.ts';
import { type From, openSession, type Session } from './session.ts';
import { helpFromCopy } from './target.ts';
import { createTerminal, type Terminal } from './terminal.ts';
import { UsageError } from './usage-error.ts';

export interface Invocation {
  readonly terminal: Terminal;
  readonly session: Session;
  /** Asks nothing: every question is answered yes. */
  readonly yes: boolean;
  readonly now: () => Date;
  readonly stoppable: Interruption['stoppable'];
}

export interface Cli {
  readonly env: Environment;
  /** Where an installed bot would be; by default the places of deploy/anime-bot.service. */
  readonly installed?: Installed | undefined;
  /** The process's exit code: an {@link ExitCode}, or 128 plus the signal that ended it. */
  exitCode: number;
}

/** 0 done, 1 failed, 2 bad usage, or {@link NOT_SAFE}. */
export type ExitCode = 0 | 1 | 2 | 3;

/**
 * `list --check`: no verified backup, the newest too old, or a newer one damaged; a database that
 * is not whole; or a second copy that is damaged, lacks one for more than a day, or cannot be read.
 * `verify latest` and `kit`: what they took is another bot's. Different from 1, which says that
 * nobody could look.
 */
export const NOT_SAFE = 3;

export { UsageError };

/**
 * {@link framed}, for a command that reads backups: `--from copy` has it read the second copy, and
 * nothing in the command itself knows of it.
 */
export function reading<Options extends object>(
  cli: Cli,
  command: Command,
  run: (invocation: Invocation, args: readonly string[], options: Options) => Promise<ExitCode>,
): Command {
  const from = new Option('--from <bucket>', 'copy: the second copy (COPY_S3_* or COPY_DIR)');
  return framed(cli, command.addOption(from.choices(['first', 'copy'])), run);
}

/** Gives a command its frame, `--json` and `--yes`; `run` gets its arguments and options. */
export function framed<Options extends object>(
  cli: Cli,
  command: Command,
  run: (invocation: Invocation, args: readonly string[], options: Options) => Promise<ExitCode>,
): Command {
  return command
    .option('--json', 'one JSON answer on standard output, nothing else')
    .option('-y, --yes', 'ask nothing')
    .action(async (...values: unknown[]) => {
      const options = command.opts<Options & { json?: boolean; yes?: boolean; from?: From }>();
      const args = command.registeredArguments
        .flatMap((_, i) => values[i] ?? [])
        .filter((value) => typeof value === 'string');
      const terminal = createTerminal(options.json === true);
      const empty = emptyOption(command);
      if (empty !== undefined) {
        terminal.fail(`${empty}: its value is empty; is the variable that it comes from set?`);
        cli.exitCode = 2;
        return;
      }
      const interruption = listenForInterruption(terminal);
      let session: Session | undefined;
      let failure = '';
      try {
        useOwnScratch();
        session = await openSession(cli.env, terminal, { installed: cli.installed, from: options.from });
        terminal.zone = session.config.timeZone;
        const { stoppable } = interruption;
        cli.exitCode = await run(
          { terminal, session, yes: options.yes === true, now: () => new Date(), stoppable },
          args,
          options,
        );
      } catch (error) {
        // Writes nothing to a reader that has left: all tools in a pipe do so.
        failure = explained(error, session) + (isReading(command) ? await elsewhere(error, session) : '');
        if (!(error instanceof Deserted)) terminal.fail(failure);
        cli.exitCode = exitCodeOf(error);
      } finally {
        terminal.clear();
        // A bucket on a server is the same wherever the command runs; so is a wrong command line.
        const hint =
          session !== undefined && placesOnDisk(session.config.bucket).length > 0 && cli.exitCode !== 2
            ? (session.elsewhere ?? session.offline)
            : undefined;
        if (hint !== undefined && !failure.includes(hint)) terminal.note(`note: ${hint}`);
        terminal.tellZone();
        await session?.close();
        interruption.dispose();
      }
      const unsaid = await outputs().flush();
      if (unsaid !== undefined) {
        outputs().err.write(`error: not all could be written to standard output: ${unsaid}
`);
        cli.exitCode ||= 1;
      }
      // What was finished stays done.
      if (cli.exitCode !== 0) cli.exitCode = interruption.exitCode ?? cli.exitCode;
    });
}

/** An unset variable of a shell arrives as an empty value, and must not mean "left out". */
function emptyOption(command: Command): string | undefined {
  const values = new Map(Object.entries(command.opts<Record<string, unknown>>()));
  return command.options.find((option) => values.get(option.attributeName()) === '')?.long;
}

function exitCodeOf(error: unknown): number {
  // Ctrl-C at a question reaches no handler of signals.
  if (error instanceof Interrupted) return 128 + constants.signals.SIGINT;
  return error instanceof UsageError || error instanceof ConfigError ? 2 : 1;
}

/** The reader of standard output has left, and the command makes no sense without one. */
export class Deserted extends Error {
  override readonly name = 'Deserted';
}

function isReading(command: Command): boolean {
  return command.options.some(({ long }) => long === '--from');
}

async function elsewhere(error: unknown, session: Session | undefined): Promise<string> {
  const help = session && (await helpFromCopy(error, session));
  return help === undefined ? '' : `\n${help}`;
}

function messageOf(error: unknown): string {
  return error instanceof DatabaseUnfit ? error.message : explain(error);
}

function explained(error: unknown, session: Session | undefined): string {
  const message = error instanceof Interrupted ? 'interrupted: nothing more was done' : explain(error);
  const database = session?.config.database;
  // Bare: whoever threw it has said the rest.
  if (/^SQLITE_(?!BUSY|LOCKED)/.test(message) && database?.kind === 'file')
    return messageOf(explainUnusable(error, database.path));
  return withAdvice(message, database);
}
