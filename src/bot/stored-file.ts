/** Files by their ids: sending one as what it is, and reading what a message holds. */
import type { Api } from 'grammy';
import type { Message } from 'grammy/types';
import { isFileRefused, kindOfFileId } from './file-trouble.ts';

export type MediaKind = 'photo' | 'video' | 'document' | 'animation';

export interface FileOfMessage {
  readonly kind: MediaKind;
  readonly fileId: string;
  readonly uniqueId: string;
}

/** Undefined for a message without any. A photo counts as its largest size. */
export function fileOfMessage(message: Message): FileOfMessage | undefined {
  const { animation, video, document, photo } = message;
  const largest = photo?.at(-1);
  if (largest !== undefined) return read('photo', largest);
  // An animation carries a document as well, so it is asked for first.
  if (animation !== undefined) return read('animation', animation);
  if (video !== undefined) return read('video', video);
  return document === undefined ? undefined : read('document', document);
}

function read(
  kind: MediaKind,
  file: { readonly file_id: string; readonly file_unique_id: string },
): FileOfMessage {
  return { kind, fileId: file.file_id, uniqueId: file.file_unique_id };
}

export interface SendOptions {
  readonly caption: string;
  readonly parse_mode: 'HTML';
  readonly disable_notification: true;
}

/** The old bot kept no kinds: a file that Telegram will not take as one is sent as what it is. */
export async function sendStored(
  api: Api,
  chatId: number,
  file: { readonly kind: MediaKind; readonly fileId: string },
  options: SendOptions,
): Promise<Message> {
  try {
    return await sendAs(api, chatId, file.kind, file.fileId, options);
  } catch (error) {
    const kind = file.kind === 'photo' ? undefined : kindOfFileId(file.fileId);
    if (!isFileRefused(error) || kind === undefined || kind === file.kind) throw error;
    return sendAs(api, chatId, kind, file.fileId, options);
  }
}

function sendAs(
  api: Api,
  chatId: number,
  kind: MediaKind,
  fileId: string,
  options: SendOptions,
): Promise<Message> {
  switch (kind) {
    case 'photo':
      return api.sendPhoto(chatId, fileId, options);
    case 'video':
      return api.sendVideo(chatId, fileId, options);
    case 'animation':
      return api.sendAnimation(chatId, fileId, options);
    case 'document':
      return api.sendDocument(chatId, fileId, options);
  }
}
