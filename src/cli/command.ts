/** The frame of every command: common options, one session, errors told once, exit code 0 / 1 / 2 (done / failed / bad usage). Node only. */
import type { Command } from 'commander';
import { explain } from '../backup/clock.ts';
import { ConfigError, type Environment } from '../config.ts';
import { explainLocked } from '../db/file-lock.ts';
import { openSession, type Session } from './session.ts';
import { createTerminal, type Terminal } from './terminal.ts';

export interface Invocation {
  readonly terminal: Terminal;
  readonly session: Session;
  /** No questions: whatever would be asked is answered yes. */
  readonly yes: boolean;
  readonly now: () => Date;
}

export interface Cli {
  readonly env: Environment;
  /** What the process is to exit with. */
  exitCode: number;
}

/** 0 done, 1 failed, 2 bad usage (spec/backup.md, "Commands"). */
export type ExitCode = 0 | 1 | 2;

/** The user asked for something that makes no sense: exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** Adds `--json` and `--yes` and the frame to a command. `run` gets the command's arguments and its own options. */
export function framed<Options extends object>(
  cli: Cli,
  command: Command,
  run: (invocation: Invocation, args: readonly string[], options: Options) => Promise<ExitCode>,
): Command {
  return command
    .option('--json', 'one JSON answer on standard output, nothing else')
    .option('-y, --yes', 'ask nothing')
    .action(async (...values: unknown[]) => {
      const options = command.opts<Options & { json?: boolean; yes?: boolean }>();
      const args = command.registeredArguments
        .flatMap((_, i) => values[i] ?? [])
        .filter((value) => typeof value === 'string');
      const terminal = createTerminal(options.json === true);
      let session: Session | undefined;
      try {
        session = openSession(cli.env, terminal);
        const invocation = { terminal, session, yes: options.yes === true, now: () => new Date() };
        cli.exitCode = await run(invocation, args, options);
      } catch (error) {
        tell(terminal, explained(error, session));
        cli.exitCode = error instanceof UsageError || error instanceof ConfigError ? 2 : 1;
      } finally {
        terminal.clear();
        session?.close();
      }
    });
}

function explained(error: unknown, session: Session | undefined): string {
  const message = explain(error);
  const database = session?.config.database;
  const isLocked = /database is locked|SQLITE_BUSY/.test(message) && database?.kind === 'file';
  return isLocked ? `${message}\n${explainLocked(database.path)}` : message;
}

/** For people on standard error, so that what is piped on stays clean; for machines as the one answer. */
function tell(terminal: Terminal, message: string): void {
  terminal.clear();
  if (terminal.json) terminal.answer({ ok: false, error: message });
  else process.stderr.write(`${terminal.colors.red('error:')} ${message}\n`);
}
