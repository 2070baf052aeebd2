/** One SDK client for one bucket, and the presigned addresses that go with it. */
import { createHash, createHmac, type Hash, type Hmac } from 'node:crypto';
import { GetObjectCommand, S3Client, type S3ClientConfig } from '@aws-sdk/client-s3';
import { SignatureV4 } from '@smithy/signature-v4';
import type { S3Settings } from '../../settings/s3-endpoint.ts';
import { escapeUri, fetchHandler, type SdkHandler, type Silences, type StoreFetch } from './s3-http.ts';

/** The SDK client. It never retries by itself: `retry.ts` is the one place that does. */
export function createClient(settings: S3Settings, fetch: StoreFetch, silences: Silences): S3Client {
  return new S3Client({
    endpoint: settings.endpoint,
    region: settings.region,
    credentials: { accessKeyId: settings.accessKeyId, secretAccessKey: settings.secretAccessKey },
    forcePathStyle: settings.forcePathStyle,
    // Not every store understands checksum trailers and aws-chunked bodies; what must be checked,
    // we check ourselves.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    expectContinueHeader: false,
    followRegionRedirects: false,
    maxAttempts: 1,
    requestHandler: fetchHandler(fetch, silences),
    sha256: NativeSha256,
  });
}

/**
 * A GET address that works without credentials until it expires and offers the download under
 * `fileName`. Host and path are the SDK's own: whether a bucket stands in the one or the other
 * depends on more than a setting (an IP address, a dot in the bucket's name).
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html
 */
export async function presignedGet(
  client: S3Client,
  settings: S3Settings,
  key: string,
  options: { readonly expiresInSeconds: number; readonly fileName: string; readonly now: Date },
): Promise<string> {
  const { protocol, hostname, port, path } = await addressOf(client, settings.bucket, key);
  const host = port === undefined ? hostname : `${hostname}:${port}`;
  const signer = new SignatureV4({
    service: 's3',
    region: settings.region,
    credentials: { accessKeyId: settings.accessKeyId, secretAccessKey: settings.secretAccessKey },
    sha256: NativeSha256,
    uriEscapePath: false,
    applyChecksum: false,
  });
  const signed = await signer.presign(
    {
      method: 'GET',
      protocol,
      hostname,
      path,
      query: { 'response-content-disposition': contentDisposition(options.fileName) },
      headers: { host, 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD' },
    },
    {
      expiresIn: options.expiresInSeconds,
      signingDate: options.now,
      unhoistableHeaders: new Set(['x-amz-content-sha256']),
      unsignableHeaders: new Set(['x-amz-content-sha256']),
    },
  );
  const query = Object.entries(signed.query ?? {}).map(([k, v]) => `${escapeUri(k)}=${escapeUri(String(v))}`);
  return `${protocol}//${host}${signed.path}?${query.join('&')}`;
}

type SdkRequest = Parameters<SdkHandler['handle']>[0];

/** Where the SDK would send a GET of the key; nothing is sent. */
async function addressOf(client: S3Client, bucket: string, key: string): Promise<SdkRequest> {
  const command = new GetObjectCommand({ Bucket: bucket, Key: key });
  const found = Promise.withResolvers<SdkRequest>();
  command.middlewareStack.add(
    () => async (args) => {
      // The last step before the request is signed; it goes no further.
      if (isRequest(args.request)) found.resolve(args.request);
      else found.reject(new TypeError('the SDK made no request'));
      return { output: { $metadata: {} }, response: {} };
    },
    { step: 'build', priority: 'low' },
  );
  await client.send(command);
  return found.promise;
}

function isRequest(value: unknown): value is SdkRequest {
  return typeof value === 'object' && value !== null && 'hostname' in value && 'path' in value;
}

/** RFC 6266: a plain name for old clients, the exact one in UTF-8. */
function contentDisposition(fileName: string): string {
  const plain = fileName.replace(/[^\w.-]/g, '_');
  return `attachment; filename="${plain}"; filename*=UTF-8''${escapeUri(fileName)}`;
}

type HashConstructor = NonNullable<S3ClientConfig['sha256']>;
type HashSource = Parameters<InstanceType<HashConstructor>['update']>[0];

/**
 * SHA-256 and its HMAC on the runtime's native code; the SDK's own for Workers is plain JavaScript
 * and twenty times slower.
 */
class NativeSha256 {
  readonly #secret: Uint8Array | string | undefined;
  #hash: Hash | Hmac;

  constructor(secret?: HashSource) {
    this.#secret = secret === undefined ? undefined : asInput(secret);
    this.#hash = this.#start();
  }

  update(data: HashSource): void {
    this.#hash.update(asInput(data));
  }

  async digest(): Promise<Uint8Array> {
    return new Uint8Array(this.#hash.digest());
  }

  reset(): void {
    this.#hash = this.#start();
  }

  #start(): Hash | Hmac {
    return this.#secret === undefined ? createHash('sha256') : createHmac('sha256', this.#secret);
  }
}

function asInput(data: HashSource): Uint8Array | string {
  if (typeof data === 'string' || data instanceof Uint8Array) return data;
  if (ArrayBuffer.isView(data)) return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  return new Uint8Array(data);
}
