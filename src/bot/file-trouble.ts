/**
 * Files that Telegram will not send: ids of another bot (the token was changed), deleted files,
 * files of an unexpected kind, copies that are gone.
 */
import { GrammyError } from 'grammy';
import type { PartKind } from '../db/parts.ts';

/** Calls that carry a file. */
const WITH_FILE = /^(?:send(?:Photo|Video|Document|Animation)|editMessageMedia|copyMessage)$/;
/** The channel of the copy is closed to the bot; of the viewer Telegram says `by the user`. */
const NO_SOURCE = /(?:kicked from|not a member of) the channel/;

/**
 * Whether a refused call might work without its file. The attempt decides, for Telegram's words are
 * many and change. A chat's own trouble (it moved, it is closed to the bot) meets the text as well,
 * and is told then.
 */
export function isFileRefused(error: unknown): error is GrammyError {
  if (!(error instanceof GrammyError) || !WITH_FILE.test(error.method)) return false;
  if (error.method === 'copyMessage' && NO_SOURCE.test(error.description)) return true;
  return error.error_code === 400 && error.parameters.migrate_to_chat_id === undefined;
}

/** File type numbers of TDLib (FileType.h), the first byte of a file_id. */
const KIND_BY_TYPE: Readonly<Record<number, PartKind>> = { 4: 'video', 5: 'document', 10: 'animation' };

/** What a file_id says its file is; undefined when it is nothing a part can be. */
export function kindOfFileId(fileId: string): PartKind | undefined {
  return KIND_BY_TYPE[Buffer.from(fileId.slice(0, 4), 'base64url')[0] ?? 0];
}
