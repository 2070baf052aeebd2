/** The command line of a package.json script that is a single command. Node only. */
import process from 'node:process';
import { Command } from 'commander';
import { swallowedOptions } from '../settings/swallowed-options.ts';
import { outputs } from './output.ts';

const WRONG_USAGE = 2;

/**
 * A command with its caller's options and no others. Call it before touching anything: an unknown
 * option, one that npm took for itself or a word too many ends the process with 2, `--help` with 0.
 */
export function script(name: string, description: string): Command {
  const { out, err } = outputs();
  return new Script(`npm run ${name}`)
    .description(description)
    .usage('-- [options]')
    .allowExcessArguments(false)
    .showHelpAfterError(`(npm run ${name} -- --help shows what there is)`)
    .configureOutput({ writeOut: (text) => out.write(text), writeErr: (text) => err.write(text) })
    .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : WRONG_USAGE));
}

class Script extends Command {
  override parse(): this {
    const name = this.name().replace(/^npm run /, '');
    const taken = swallowedOptions(name, this.options, process.argv.slice(2), process.env);
    if (taken !== undefined) this.error(`error: ${taken}`);
    return super.parse();
  }
}
