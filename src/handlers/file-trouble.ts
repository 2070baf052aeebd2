/** Files Telegram will not send: ids of another bot (the token was changed), deleted files, files of another kind than we thought. */
import { GrammyError } from 'grammy';
import { type Notice, noticeAdmins } from '../db/admin-notices.ts';
import type { PartKind } from '../db/parts.ts';
import type { BotContext } from './context.ts';

const WRONG_KIND = /can't use file of type|type of file mismatch/i;
const WRONG_FILE =
  /wrong (remote )?file|file identifier|wrong file_id|FILE_REFERENCE|FILE_ID_INVALID|MEDIA_EMPTY|(PHOTO|VIDEO|DOCUMENT|MEDIA|FILE)_INVALID|invalid file/i;

export type FileTrouble = 'wrong kind' | 'wrong file';

/** Undefined for errors that are not the file's fault. */
export function fileTroubleIn(error: unknown): FileTrouble | undefined {
  if (!(error instanceof GrammyError) || error.error_code !== 400) return undefined;
  if (WRONG_KIND.test(error.description)) return 'wrong kind';
  return WRONG_FILE.test(error.description) ? 'wrong file' : undefined;
}

/** File type numbers of TDLib (FileType.h), the first byte of a file_id. */
const KIND_BY_TYPE: Readonly<Record<number, PartKind>> = { 4: 'video', 5: 'document', 10: 'animation' };

/** What a file_id says its file is; undefined when it is nothing a part can be. */
export function kindOfFileId(fileId: string): PartKind | undefined {
  return KIND_BY_TYPE[Buffer.from(fileId.slice(0, 4), 'base64url')[0] ?? 0];
}

/** One notice a day, not one a file: after a change of the token every file is in trouble. */
export function noticeFile(
  ctx: BotContext,
  where: { readonly code: number; readonly part: number | null },
  error: unknown,
): void {
  const notice: Notice = {
    kind: 'file',
    ...where,
    reason: error instanceof GrammyError ? error.description : String(error),
  };
  ctx.turn.stage(noticeAdmins('file', notice, ctx.now));
}
