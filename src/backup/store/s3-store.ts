/** The bucket on any S3-compatible server (R2, AWS, Swift, Ceph, …); runs in workerd and Node. */
import { randomUUID } from 'node:crypto';
import {
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  type ListObjectsV2CommandOutput,
} from '@aws-sdk/client-s3';
import { type Clock, systemClock } from '../../lib/clock.ts';
import { STORE_REQUEST } from '../../lib/retry.ts';
import { Slots } from '../../lib/slots.ts';
import type { S3Settings } from '../../settings/s3-endpoint.ts';
import type { HeadLastWriter } from '../model/model.ts';
import { PartLane } from './part-lane.ts';
import { quote, S3Bucket } from './s3-bucket.ts';
import { createClient, presignedGet } from './s3-client.ts';
import { isNotFound } from './s3-errors.ts';
import type { Silences, StoreFetch } from './s3-http.ts';
import { abortUpload, S3Upload } from './s3-upload.ts';
import {
  type Deleted,
  PAGE_KEYS,
  pageOf,
  type Store,
  type StoredObject,
  StoreError,
  type WrittenObject,
} from './types.ts';

export interface S3Options {
  readonly fetch?: StoreFetch;
  /**
   * Bytes of every part but the last; S3 and R2 want at least 5 MiB and at most 10,000 parts, so
   * the default of 5 MiB carries objects of 48 GiB. The two writers of a run share one lane and
   * hold five parts in all (docs/decisions.md, "The bucket").
   */
  readonly partBytes?: number;
  /** How often a request is tried in all. */
  readonly attempts?: number;
  /** How long the server may be silent before a try counts as failed; {@link SILENCES} else. */
  readonly silenceMs?: number;
  readonly now?: () => Date;
  readonly sleep?: Clock['sleep'];
  readonly random?: () => number;
}

/** The smallest part that S3 and R2 take. */
const PART_BYTES = 5 * 1024 * 1024;
const DELETES_IN_FLIGHT = 2;
/** A 5 MiB part on a line of 1 Mbit/s takes 42 s; what is read begins to come at once. */
const SILENCES: Silences = { reading: 30_000, writing: 120_000 };
/**
 * Of 1,000 keys each: one change file every 5 s for 28 days (docs/limits.md). A server that never
 * ends its listing ends here.
 */
const MOST_PAGES = 500;

/**
 * Opens the bucket; makes no request yet. Spec: docs/spec/backup.md, contract: {@link Store}. Only
 * one run writes at a time (the lease sees to that): where a server has no conditional writes,
 * "never overwritten" rests on a look just before.
 */
export function createS3Store(settings: S3Settings, options: S3Options = {}): Store {
  const endpoint = new URL(settings.endpoint).origin;
  const { silenceMs: ms } = options;
  const silences = ms === undefined ? SILENCES : { reading: ms, writing: ms };
  const client = createClient(settings, options.fetch ?? defaultFetch, silences);
  const now = options.now ?? (() => new Date());
  const bucket = new S3Bucket(client, settings.bucket, endpoint, {
    attempts: options.attempts ?? STORE_REQUEST.attempts,
    sleep: options.sleep ?? systemClock.sleep,
    random: options.random ?? Math.random,
    now,
    isCopy: settings.isCopy ?? false,
  });
  const partBytes = options.partBytes ?? PART_BYTES;
  return {
    kind: 's3',
    description: `s3 bucket ${settings.bucket} at ${endpoint}`,
    async create(key, { headLength, lane = new PartLane() }): Promise<HeadLastWriter<WrittenObject>> {
      if (headLength > partBytes)
        throw new RangeError(`a head of ${headLength} bytes does not fit in one part`);
      await bucket.refuseExisting(key);
      return new S3Upload(bucket, key, headLength, partBytes, lane);
    },
    async put(key, body, { createOnly = false } = {}) {
      if (createOnly) await bucket.refuseExisting(key);
      await bucket.putWhole(key, body, randomUUID(), createOnly);
    },
    get: (key) => get(bucket, key),
    async head(key) {
      const head = await bucket.head(key);
      if (head === undefined) return undefined;
      return storedObject(bucket, key, head.ContentLength, head.LastModified);
    },
    list: (prefix, page) => list(bucket, prefix, page?.after),
    delete: (keys) => deleteAndLook(bucket, keys),
    async sweep(prefix, olderThan) {
      const old = (await bucket.unfinishedUploads(prefix)).filter((upload) => upload.begun < olderThan);
      for (const upload of old) await abortUpload(bucket, upload.key, upload.uploadId);
      return old.length;
    },
    signedUrl: (key, { expiresInSeconds, fileName }) =>
      presignedGet(client, settings, key, { expiresInSeconds, fileName, now: now() }),
  };
}

/** Workers' `fetch` must be called without a `this` of ours. */
const defaultFetch: StoreFetch = (url, init) => fetch(url, init);

function storedObject(
  bucket: S3Bucket,
  key: string,
  bytes: number | undefined,
  modified: Date | undefined,
): StoredObject {
  const isSize = bytes !== undefined && Number.isSafeInteger(bytes) && bytes >= 0;
  if (isSize && modified !== undefined) return { key, bytes, modified };
  const message = `s3 bucket ${bucket.name}: the server does not say how large or how old ${quote(key)} is`;
  throw new StoreError(message, { retryable: false });
}

