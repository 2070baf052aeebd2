/**
 * A streaming upload whose first bytes are known last. Small objects go as one PUT; larger ones as
 * a multipart upload of equal parts (R2 wants all but the last of one size); where there is a head
 * to come, part 1 is held back until it is known: parts may arrive in any order.
 */
import { createHash, randomUUID } from 'node:crypto';
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import type { HeadLastWriter } from '../model/model.ts';
import type { PartLane } from './part-lane.ts';
import { ownMark, quote, type S3Bucket } from './s3-bucket.ts';
import { isNotFound } from './s3-errors.ts';
import { StoreError, type WrittenObject, type WrittenPart } from './types.ts';

/** S3, R2 and Swift all stop there. */
const MAX_PARTS = 10_000;

interface SentPart extends WrittenPart {
  readonly etag: string;
}

export class S3Upload implements HeadLastWriter<WrittenObject> {
  readonly #bucket: S3Bucket;
  readonly #key: string;
  readonly #headLength: number;
  readonly #partBytes: number;
  readonly #lane: PartLane;
  /** Our mark on the object (see {@link S3Bucket.landed}). */
  readonly #mark: string;
  /** The server's id, once a second part made this a multipart upload. */
  #multipart: string | undefined;
  #beginning: Promise<void> | undefined;
  /** Part 1 with room for the head at its front, held until that is known; unset without a head. */
  #first: Uint8Array<ArrayBuffer> | undefined;
  /** The part being filled, and how far. */
  #buffer: Uint8Array<ArrayBuffer> | undefined;
  #used = 0;
  #nextPart: number;
  readonly #sent = new Map<number, SentPart>();
  readonly #running = new Set<Promise<void>>();
  readonly #cancel = new AbortController();
  #failure: { readonly error: unknown } | undefined;
  #state: 'open' | 'closing' | 'closed' | 'aborted' = 'open';

  constructor(bucket: S3Bucket, key: string, headLength: number, partBytes: number, lane: PartLane) {
    this.#bucket = bucket;
    this.#key = key;
    this.#headLength = headLength;
    this.#nextPart = headLength === 0 ? 1 : 2;
    this.#partBytes = partBytes;
    this.#lane = lane;
    this.#mark = randomUUID();
  }

  async write(chunk: Uint8Array): Promise<void> {
    this.#expectOpen();
    if (chunk.byteLength === 0) return;
    try {
      await this.#append(chunk);
    } catch (error) {
      this.#failure ??= { error };
      throw error;
    }
  }

