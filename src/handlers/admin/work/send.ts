/** Sends a backup's files to the admin's chat. */
import { InputFile } from 'grammy';
import type { StoredFile } from '../../../backup/backup-files.ts';
import { keepDetail } from '../../../db/admin-work.ts';
import { html } from '../../../text/html.ts';
import type { DoWork } from './parts.ts';

/** Bots upload at most 50 MB (docs/platform-facts.md); some room for the request around it. */
export const UPLOAD_LIMIT = 49_000_000;

export function isSendable({ bytes }: StoredFile): boolean {
  return bytes <= UPLOAD_LIMIT;
}

/** One after the other: two files of 50 MB at once are too much for a Worker's memory. */
export const doSend: DoWork = async ({ db, api, backups }, work, { admin: { backup } }, signal) => {
  const { name, sent = [] } = JSON.parse(work.detail) as { name: string; sent?: string[] };
  const files = (await backups.files(name)).filter(isSendable);
  const told = [...sent];
  for (const file of files) {
    if (told.includes(file.fileName)) continue;
    signal.throwIfAborted();
    const bytes = await file.read();
    if (bytes === undefined) return { screen: { text: html`${backup.gone()}` } };
    await api.sendDocument(work.chatId, new InputFile(bytes, file.fileName), {
      caption: backup.file(file.fileName).markup,
      parse_mode: 'HTML',
    });
    told.push(file.fileName);
    await db.write([keepDetail(work.id, JSON.stringify({ name, sent: told }))]);
  }
  return { screen: files.length === 0 ? { text: html`${backup.gone()}` } : undefined };
};
