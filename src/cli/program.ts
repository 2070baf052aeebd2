/** The operator's tool; each command is a file in `commands/`. Node only. */
import { Command, CommanderError, type Option } from 'commander';
import { APP_VERSION } from '../hosts/compose.ts';
import { rememberSecrets } from '../lib/log.ts';
import { endOnSurprise } from '../lib/surprise.ts';
import { asCalledHere } from '../settings/command-name.ts';
import type { Environment } from '../settings/config.ts';
import { swallowedOptions } from '../settings/swallowed-options.ts';
import type { Cli } from './command.ts';
import { withExample } from './examples.ts';
import type { Installed } from './installed-bot.ts';
import { outputs } from './output.ts';
import { createTerminal } from './terminal.ts';

/**
 * In the order of the help text. Each is loaded when it is called, and all of them for the help:
 * what a command needs takes longer to load than most of them run.
 */
const COMMANDS: Readonly<Record<string, () => Promise<(cli: Cli) => Command>>> = {
  full: async () => (await import('./commands/full.ts')).fullCommand,
  export: async () => (await import('./commands/export.ts')).exportCommand,
  list: async () => (await import('./commands/list.ts')).listCommand,
  changes: async () => (await import('./commands/changes.ts')).changesCommand,
  verify: async () => (await import('./commands/verify.ts')).verifyCommand,
  download: async () => (await import('./commands/download.ts')).downloadCommand,
  restore: async () => (await import('./commands/restore.ts')).restoreCommand,
  import: async () => (await import('./commands/import.ts')).importCommand,
  drill: async () => (await import('./commands/drill.ts')).drillCommand,
  diff: async () => (await import('./commands/diff.ts')).diffCommand,
  history: async () => (await import('./commands/history.ts')).historyCommand,
  copy: async () => (await import('./commands/copy.ts')).copyCommand,
  accept: async () => (await import('./commands/accept.ts')).acceptCommand,
  kit: async () => (await import('./commands/kit.ts')).kitCommand,
  prune: async () => (await import('./commands/prune.ts')).pruneCommand,
  pin: async () => (await import('./commands/pin.ts')).pinCommand,
  unpin: async () => (await import('./commands/pin.ts')).unpinCommand,
  key: async () => (await import('./commands/key.ts')).keyCommand,
  relink: async () => (await import('./commands/relink.ts')).relinkCommand,
};

/** Runs one command line; the exit code: 0 done, 1 failed, 2 bad usage. Never rejects. */
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
  const [name = ''] = args;
  const called = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  for (const load of called === undefined ? Object.values(COMMANDS) : [called])
    program.addCommand((await load())(cli));
  tame(program, args.includes('--json'));
  const taken = swallowed(program, args, env);
  if (taken !== undefined) {
    createTerminal(args.includes('--json')).fail(taken);
    return 2;
  }
  try {
    await program.parseAsync(args, { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    // Help and version end this way, too, with 0.
    if (error.exitCode === 0) return 0;
    createTerminal(args.includes('--json')).answer({
      ok: false,
      error: withExample(name, error.message.replace(/^error: /, '')).trimEnd(),
    });
    return 2;
  }
  return cli.exitCode;
}

/** Commander would end the process; here a machine gets its answer on standard output. */
function tame(command: Command, json: boolean): void {
  const { out, err } = outputs();
  command.exitOverride();
  command.configureOutput({
    writeOut: (text) => out.write(text),
    writeErr: (text) => json || err.write(text),
    outputError: (text, write) => write(withExample(command.name(), text)),
  });
  for (const sub of command.commands) tame(sub, json);
}

/** Before the line is read: without its options it would be told to lack something else. */
function swallowed(program: Command, args: readonly string[], env: Environment): string | undefined {
  if (env['npm_lifecycle_event'] === 'relink')
    return swallowedOptions('relink', own(program), args.slice(1), env);
  return swallowedOptions('backup', own(program), args, env);
}

function own(command: Command): readonly Option[] {
  return [...command.options, ...command.commands.flatMap(own)];
}
