/** The operator's tool; each command is a file in `commands/`. Node only. */
import { Command, CommanderError } from 'commander';
import { APP_VERSION } from '../hosts/compose.ts';
import { rememberSecrets } from '../lib/log.ts';
import { endOnSurprise } from '../lib/surprise.ts';
import { asCalledHere } from '../settings/command-name.ts';
import type { Environment } from '../settings/config.ts';
import type { Cli } from './command.ts';
import { changesCommand } from './commands/changes.ts';
import { copyCommand } from './commands/copy.ts';
import { diffCommand } from './commands/diff.ts';
import { downloadCommand } from './commands/download.ts';
import { drillCommand } from './commands/drill.ts';
import { exportCommand } from './commands/export.ts';
import { fullCommand } from './commands/full.ts';
import { historyCommand } from './commands/history.ts';
import { importCommand } from './commands/import.ts';
import { keyCommand } from './commands/key.ts';
import { kitCommand } from './commands/kit.ts';
import { listCommand } from './commands/list.ts';
import { pinCommand, unpinCommand } from './commands/pin.ts';
import { pruneCommand } from './commands/prune.ts';
import { relinkCommand } from './commands/relink.ts';
import { restoreCommand } from './commands/restore.ts';
import { verifyCommand } from './commands/verify.ts';
import type { Installed } from './installed-bot.ts';
import { outputs } from './output.ts';
import { createTerminal } from './terminal.ts';

/** In the order of the help text. Each makes its command. */
const COMMANDS = [
  fullCommand,
  exportCommand,
  listCommand,
  changesCommand,
  verifyCommand,
  downloadCommand,
  restoreCommand,
  importCommand,
  drillCommand,
  diffCommand,
  historyCommand,
  copyCommand,
  kitCommand,
  pruneCommand,
  pinCommand,
  unpinCommand,
  keyCommand,
  relinkCommand,
];

/**
 * Runs one command line (without program names) and returns the exit code: 0 done, 1 failed, 2 bad
 * usage. Never rejects.
 */
export async function runCli(
  args: readonly string[],
  env: Environment,
  installed?: Installed,
): Promise<number> {
  rememberSecrets(env);
  endOnSurprise();
  const cli: Cli = { env, installed, exitCode: 0 };
  const program = new Command(asCalledHere('npm run backup --'))
    .description(
      'Backups of the bot’s database: make, look at, check and fetch them. Settings come from the environment and .env.',
    )
    .version(APP_VERSION)
    .showHelpAfterError('(--help shows what there is)');
  for (const make of COMMANDS) program.addCommand(make(cli));
  tame(program, args.includes('--json'));
  try {
    await program.parseAsync(args, { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    // Help and version end this way, too, with 0.
    if (error.exitCode === 0) return 0;
    createTerminal(args.includes('--json')).answer({
      ok: false,
      error: error.message.replace(/^error: /, ''),
    });
    return 2;
  }
  return cli.exitCode;
}

/**
 * Commander would end the process by itself, and write to a reader that has left; a machine gets
 * its answer on standard output.
 */
function tame(command: Command, json: boolean): void {
  const { out, err } = outputs();
  command.exitOverride();
  command.configureOutput({
    writeOut: (text) => out.write(text),
    writeErr: (text) => json || err.write(text),
  });
  for (const sub of command.commands) tame(sub, json);
}
