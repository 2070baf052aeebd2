/**
 * The bucket, as the backup engine sees it: S3-compatible or a directory. One contract suite runs
 * against all.
 */
import type { HeadLastWriter } from '../model/model.ts';
import type { PartLane } from './part-lane.ts';

export interface StoredObject {
  /** Full key, prefix included. */
  readonly key: string;
  readonly bytes: number;
  readonly modified: Date;
}

export interface WrittenPart {
  readonly bytes: number;
  /** SHA-256 of the part as sent, hex. */
  readonly sha256: string;
}

/** What a writer sent: parts that tile the object in order, for a read-back part by part. */
export interface WrittenObject {
  readonly key: string;
  readonly bytes: number;
  readonly parts: readonly WrittenPart[];
}

export interface Deleted {
  readonly gone: readonly string[];
  readonly remaining: readonly string[];
  /**
   * Of those gone, the ones that stay behind a delete marker: a bucket that keeps versions is paid
   * for them.
   */
  readonly hidden?: readonly string[];
}

export interface Store {
  readonly kind: 's3' | 'directory';
  /** For people: `s3 bucket anime at http://…` or `directory data/backups`; never a secret. */
  readonly description: string;
  /** Where an object is on this machine; only of a directory. */
  readonly pathOf?: (key: string) => string;
  /** Whether it is not there: not made yet, or its disk is not mounted; only of a directory. */
  readonly isAbsent?: () => boolean;
  /**
   * Opens a streaming upload. The object appears under its key only when `close` resolves, whole;
   * until then nobody sees it. An existing key is refused with {@link ObjectExists}. `headLength`
   * is the exact length of the head that `close` will bring, unless no byte was written before:
   * then the head is the whole object and may have any length. Writers that are given the same lane
   * share its turns and buffers; on its own a writer has one part under way at a time.
   */
  create(
    key: string,
    options: { readonly headLength: number; readonly lane?: PartLane },
  ): Promise<HeadLastWriter<WrittenObject>>;
  /**
   * Small objects (manifests, pins), at once. With `createOnly` an existing key is refused with
   * {@link ObjectExists}.
   */
  put(key: string, body: Uint8Array, options?: { readonly createOnly?: boolean }): Promise<void>;
  /**
   * The object's bytes or undefined when there is none. The stream errors, never ends early, when
   * the connection breaks or fewer bytes than announced arrive.
   */
  get(
    key: string,
  ): Promise<{ readonly bytes: number; readonly body: ReadableStream<Uint8Array> } | undefined>;
  head(key: string): Promise<StoredObject | undefined>;
  /**
   * Every object below the prefix, ascending by key; throws rather than return a part of the truth.
   * With `after` only those whose keys come after it, the first {@link PAGE_KEYS} at most: one
   * request to S3.
   */
  list(prefix: string, page?: { readonly after: string }): Promise<StoredObject[]>;
  /**
   * Keys below the prefix that a directory, a pipe or a link takes: no objects, and none can get
   * their names; only of a directory.
   */
  readonly blocked?: (prefix: string) => Promise<string[]>;
  /** Deletes, then looks: resolves to the keys that are gone, those that never were included. */
  delete(keys: readonly string[]): Promise<Deleted>;
  /**
   * Aborts unfinished uploads (multipart uploads, temporary files) below the prefix begun before
   * `olderThan`; says how many.
   */
  sweep(prefix: string, olderThan: Date): Promise<number>;
  /**
   * A time-limited download address (S3: presigned GET); undefined when the store has none (a
   * directory: the app serves it).
   */
  signedUrl(
    key: string,
    options: { readonly expiresInSeconds: number; readonly fileName: string },
  ): Promise<string | undefined>;
}

/** Keys of one page: what S3 lists at once. */
export const PAGE_KEYS: number = 1000;

/** How long a download address works (docs/spec/backup.md, "Commands"). */
export const LINK_SECONDS: number = 15 * 60;

/** The first {@link PAGE_KEYS} objects behind `after`; all of them without it. */
export function pageOf(objects: StoredObject[], after: string | undefined): StoredObject[] {
  if (after === undefined) return objects;
  return objects.filter(({ key }) => key > after).slice(0, PAGE_KEYS);
}

/** A name that is taken stays taken. */
export class ObjectExists extends Error {
  override readonly name = 'ObjectExists';
  readonly isFinal = true;
}

/**
 * The store could not be reached or refused: `retryable` tells a passing fault from a wrong
 * setting. Never carries a secret.
 */
export class StoreError extends Error {
  override readonly name = 'StoreError';
  readonly retryable: boolean;
  /** What a Retry-After header asked for, ms. */
  readonly retryAfterMs: number;
  /**
   * The right to do this to this one object is missing (S3: removals only); others may be as good
   * as before.
   */
  readonly isDenied: boolean;
  /** A long wait brought nothing: few more are worth it. */
  readonly isStall: boolean;
  /** It is another directory than the one that the bot knows (known-place.ts). */
  readonly isElsewhere: boolean;
  constructor(
    message: string,
    options: {
      readonly retryable: boolean;
      readonly retryAfterMs?: number;
      readonly isDenied?: boolean;
      readonly isStall?: boolean;
      readonly isElsewhere?: boolean;
      readonly cause?: unknown;
    },
  ) {
    super(message, { cause: options.cause });
    this.retryable = options.retryable;
    this.retryAfterMs = options.retryAfterMs ?? 0;
    this.isDenied = options.isDenied ?? false;
    this.isStall = options.isStall ?? false;
    this.isElsewhere = options.isElsewhere ?? false;
  }

  get isFinal(): boolean {
    return !this.retryable;
  }
}
