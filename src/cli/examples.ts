/** What a command looks like when nothing is missing, for whoever left something out. */
import { asCalledHere } from '../settings/command-name.ts';

const EXAMPLES: Readonly<Record<string, readonly string[]>> = {
  export: ['-o anime.json', '-o anime.json --at 2h'],
  list: ['--limit 20'],
  download: ['latest -o backups', '--at 2h -o backups'],
  restore: [
    'latest --replace',
    '--at 15m --replace',
    'latest --to file:other.db',
    'latest --only anime,anime_parts --replace',
    '--at 15m --replace --timeline 1a2b3c4d',
  ],
  import: ['old-bot.json --dry-run', 'old-bot.json --utc-offset +05:00', 'other-bot.csv --map map.json'],
  diff: ['latest live', '--at 2h', '--at 2h --to 1h'],
  history: ['anime 1', 'anime 1 --timeline 1a2b3c4d'],
  accept: ['first'],
  kit: ['-o kit.tar'],
  pin: ['latest'],
  unpin: ['20240101_120000'],
};

/** Behind an error of the command line: how it is written, where something is left out. */
export function withExample(command: string, error: string): string {
  if (!/missing required argument|argument missing|required option/.test(error)) return error;
  const all = EXAMPLES[command] ?? [];
  const option = /--[a-z-]+/.exec(error)?.[0];
  const found = all.find((line) => option !== undefined && line.split(' ').includes(option)) ?? all[0];
  return found === undefined
    ? error
    : `${error.trimEnd()}; for example: ${asCalledHere(`npm run backup -- ${command} ${found}`)}\n`;
}
