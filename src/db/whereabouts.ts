/**
 * Where a stored file can be had: by its file id, which is one bot's own, or as a copy of a message
 * of the archive, which every bot in that channel can make.
 */
import type { Row } from './row.ts';

export interface ArchivedMessage {
  readonly chatId: number;
  readonly messageId: number;
}

export interface Whereabouts {
  /** The file id belongs to another bot: Telegram would refuse it. */
  readonly isAway: boolean;
  readonly copy: ArchivedMessage | null;
}

/** Columns of {@link readWhereabouts}; three look-ups by primary key. */
export function whereaboutsColumns(fileId: string, uniqueId: string): string {
  const copy = (column: string): string =>
    `(SELECT ${column} FROM archive WHERE file_unique_id = ${uniqueId}) AS copy_${column}`;
  return `EXISTS (SELECT 1 FROM foreign_files WHERE file_id = ${fileId}) AS is_away, ${copy('chat_id')}, ${copy('message_id')}`;
}

export function readWhereabouts(row: Row): Whereabouts {
  const chatId = row.intOrNull('copy_chat_id');
  const messageId = row.intOrNull('copy_message_id');
  return {
    isAway: row.bool('is_away'),
    copy: chatId === null || messageId === null ? null : { chatId, messageId },
  };
}