/** The body is guarded (s3-http.ts): it errors when it breaks off, ends early or stalls. */
async function get(bucket: S3Bucket, key: string): ReturnType<Store['get']> {
  return bucket.request(`download of ${quote(key)}`, async () => {
    try {
      const answer = await bucket.client.send(new GetObjectCommand({ Bucket: bucket.name, Key: key }));
      if (answer.Body === undefined || answer.ContentLength === undefined) {
        const message = `s3 bucket ${bucket.name}: the server does not say how large ${quote(key)} is`;
        throw new StoreError(message, { retryable: true });
      }
      return { bytes: answer.ContentLength, body: answer.Body.transformToWebStream() };
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  });
}

async function list(bucket: S3Bucket, prefix: string, after?: string): Promise<StoredObject[]> {
  const objects = new Map<string, StoredObject>();
  const tokens = new Set<string>();
  let token: string | undefined;
  do {
    if (tokens.size >= MOST_PAGES) {
      const message = `s3 bucket ${bucket.name}: listing ${quote(prefix)} does not end after ${MOST_PAGES} pages; check S3_ENDPOINT and BACKUP_PREFIX, or remove the oldest change files`;
      throw new StoreError(message, { retryable: false });
    }
    const page = await listPage(bucket, prefix, token, after);
    for (const { Key, Size, LastModified } of page.Contents ?? []) {
      if (Key === undefined) throw incompleteListing(bucket, 'an entry has no key');
      objects.set(Key, storedObject(bucket, Key, Size, LastModified));
    }
    token = nextToken(bucket, page);
    if (token !== undefined && tokens.has(token))
      throw incompleteListing(bucket, 'the same continuation token came twice');
    if (token !== undefined) tokens.add(token);
  } while (token !== undefined && (after === undefined || objects.size < PAGE_KEYS));
  const all = [...objects.values()].sort((a, b) => (a.key < b.key ? -1 : 1));
  return pageOf(all, after);
}

function listPage(
  bucket: S3Bucket,
  prefix: string,
  token: string | undefined,
  after: string | undefined,
): Promise<ListObjectsV2CommandOutput> {
  return bucket.request(`listing ${quote(prefix)}`, async () => {
    const page = await bucket.client.send(
      new ListObjectsV2Command({
        Bucket: bucket.name,
        Prefix: prefix,
        ...(after !== undefined && { StartAfter: after }),
        ...(token !== undefined && { ContinuationToken: token }),
      }),
    );
    // A page of some proxy, answered with 200, would otherwise read as an empty bucket.
    if (page.IsTruncated === undefined) throw incompleteListing(bucket, 'the answer is not a listing');
    if (page.KeyCount !== undefined && page.KeyCount !== (page.Contents?.length ?? 0)) {
      throw incompleteListing(bucket, `${page.Contents?.length ?? 0} of ${page.KeyCount} entries arrived`);
    }
    return page;
  });
}

function nextToken(bucket: S3Bucket, page: ListObjectsV2CommandOutput): string | undefined {
  if (page.IsTruncated !== true) return undefined;
  const token = page.NextContinuationToken;
  if (token === undefined || token === '')
    throw incompleteListing(bucket, 'more entries are announced without a continuation token');
  return token;
}

function incompleteListing(bucket: S3Bucket, why: string): StoreError {
  return new StoreError(`s3 bucket ${bucket.name}: the listing is incomplete: ${why}`, { retryable: true });
}

/**
 * One DeleteObject a key, then a HEAD: every server has these two, while DeleteObjects is missing
 * on some, wants a Content-MD5 that the SDK no longer sends, and answers 200 on R2 for objects that
 * it keeps.
 */
async function deleteAndLook(bucket: S3Bucket, keys: readonly string[]): Promise<Deleted> {
  const slots = new Slots(DELETES_IN_FLIGHT);
  // Every key is tried before the first failure is told.
  const looked = await Promise.allSettled(
    keys.map(async (key) => {
      const release = await slots.acquire();
      try {
        return { key, became: await deleteOne(bucket, key) };
      } finally {
        release();
      }
    }),
  );
  const outcomes = looked.map((result) => {
    if (result.status === 'rejected') throw result.reason;
    return result.value;
  });
  const those = (wanted: (became: Became) => boolean): string[] =>
    outcomes.flatMap(({ key, became }) => (wanted(became) ? [key] : []));
  const hidden = those((became) => became === 'hidden');
  return {
    gone: those((became) => became !== 'kept'),
    remaining: those((became) => became === 'kept'),
    ...(hidden.length === 0 ? {} : { hidden }),
  };
}

/** `hidden`: gone, but its bytes stay behind a delete marker. */
type Became = 'gone' | 'hidden' | 'kept';

async function deleteOne(bucket: S3Bucket, key: string): Promise<Became> {
  const [deleted] = await Promise.allSettled([
    bucket.request(`removal of ${quote(key)}`, async () => {
      try {
        return await bucket.client.send(new DeleteObjectCommand({ Bucket: bucket.name, Key: key }));
      } catch (error) {
        if (!isNotFound(error)) throw error;
        return undefined;
      }
    }),
  ]);
  if ((await bucket.head(key)) === undefined)
    return deleted.status === 'fulfilled' && deleted.value?.DeleteMarker === true ? 'hidden' : 'gone';
  // Refused and still there: the caller learns why; answered with success and still there: the
  // store keeps it.
  if (deleted.status === 'rejected') throw deleted.reason;
  return 'kept';
}
