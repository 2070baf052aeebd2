/** The command line of a script of package.json that is a single command. Node only. */
import process from 'node:process';
import { Command } from 'commander';
import { outputs } from './output.ts';

const WRONG_USAGE = 2;

/**
 * A command that takes the options its caller adds, and nothing else. Called before anything is touched: an
 * unknown option, or a word too many, ends the process with 2, `--help` with 0.
 */
export function script(name: string, description: string): Command {
  const { out, err } = outputs();
  return new Command(name)
    .description(description)
    .usage('-- [options]')
    .allowExcessArguments(false)
    .showHelpAfterError(`(npm run ${name} -- --help shows what there is)`)
    .configureOutput({ writeOut: (text) => out.write(text), writeErr: (text) => err.write(text) })
    .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : WRONG_USAGE));
}
