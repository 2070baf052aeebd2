/** One bucket: every request goes through here, so all are retried, translated and named alike. */
import {
  HeadObjectCommand,
  type HeadObjectCommandOutput,
  ListMultipartUploadsCommand,
  type ListMultipartUploadsCommandOutput,
  PutObjectCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { retry, STORE_REQUEST } from '../../lib/retry.ts';
import {
  isNotFound,
  isPreconditionFailed,
  isUnsupported,
  isWorthRepeating,
  type Operation,
  translate,
} from './s3-errors.ts';
import { ObjectExists, StoreError } from './types.ts';

/** Metadata under which each of our objects carries the mark of the upload that made it. */
const MARK_NAME = 'upload';

export interface BucketTools {
  /** How often a request is tried in all, at least 1. */
  readonly attempts: number;
  sleep(milliseconds: number): Promise<void>;
  /** Uniform in [0, 1). */
  random(): number;
  now(): Date;
  /** {@link Operation.isCopy} */
  readonly isCopy?: boolean;
}

/**
 * Metadata for a new object; {@link S3Bucket.landed} looks for it. `mark`: fresh for one upload, at
 * least 64 random bits, and no id of the server's.
 */
export function ownMark(mark: string): Record<string, string> {
  return { [MARK_NAME]: mark };
}

export class S3Bucket {
  readonly client: S3Client;
  readonly name: string;
  readonly tools: BucketTools;
  readonly #endpoint: string;
  /** `If-None-Match: *` on writes: assumed until the server refuses it once. */
  #conditional = true;

  constructor(client: S3Client, name: string, endpoint: string, tools: BucketTools) {
    this.client = client;
    this.name = name;
    this.tools = tools;
    this.#endpoint = endpoint;
  }

  /** Runs one request with retries; `what` names it in errors. */
  request<T>(what: string, action: (attempt: number) => Promise<T>, givenUp?: () => boolean): Promise<T> {
    const { attempts, sleep, random, now, isCopy = false } = this.tools;
    const operation: Operation = { bucket: this.name, endpoint: this.#endpoint, what, isCopy };
    return retry(
      { ...STORE_REQUEST, attempts },
      {
        sleep,
        random,
        isPassing: (error) => isWorthRepeating(error) && givenUp?.() !== true,
        leastMs: (error) => (error instanceof StoreError ? error.retryAfterMs : 0),
      },
      async (attempt) => {
        try {
          return await action(attempt);
        } catch (error) {
          throw translate(operation, error, now());
        }
      },
    );
  }

  /** The object's head, or undefined when there is none. */
  head(key: string): Promise<HeadObjectCommandOutput | undefined> {
    return this.request(`looking at ${quote(key)}`, async () => {
      try {
        return await this.client.send(new HeadObjectCommand({ Bucket: this.name, Key: key }));
      } catch (error) {
        if (isNotFound(error)) return undefined;
        throw error;
      }
    });
  }

  /** Rejects with {@link ObjectExists} when the key is taken. */
  async refuseExisting(key: string): Promise<void> {
    if ((await this.head(key)) !== undefined) throw this.#keyTaken(key);
  }

  #keyTaken(key: string): ObjectExists {
    return new ObjectExists(`s3 bucket ${this.name} already holds ${quote(key)}`);
  }

  /**
   * True when the upload with this mark made the object under `key`: tells a lost answer from a
   * failure, and our object from another's. For a store that drops metadata the size decides when
   * `bySize` is set.
   */
  async landed(key: string, bytes: number, mark: string, bySize: boolean): Promise<boolean> {
    const head = await this.head(key);
    if (head === undefined || head.ContentLength !== bytes) return false;
    const found = head.Metadata?.[MARK_NAME];
    return found === undefined ? bySize : found === mark;
  }

  /**
   * Makes a write that must not replace anything: `send` gets the If-None-Match to use, none once
   * the server refused it. Whatever the answers were, it resolves only when the object is there,
   * whole and ours.
   */
  async writeNew(
    what: string,
    target: { readonly key: string; readonly bytes: number; readonly mark: string },
    send: (condition: { IfNoneMatch?: '*' }) => Promise<unknown>,
  ): Promise<void> {
    let tries = 0;
    const landed = () => this.landed(target.key, target.bytes, target.mark, tries > 1);
    try {
      await this.request(what, async (attempt) => {
        tries = attempt;
        try {
          await this.#sendConditionally(send);
        } catch (error) {
          // "Exists already" and "no such upload" are also what a second try meets when the first
          // one's answer was lost.
          if (isPreconditionFailed(error)) {
            if (await landed()) return;
            throw this.#keyTaken(target.key);
          }
          if (isNotFound(error) && (await landed())) return;
          throw error;
        }
      });
    } catch (error) {
      // The last try's answer may be lost after the effect, too; when nobody can tell, the error
      // stands.
      if (!(error instanceof ObjectExists) && (await landed().catch(() => false))) return;
      throw error;
    }
    const head = await this.head(target.key);
    const mark = head?.Metadata?.[MARK_NAME];
    if (head?.ContentLength === target.bytes && (mark ?? target.mark) === target.mark) return;
    const found =
      head === undefined
        ? 'the object is not there'
        : head.ContentLength === target.bytes
          ? 'the object there is another'
          : `the bucket has ${head.ContentLength} of its ${target.bytes} bytes`;
    // What stands there without our mark cannot be removed as ours, and a second try would meet it.
    throw new StoreError(`s3 bucket ${this.name}: ${what} was answered with success, but ${found}`, {
      retryable: head === undefined || mark === target.mark,
    });
  }

  async #sendConditionally(send: (condition: { IfNoneMatch?: '*' }) => Promise<unknown>): Promise<void> {
    if (this.#conditional) {
      try {
        await send({ IfNoneMatch: '*' });
        return;
      } catch (error) {
        if (!isUnsupported(error)) throw error;
        this.#conditional = false;
      }
    }
    await send({});
  }

  /** A whole small object in one request; never replaces one when `createOnly`. */
  async putWhole(key: string, body: Uint8Array, mark: string, createOnly: boolean): Promise<void> {
    const what = `upload of ${quote(key)}`;
    const input = {
      Bucket: this.name,
      Key: key,
      Body: body,
      ContentLength: body.byteLength,
      Metadata: ownMark(mark),
    };
    if (createOnly) {
      const target = { key, bytes: body.byteLength, mark };
      await this.writeNew(what, target, (condition) =>
        this.client.send(new PutObjectCommand({ ...input, ...condition })),
      );
      return;
    }
    await this.request(what, () => this.client.send(new PutObjectCommand(input)));
  }

  /**
   * Unfinished multipart uploads whose key starts with `prefix`; none when the server has no such
   * list.
   */
  async unfinishedUploads(prefix: string): Promise<{ key: string; uploadId: string; begun: Date }[]> {
    const found: { key: string; uploadId: string; begun: Date }[] = [];
    let marker: { KeyMarker?: string; UploadIdMarker?: string } = {};
    const seen = new Set<string>();
    for (;;) {
      const page = await this.#uploadsPage(prefix, marker);
      for (const upload of page?.Uploads ?? []) {
        if (upload.Key === undefined || upload.UploadId === undefined || upload.Initiated === undefined)
          continue;
        found.push({ key: upload.Key, uploadId: upload.UploadId, begun: upload.Initiated });
      }
      if (page?.IsTruncated !== true || page.NextKeyMarker === undefined) return found;
      marker = {
        KeyMarker: page.NextKeyMarker,
        ...(page.NextUploadIdMarker === undefined ? {} : { UploadIdMarker: page.NextUploadIdMarker }),
      };
      const id = JSON.stringify(marker);
      // A server that goes round in circles has shown everything; the next run sweeps again.
      if (seen.has(id)) return found;
      seen.add(id);
    }
  }

  #uploadsPage(
    prefix: string,
    marker: { KeyMarker?: string; UploadIdMarker?: string },
  ): Promise<ListMultipartUploadsCommandOutput | undefined> {
    return this.request('listing unfinished uploads', async () => {
      try {
        return await this.client.send(
          new ListMultipartUploadsCommand({ Bucket: this.name, Prefix: prefix, ...marker }),
        );
      } catch (error) {
        if (isUnsupported(error)) return undefined;
        throw error;
      }
    });
  }
}

export function quote(key: string): string {
  return JSON.stringify(key);
}
