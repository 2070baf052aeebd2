/** The file of a message that can be a part. */
import type { Message } from 'grammy/types';
import type { SentPart } from '../../db/draft-parts.ts';
import { oneLine } from './lines.ts';

/** Films sent "as a file": by type or, since many clients send no useful type, by name. */
const FILM = /\.(?:mkv|mp4|m4v|avi|mov|webm|ts|flv|wmv|mpe?g)$/i;

/** Undefined for anything that is no video: pictures, archives, music. */
export function partOfMessage(message: Message): SentPart | undefined {
  const named = (name: string | undefined): string | null => name ?? message.caption?.split('\n')[0] ?? null;
  // An animation carries a document as well, so it is asked for first.
  const { animation, video, document } = message;
  if (animation !== undefined) return part(message, 'animation', animation, named(animation.file_name));
  if (video !== undefined) return part(message, 'video', video, named(video.file_name));
  if (document === undefined) return undefined;
  const isFilm = document.mime_type?.startsWith('video/') === true || FILM.test(document.file_name ?? '');
  return isFilm ? part(message, 'document', document, named(document.file_name)) : undefined;
}

function part(
  message: Message,
  kind: SentPart['kind'],
  file: { readonly file_id: string; readonly file_unique_id: string },
  name: string | null,
): SentPart {
  return {
    messageId: message.message_id,
    fileId: file.file_id,
    fileUniqueId: file.file_unique_id,
    kind,
    name: name === null ? null : oneLine(name, 200),
  };
}

/** The largest size of a message's photo. */
export function photoOfMessage(
  message: Message,
): { readonly fileId: string; readonly uniqueId: string } | undefined {
  const largest = message.photo?.at(-1);
  return largest === undefined ? undefined : { fileId: largest.file_id, uniqueId: largest.file_unique_id };
}
