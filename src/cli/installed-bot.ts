/** A bot installed by deploy/anime-bot.service, seen from a directory without one. Node only. */
import { existsSync } from 'node:fs';
import { sep } from 'node:path';
import process from 'node:process';
import type { Config } from '../settings/config.ts';

export interface Installed {
  readonly settings: string;
  readonly data: string;
}

const INSTALLED: Installed = { settings: '/etc/anime-bot.env', data: '/var/lib/anime-bot' };

/**
 * One sentence that names the right command when the settings mean a missing database in the
 * present directory and this machine has an installed bot. Undefined otherwise.
 */
export function botElsewhere(
  { database }: Pick<Config, 'database'>,
  { settings, data }: Installed = INSTALLED,
  here = process.cwd(),
): string | undefined {
  if (here === data || database.kind !== 'file' || existsSync(database.path)) return undefined;
  if (!database.path.startsWith(`${here}${sep}`)) return undefined;
  const found = [settings, data].filter((path) => existsSync(path));
  if (found.length === 0) return undefined;
  return `the bot of this machine has its settings and data elsewhere (${found.join(', ')}), and ${database.path} is not there: use \`sudo anime-backup\` in place of \`npm run backup --\` (docs/operations.md, "Where the commands run")`;
}
