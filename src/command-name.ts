/** How the backup commands are called where this process runs. Node only. */
import process from 'node:process';

/**
 * Messages say `npm run backup -- …`, which an installed bot has no directory for: deploy/anime-backup, its unit and
 * the Dockerfile say in ANIME_BACKUP_COMMAND what is typed there.
 */
export function asCalledHere(text: string): string {
  const command = process.env['ANIME_BACKUP_COMMAND'] ?? '';
  return command === '' ? text : text.replaceAll('npm run backup --', command);
}
