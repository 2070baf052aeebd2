/**
 * Options that npm took for itself. `npm run backup prune --dry-run` reaches us as `prune`: npm
 * keeps what stands before `--`, knows `--dry-run` as its own and says nothing. It hands its
 * options on as `npm_config_…`, so we see them there, and nothing may be done without them.
 */
import type { Environment } from './config.ts';

export interface OwnOption {
  /** As the help has it: `-o, --output <file>`. */
  readonly flags: string;
  readonly long?: string | undefined;
  readonly short?: string | undefined;
}

/** npm has options of the same name, so a person may have set them for npm itself. */
const ALSO_OF_NPM: readonly string[] = ['--all', '--dry-run', '--json', '--offline'];
/** npm takes the beginning of a name for its own whole one. */
const TAKEN_AS: Readonly<Record<string, string>> = {
  '--replace': '--replace-registry-host',
  '--to': '--token-description',
};
/**
 * Without it a command asks, or refuses by itself. Machines that run npm unattended set it for
 * good, and a nightly backup must not fail there.
 */
const HARMLESS = '--yes';

/**
 * One sentence that names them and the right command line; undefined when npm took none. `script`
 * is the name in package.json, `args` what npm left.
 */
export function swallowedOptions(
  script: string,
  own: readonly OwnOption[],
  args: readonly string[],
  env: Environment,
): string | undefined {
  // Of a process that a script of another name started, the options are not ours.
  if (env['npm_lifecycle_event'] !== script) return undefined;
  const missed = own.filter((one) => one.long !== HARMLESS && !isGiven(one, args) && isTaken(one, env));
  // Without the name of a command, those of all commands are asked.
  const taken = [...new Map(missed.map((one) => [one.long ?? one.short, one])).values()];
  if (taken.length === 0) return undefined;
  const names = taken.map(({ long, short }) => long ?? short ?? '');
  // What npm left may hold the value of an option, which then stands for something else.
  const words = taken.some(({ flags }) => flags.includes('<')) ? args.slice(0, 1) : args;
  const shown = taken.map(({ flags }) => flags.replace(/^-\w, /, ''));
  const command = script === 'start' ? 'npm start' : `npm run ${script}`;
  const alsoNpms = names.filter((name) => ALSO_OF_NPM.includes(name));
  return [
    `npm took ${names.join(' and ')} for itself, so nothing was done: write -- before the options: ${[command, '--', ...words, ...shown].join(' ')}`,
    ...alsoNpms.map(
      (name) =>
        ` (if npm itself is set so, \`npm config get ${name.slice(2)}\`: ${[`${command} --no-${name.slice(2)} --`, ...words].join(' ')})`,
    ),
  ].join('');
}

function isGiven({ long, short }: OwnOption, args: readonly string[]): boolean {
  return args.some(
    (arg) =>
      (long !== undefined && (arg === long || arg.startsWith(`${long}=`))) ||
      (short !== undefined && /^-\w/.test(arg) && arg.startsWith(short)),
  );
}

/** `--dryrun` is taken, too: npm drops what it does not know. */
function isTaken({ long, short }: OwnOption, env: Environment): boolean {
  const wanted = [long, short, long === undefined ? undefined : TAKEN_AS[long]].map(bare);
  return Object.entries(env).some(([name, value]) => {
    const [, rest] = /^npm_config_(.+)/.exec(name) ?? [];
    return rest !== undefined && wanted.includes(bare(rest)) && isSet(rest, String(value ?? ''));
  });
}

function isSet(name: string, value: string): boolean {
  // npm takes the next word as its value (`--replace --yes`); people set it to a registry.
  if (name === 'replace_registry_host') return !/^(npmjs|never|always|.*[.:].*)?$/.test(value);
  return value !== '' && value !== 'false';
}

function bare(name: string | undefined): string | undefined {
  return name?.replace(/[-_]/g, '');
}
