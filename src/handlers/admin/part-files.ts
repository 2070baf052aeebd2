/** The file of a message that can be a part. */
import type { Message } from 'grammy/types';
import { type FileOfMessage, fileOfMessage } from '../../bot/stored-file.ts';
import type { SentPart } from '../../db/draft-parts.ts';
import { oneLine } from './lines.ts';

/** Films sent "as a file": by type or, since many clients send no useful type, by name. */
const FILM = /\.(?:mkv|mp4|m4v|avi|mov|webm|ts|flv|wmv|mpe?g)$/i;

/** Undefined for anything that is no video: pictures, archives, music. */
export function partOfMessage(message: Message): SentPart | undefined {
  const file = fileOfMessage(message);
  if (file === undefined || file.kind === 'photo') return undefined;
  const { kind, fileId, uniqueId } = file;
  const { file_name: fileName, mime_type: type } = message[kind] ?? {};
  const isFilm = type?.startsWith('video/') === true || FILM.test(fileName ?? '');
  if (kind === 'document' && !isFilm) return undefined;
  const name = fileName ?? message.caption?.split('\n')[0];
  return {
    messageId: message.message_id,
    fileId,
    fileUniqueId: uniqueId,
    kind,
    name: name === undefined ? null : oneLine(name, 200),
  };
}

/** The largest size of a message's photo. */
export function photoOfMessage(message: Message): FileOfMessage | undefined {
  const file = fileOfMessage(message);
  return file?.kind === 'photo' ? file : undefined;
}
