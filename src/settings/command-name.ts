/** The name of the backup commands where this process runs. Node only. */
import process from 'node:process';
import type { Transformer } from 'grammy';
import { html } from '../text/html.ts';

/** Where offline mode keeps everything. */
export const OFFLINE_DIRECTORY = 'data/offline';
export const OFFLINE_DATABASE = `${OFFLINE_DIRECTORY}/anime_bot.db`;

export const OFFLINE_SETTINGS = `DATABASE_URL=file:${OFFLINE_DATABASE} BACKUP_DIR=${OFFLINE_DIRECTORY}/backups`;

/** From now on messages name this database and this bucket, not those of production. */
export function callOffline(): void {
  process.env['ANIME_BACKUP_COMMAND'] ??= `${OFFLINE_SETTINGS} npm run backup --`;
}

/**
 * Messages say `npm run backup -- …`, for which an installed bot has no directory. There
 * deploy/anime-backup, its unit and the Dockerfile set ANIME_BACKUP_COMMAND to what people type.
 * All output of the process passes through one of these.
 */
export function asCalledHere(text: string): string {
  return named(text, (command) => command);
}

/** The same for a JSON text. */
export function asCalledInJson(text: string): string {
  return named(text, (command) => JSON.stringify(command).slice(1, -1));
}

/** The same for what goes to Telegram. */
export const callsAsHere: Transformer = (call, method, payload, signal) => {
  const { text, caption, parse_mode } = payload as Readonly<Record<string, unknown>>;
  const said = (value: string): string =>
    named(value, (command) => (parse_mode === 'HTML' ? html`${command}`.markup : command));
  return call(
    method,
    {
      ...payload,
      ...(typeof text === 'string' && { text: said(text) }),
      ...(typeof caption === 'string' && { caption: said(caption) }),
    },
    signal,
  );
};

function named(text: string, written: (command: string) => string): string {
  const command = process.env['ANIME_BACKUP_COMMAND'] ?? '';
  return command === '' ? text : text.replaceAll('npm run backup --', () => written(command));
}
