import { ApiError, badRequest } from './api-errors.ts';

export type FileKind = 'photo' | 'video' | 'document' | 'animation' | 'audio' | 'voice' | 'sticker';

/** A file Telegram holds. Its content may be absent: people's uploads need not carry real bytes. */
export interface StoredFile {
  readonly kind: FileKind;
  /** The same for every bot. */
  readonly uniqueId: string;
  readonly size: number;
  readonly name: string | undefined;
  readonly mime: string | undefined;
  readonly bytes: Uint8Array | undefined;
  readonly width: number;
  readonly height: number;
  /** Seconds. */
  readonly duration: number;
  /** The small size of a photo, a file of its own. */
  readonly thumb: StoredFile | undefined;
}

export interface NewFile {
  kind: FileKind;
  name?: string | undefined;
  mime?: string | undefined;
  bytes?: Uint8Array | undefined;
  /** Bytes; taken from `bytes` when given. */
  size?: number | undefined;
  width?: number | undefined;
  height?: number | undefined;
  duration?: number | undefined;
}

/** First characters of real file ids, by kind; they make ids look familiar in logs. */
const PREFIX: Record<FileKind, string> = {
  photo: 'AgACAgIAAx',
  video: 'BAACAgIAAx',
  document: 'BQACAgIAAx',
  animation: 'CgACAgIAAx',
  audio: 'CQACAgIAAx',
  voice: 'AwACAgIAAx',
  sticker: 'CAACAgIAAx',
};
const UNIQUE_PREFIX: Record<FileKind, string> = {
  photo: 'AQAD',
  video: 'AgAD',
  document: 'AgAD',
  animation: 'AgAD',
  audio: 'AgAD',
  voice: 'AgAD',
  sticker: 'AgAD',
};

/** What all bots have in common. */
interface Shelf {
  readonly files: Map<string, StoredFile>;
  readonly paths: Map<string, StoredFile>;
  readonly spoiled: Map<StoredFile, string>;
  count: number;
}

/** Every file Telegram holds, and the ids one bot knows them by. */
export class FileStore {
  readonly #botId: number;
  readonly #shelf: Shelf;

  /** @param beside the store of another bot at the same Telegram */
  constructor(botId: number, beside?: FileStore) {
    this.#botId = botId;
    this.#shelf = beside
      ? beside.#shelf
      : { files: new Map(), paths: new Map(), spoiled: new Map(), count: 0 };
  }

  add(file: NewFile): StoredFile {
    const thumb =
      file.kind === 'photo' ? this.#add({ kind: 'photo', size: 1200, width: 90, height: 51 }) : undefined;
    return this.#add(file, thumb);
  }

  #add({ kind, bytes, ...about }: NewFile, thumb?: StoredFile): StoredFile {
    this.#shelf.count += 1;
    const number = String(this.#shelf.count).padStart(6, '0');
    const visual = kind === 'photo' || kind === 'video' || kind === 'animation';
    const file: StoredFile = {
      kind,
      uniqueId: `${UNIQUE_PREFIX[kind]}${number}Qc`,
      size: bytes?.length ?? about.size ?? 1_000_000,
      name: about.name,
      mime: about.mime ?? MIME[kind],
      bytes,
      width: about.width ?? (visual ? 1280 : 0),
      height: about.height ?? (visual ? 720 : 0),
      duration: about.duration ?? (visual && kind !== 'photo' ? 1420 : 0),
      thumb,
    };
    this.#shelf.files.set(file.uniqueId, file);
    this.#shelf.paths.set(this.path(file), file);
    return file;
  }

  /** The id this bot (or another, for tests) knows a file by; it holds bot, kind and file. */
  idOf(file: StoredFile, botId = this.#botId): string {
    return `${PREFIX[file.kind]}${Buffer.from(`${botId}:${file.kind}:${file.uniqueId}`).toString('base64url')}`;
  }

  /** The file behind an id; refuses malformed ids and (`foreign`) other bots' as Telegram does. */
  byId(fileId: string, foreign = 'wrong file identifier/HTTP URL specified'): StoredFile {
    const [botId, kind, uniqueId] = Buffer.from(fileId.slice(10), 'base64url').toString().split(':');
    const file = uniqueId === undefined ? undefined : this.#shelf.files.get(uniqueId);
    if (file === undefined || file.kind !== kind || !fileId.startsWith(PREFIX[file.kind])) {
      throw badRequest("Wrong remote file identifier specified: can't unserialize it. Wrong last symbol");
    }
    const spoiled = this.#shelf.spoiled.get(file);
    if (spoiled !== undefined) throw badRequest(spoiled);
    if (Number(botId) !== this.#botId) throw badRequest(foreign);
    return file;
  }

  /** From now on Telegram refuses to send the file, in these words (`IMAGE_PROCESS_FAILED`, …). */
  spoil(file: StoredFile, words: string): void {
    this.#shelf.spoiled.set(file, words);
  }

  /** Every file, in the order they came. */
  all(): StoredFile[] {
    return [...this.#shelf.files.values()];
  }

  /** Takes a file back that {@link all} gave in an earlier life. */
  restore(file: StoredFile): void {
    this.#shelf.count += 1;
    this.#shelf.files.set(file.uniqueId, file);
    this.#shelf.paths.set(this.path(file), file);
  }

  byUniqueId(uniqueId: string): StoredFile | undefined {
    return this.#shelf.files.get(uniqueId);
  }

  /** Where a download finds the file, below `/file/bot<token>/`. */
  path(file: StoredFile): string {
    const number = file.uniqueId.slice(4, -2).replace(/^0+/, '');
    return `${file.kind}s/file_${number}${extension(file)}`;
  }

  byPath(path: string): StoredFile {
    const file = this.#shelf.paths.get(path);
    if (file === undefined) throw new ApiError(404, 'Not Found');
    return file;
  }
}

const MIME: Record<FileKind, string | undefined> = {
  photo: 'image/jpeg',
  video: 'video/mp4',
  document: 'application/octet-stream',
  animation: 'video/mp4',
  audio: 'audio/mpeg',
  voice: 'audio/ogg',
  sticker: 'image/webp',
};

function extension(file: StoredFile): string {
  if (file.kind === 'photo') return '.jpg';
  const dot = file.name?.lastIndexOf('.') ?? -1;
  if (file.name !== undefined && dot > 0) return file.name.slice(dot);
  return file.kind === 'video' || file.kind === 'animation' ? '.mp4' : '';
}
