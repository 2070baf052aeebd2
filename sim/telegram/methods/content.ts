import type { MessageEntity } from 'grammy/types';
import { badRequest } from '../api-errors.ts';
import { CAPTION_MAX, PHOTO_UPLOAD_MAX, TEXT_MAX } from '../api-limits.ts';
import { type Args, isObject, type Json, type JsonObject, stringField } from '../args.ts';
import type { FileKind, StoredFile } from '../files.ts';
import { formatText } from '../formatted-text.ts';
import { checkImage } from '../image.ts';
import type { FormattedText } from '../parse-html.ts';
import type { Content } from '../state.ts';
import type { World } from '../world.ts';

export type MediaKind = 'photo' | 'video' | 'document' | 'animation';

/** The text of sendMessage and editMessageText. */
export function textContent(args: Args): Content {
  const text = args.text('text');
  if (text === '') throw badRequest('Message text is empty');
  const formatted = formatText({
    text,
    parseMode: args.text('parse_mode'),
    entities: entitiesOf(args.json('entities', 'entities')),
  });
  if (formatted.text === '') throw badRequest('Text must be non-empty');
  if (formatted.text.length > TEXT_MAX) throw badRequest('Message is too long');
  return { kind: 'text', ...formatted };
}

/** A caption given as parameters of the call. */
export function captionOf(args: Args): FormattedText {
  return checkCaption(
    formatText({
      text: args.text('caption'),
      parseMode: args.text('parse_mode'),
      entities: entitiesOf(args.json('caption_entities', 'caption entities')),
    }),
  );
}

function checkCaption(caption: FormattedText): FormattedText {
  if (caption.text.length > CAPTION_MAX) throw badRequest('Message caption is too long');
  return caption;
}

/** The media of sendPhoto, sendVideo, sendDocument, sendAnimation. */
export function mediaContent(world: World, args: Args, kind: MediaKind): Content {
  const caption = captionOf(args);
  const file = inputFile(world, args, { value: args.text(kind), field: kind, kind });
  if (file === undefined) throw badRequest(`There is no ${kind} in the request`);
  return { kind, file, ...caption };
}

/** One InputMedia object. */
export function inputMedia(world: World, args: Args, media: Json | undefined): Content {
  const parsing = "Can't parse input media: ";
  if (!isObject(media)) throw badRequest(`${parsing}expected an Object`);
  const type = stringField(media, 'type');
  if (type === undefined) throw badRequest(`${parsing}Can't find field "type"`);
  if (type !== 'photo' && type !== 'video' && type !== 'document' && type !== 'animation') {
    throw badRequest(`${parsing}type "${type}" is unsupported`);
  }
  const caption = mediaCaption(media);
  const file = inputFile(world, args, { value: stringField(media, 'media') ?? '', field: '', kind: type });
  if (file === undefined) throw badRequest(`${parsing}media not found`);
  return { kind: type, file, ...caption };
}

function mediaCaption(media: JsonObject): FormattedText {
  return checkCaption(
    formatText({
      text: stringField(media, 'caption') ?? '',
      parseMode: stringField(media, 'parse_mode'),
      entities: entitiesOf(media['caption_entities']),
    }),
  );
}

export function entitiesOf(value: Json | undefined): MessageEntity[] | undefined {
  if (!Array.isArray(value)) return undefined;
  for (const entity of value) {
    const isValid =
      isObject(entity) &&
      typeof entity['type'] === 'string' &&
      Number.isInteger(entity['offset']) &&
      Number.isInteger(entity['length']);
    if (!isValid)
      throw badRequest("Can't parse MessageEntity: expected an Object with type, offset and length");
  }
  return value as (JsonObject & MessageEntity)[];
}

/** The file a parameter means: an upload, or a file_id of this bot and of this kind. */
function inputFile(
  world: World,
  args: Args,
  { value, field, kind }: { value: string; field: string; kind: MediaKind },
): StoredFile | undefined {
  const attached = value.startsWith('attach://') ? value.slice('attach://'.length) : undefined;
  const upload = args.upload(attached ?? field);
  if (attached !== undefined || value === '') {
    return upload && storeUpload(world, upload, kind);
  }
  if (/^https?:\/\//i.test(value)) throw badRequest('failed to get HTTP URL content');
  const file = world.files.byId(value);
  requireKind(file.kind, kind);
  return file;
}

function storeUpload(
  world: World,
  { name, type, bytes }: { name: string; type: string; bytes: Uint8Array },
  kind: MediaKind,
): StoredFile {
  if (bytes.length === 0) throw badRequest('file must be non-empty');
  const about = {
    kind,
    name: kind === 'photo' ? undefined : name,
    mime: type === '' ? undefined : type,
    bytes,
  };
  if (kind !== 'photo') return world.files.add(about);
  if (bytes.length > PHOTO_UPLOAD_MAX) {
    throw badRequest(
      `file of size ${bytes.length} bytes is too big for a photo; the maximum size is ${PHOTO_UPLOAD_MAX} bytes`,
    );
  }
  return world.files.add({ ...about, ...checkImage(bytes), mime: 'image/jpeg' });
}

const TITLE: Record<FileKind, string> = {
  photo: 'Photo',
  video: 'Video',
  document: 'Document',
  animation: 'Animation',
  audio: 'Audio',
  voice: 'VoiceNote',
  sticker: 'Sticker',
};

/**
 * A file id works for one kind. Between photos and other kinds Telegram says what it got; between
 * the others it may silently send the file as what it is, which here is refused: a bot that stores
 * a file's kind must use it.
 */
function requireKind(actual: FileKind, wanted: MediaKind): void {
  if (actual === wanted) return;
  if (actual === 'photo' || wanted === 'photo') {
    throw badRequest(`Can't use file of type ${TITLE[actual]} as ${TITLE[wanted]}`);
  }
  throw badRequest('type of file mismatch');
}