  async close(head: Uint8Array): Promise<WrittenObject> {
    this.#expectOpen();
    this.#state = 'closing';
    if (this.#buffer === undefined) {
      // Nothing came before: the head is the object.
      await this.#append(head, 0);
    } else {
      if (head.byteLength !== this.#headLength) {
        throw new RangeError(
          `the head of ${quote(this.#key)} has ${head.byteLength} bytes, not ${this.#headLength}`,
        );
      }
      (this.#first ?? this.#buffer).set(head, 0);
    }
    const written =
      this.#multipart === undefined ? await this.#putWhole() : await this.#complete(this.#multipart);
    this.#state = 'closed';
    this.#forget();
    return written;
  }

  async abort(reason: unknown): Promise<void> {
    if (this.#state === 'closed' || this.#state === 'aborted') return;
    const mayExist = this.#state === 'closing';
    this.#state = 'aborted';
    this.#failure ??= { error: reason };
    this.#cancel.abort();
    await Promise.allSettled([this.#beginning, ...this.#running]);
    // What cannot be removed now, `sweep` removes in a later run: the reason for the abort is the
    // error that counts.
    await Promise.allSettled([this.#abortMultipart(), mayExist ? this.#deleteOwn() : undefined]);
    this.#forget();
  }

  /** Whoever keeps the upload need not keep its parts. */
  #forget(): void {
    this.#first = undefined;
    this.#buffer = undefined;
  }

  #expectOpen(): void {
    if (this.#failure !== undefined) throw this.#failure.error;
    if (this.#state !== 'open') throw new Error(`the upload of ${quote(this.#key)} is ${this.#state}`);
  }

  async #append(chunk: Uint8Array, room = this.#headLength): Promise<void> {
    let from = 0;
    while (from < chunk.byteLength || this.#buffer === undefined) {
      if (this.#buffer === undefined) {
        this.#buffer = this.#lane.take(this.#partBytes);
        this.#used = room;
      }
      if (this.#used === this.#partBytes && from < chunk.byteLength) await this.#sendFullPart(this.#buffer);
      const piece = chunk.subarray(from, from + this.#partBytes - this.#used);
      this.#buffer.set(piece, this.#used);
      this.#used += piece.byteLength;
      from += piece.byteLength;
    }
  }

  /** Called only when a further byte exists, so the last part is never empty. */
  async #sendFullPart(full: Uint8Array<ArrayBuffer>): Promise<void> {
    if (this.#multipart === undefined) {
      this.#beginning = this.#begin();
      await this.#beginning;
    }
    if (this.#first === undefined && this.#headLength > 0) this.#first = full;
    else await this.#dispatch(this.#takeNumber(), full);
    this.#buffer = this.#lane.take(this.#partBytes);
    this.#used = 0;
  }

  #takeNumber(): number {
    const number = this.#nextPart++;
    if (number > MAX_PARTS) {
      const limit = `${MAX_PARTS} parts of ${this.#partBytes} bytes`;
      throw new StoreError(`${quote(this.#key)} is larger than ${limit}`, { retryable: false });
    }
    return number;
  }

  async #begin(): Promise<void> {
    let attempts = 0;
    this.#multipart = await this.#bucket.request(
      `start of the upload of ${quote(this.#key)}`,
      async (attempt) => {
        attempts = attempt;
        const answer = await this.#bucket.client.send(
          new CreateMultipartUploadCommand({
            Bucket: this.#bucket.name,
            Key: this.#key,
            Metadata: ownMark(this.#mark),
          }),
        );
        if (answer.UploadId !== undefined && answer.UploadId !== '') return answer.UploadId;
        throw new StoreError(`s3 bucket ${this.#bucket.name}: the server named no upload id`, {
          retryable: true,
        });
      },
      () => this.#state === 'aborted',
    );
    // An earlier try may have begun an upload, too, and lost its answer.
    if (attempts > 1) await Promise.allSettled([this.#abortOthers()]);
  }

  /** Aborts every upload of this key but the one in use; nobody else writes it. */
  async #abortOthers(): Promise<void> {
    for (const { key, uploadId } of await this.#bucket.unfinishedUploads(this.#key)) {
      if (key === this.#key && uploadId !== this.#multipart) await abortUpload(this.#bucket, key, uploadId);
    }
  }

  /**
   * Waits for a slot, then sends in the background; a failure surfaces at the next write or at
   * close.
   */
  async #dispatch(number: number, part: Uint8Array<ArrayBuffer>): Promise<void> {
    const release = await this.#lane.turn();
    if (this.#failure !== undefined) {
      release();
      throw this.#failure.error;
    }
    const task = this.#send(number, part)
      .catch((error: unknown) => {
        this.#failure ??= { error };
        this.#cancel.abort();
      })
      .finally(() => {
        release();
        this.#running.delete(task);
      });
    this.#running.add(task);
  }

  async #send(number: number, part: Uint8Array<ArrayBuffer>): Promise<void> {
    const sha256 = createHash('sha256').update(part).digest('hex');
    let attempts = 0;
    const etag = await this.#bucket.request(
      `upload of part ${number} of ${quote(this.#key)}`,
      async (attempt) => {
        attempts = attempt;
        const answer = await this.#bucket.client.send(
          new UploadPartCommand({
            Bucket: this.#bucket.name,
            Key: this.#key,
            UploadId: this.#multipart,
            PartNumber: number,
            Body: part,
            ContentLength: part.byteLength,
          }),
          { abortSignal: this.#cancel.signal },
        );
        if (answer.ETag !== undefined && answer.ETag !== '') return answer.ETag;
        const message = `s3 bucket ${this.#bucket.name}: no ETag in the answer to part ${number} of ${quote(this.#key)}`;
        throw new StoreError(message, { retryable: true });
      },
      () => this.#cancel.signal.aborted,
    );
    this.#sent.set(number, { bytes: part.byteLength, sha256, etag });
    // A request given up half-way may still be sending: its buffer is never written again.
    if (attempts === 1 && part.byteLength === this.#partBytes) this.#lane.give(part);
  }

  async #putWhole(): Promise<WrittenObject> {
    const body = (this.#buffer ?? new Uint8Array(0)).subarray(0, this.#used);
    await this.#bucket.putWhole(this.#key, body, this.#mark, true);
    const sha256 = createHash('sha256').update(body).digest('hex');
    return { key: this.#key, bytes: body.byteLength, parts: [{ bytes: body.byteLength, sha256 }] };
  }

  async #complete(uploadId: string): Promise<WrittenObject> {
    const { first, last } = { first: this.#first, last: this.#buffer?.subarray(0, this.#used) };
    if (last !== undefined) await this.#dispatch(this.#takeNumber(), last);
    if (first !== undefined) await this.#dispatch(1, first);
    await Promise.all(this.#running);
    if (this.#failure !== undefined) throw this.#failure.error;
    const parts = [...this.#sent].sort(([a], [b]) => a - b);
    const bytes = parts.reduce((sum, [, part]) => sum + part.bytes, 0);
    const Parts = parts.map(([PartNumber, { etag }]) => ({ PartNumber, ETag: etag }));
    const what = `completion of the upload of ${quote(this.#key)}`;
    await this.#bucket.writeNew(what, { key: this.#key, bytes, mark: this.#mark }, (condition) =>
      this.#bucket.client.send(
        new CompleteMultipartUploadCommand({
          Bucket: this.#bucket.name,
          Key: this.#key,
          UploadId: uploadId,
          MultipartUpload: { Parts },
          ...condition,
        }),
      ),
    );
    return { key: this.#key, bytes, parts: parts.map(([, { bytes, sha256 }]) => ({ bytes, sha256 })) };
  }

  async #abortMultipart(): Promise<void> {
    if (this.#multipart !== undefined) await abortUpload(this.#bucket, this.#key, this.#multipart);
    else if (this.#beginning !== undefined) await this.#abortOthers();
  }

  /** A write with no answer may have taken effect; only an object with our own mark is removed. */
  async #deleteOwn(): Promise<void> {
    const head = await this.#bucket.head(this.#key);
    if (head?.ContentLength === undefined) return;
    if (!(await this.#bucket.landed(this.#key, head.ContentLength, this.#mark, false))) return;
    await this.#bucket.request(`removal of ${quote(this.#key)}`, () =>
      this.#bucket.client.send(new DeleteObjectCommand({ Bucket: this.#bucket.name, Key: this.#key })),
    );
  }
}

/** Aborts one multipart upload; one that is gone already counts as aborted. */
export async function abortUpload(bucket: S3Bucket, key: string, uploadId: string): Promise<void> {
  await bucket.request(`abort of the upload of ${quote(key)}`, async () => {
    try {
      await bucket.client.send(
        new AbortMultipartUploadCommand({ Bucket: bucket.name, Key: key, UploadId: uploadId }),
      );
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
  });
}
