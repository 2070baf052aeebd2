/**
 * A bucket in memory behind a `fetch`: no network, so that thousands of fault runs take seconds. It
 * refuses what strict servers refuse (a body that differs from its signature, unequal parts as on
 * R2, small parts, unknown uploads) and can lack what some servers lack.
 */
import { createHash, randomUUID } from 'node:crypto';
import type { StoreFetch } from '../../src/backup/store/s3-http.ts';

export interface MemoryS3Rules {
  /** `If-None-Match: *`: obeyed (AWS, R2), ignored (older Ceph) or answered with 501 (Swift). */
  readonly conditional: 'obeyed' | 'ignored' | 'refused';
  /** Whether unfinished uploads are listed: below any prefix, by whole key (MinIO), or never. */
  readonly listsUploads: boolean | 'by whole key';
  /** Deleted objects stay behind a marker (AWS and MinIO with versioning, Backblaze by default). */
  readonly keepsVersions: boolean;
  /** A lock refuses to delete anything (R2 bucket locks, MinIO without versions). */
  readonly isLocked: boolean;
  /** Whether metadata given with an upload comes back with the object. */
  readonly keepsMetadata: boolean;
  /** The least bytes of a part that is not the last. */
  readonly minPartBytes: number;
  /** Entries on one page of any list. */
  readonly pageSize: number;
}

const DEFAULT_RULES: MemoryS3Rules = {
  conditional: 'obeyed',
  listsUploads: true,
  keepsVersions: false,
  isLocked: false,
  keepsMetadata: true,
  minPartBytes: 0,
  pageSize: 1000,
};

interface Entity {
  readonly body: Uint8Array;
  readonly etag: string;
  readonly modified: Date;
  readonly metadata: Record<string, string>;
}

interface Upload {
  readonly key: string;
  readonly begun: Date;
  readonly metadata: Record<string, string>;
  readonly parts: Map<number, { readonly body: Uint8Array; readonly etag: string }>;
}

interface Request {
  readonly method: string;
  readonly key: string;
  readonly query: URLSearchParams;
  readonly headers: Record<string, string>;
  readonly body: Uint8Array;
}

/** The bucket of the address `http://memory/<bucket>/<key>` (path style). */
export class MemoryS3 {
  readonly objects = new Map<string, Entity>();
  readonly uploads = new Map<string, Upload>();
  /** Bytes of deleted or replaced objects that are still there, where versions are kept. */
  bytesKept = 0;
  readonly #rules: MemoryS3Rules;
  readonly #now: () => Date;

  constructor(rules: Partial<MemoryS3Rules> = {}, now: () => Date = () => new Date()) {
    this.#rules = { ...DEFAULT_RULES, ...rules };
    this.#now = now;
  }

  readonly fetch: StoreFetch = async (address, init) => {
    const url = new URL(address);
    const body =
      typeof init.body === 'string' ? Buffer.from(init.body) : (init.body ?? new Uint8Array(0)).slice();
    const request: Request = {
      method: init.method,
      key: url.pathname.split('/').slice(2).map(decodeURIComponent).join('/'),
      query: url.searchParams,
      headers: init.headers,
      body,
    };
    if (init.method === 'GET' && url.searchParams.has('X-Amz-Signature')) return this.#get(request);
    const signed = init.headers['x-amz-content-sha256'];
    if (signed !== createHash('sha256').update(body).digest('hex'))
      return refuse(400, 'XAmzContentSHA256Mismatch');
    if (init.headers['authorization'] === undefined) return refuse(403, 'AccessDenied');
    return this.#answer(request);
  };

  #answer(request: Request): Response {
    const { method, key, query } = request;
    if (key === '') return query.has('uploads') ? this.#listUploads(query) : this.#list(query);
    if (method === 'POST' && query.has('uploads')) return this.#begin(request);
    if (method === 'POST' && query.has('uploadId')) return this.#complete(request);
    if (method === 'PUT' && query.has('uploadId')) return this.#putPart(request);
    if (method === 'DELETE' && query.has('uploadId')) {
      const found = this.uploads.delete(query.get('uploadId') ?? '');
      return found ? new Response(null, { status: 204 }) : refuse(404, 'NoSuchUpload');
    }
    if (method === 'PUT') return this.#put(request);
    if (method === 'DELETE') return this.#delete(key);
    return this.#get(request);
  }

  #get({ method, key }: Request): Response {
    const object = this.objects.get(key);
    if (object === undefined)
      return method === 'HEAD' ? new Response(null, { status: 404 }) : refuse(404, 'NoSuchKey');
    const headers = new Headers({
      'content-length': String(object.body.byteLength),
      etag: `"${object.etag}"`,
      'last-modified': object.modified.toUTCString(),
    });
    for (const [name, value] of Object.entries(object.metadata)) headers.set(name, value);
    return new Response(method === 'HEAD' ? null : Buffer.from(object.body), { headers });
  }

  /** A missing key gets a marker, too. */
  #delete(key: string): Response {
    const object = this.objects.get(key);
    if (this.#rules.isLocked && object !== undefined) return refuse(403, 'ObjectLockedByBucketPolicy');
    this.objects.delete(key);
    if (!this.#rules.keepsVersions) return new Response(null, { status: 204 });
    this.bytesKept += object?.body.byteLength ?? 0;
    const headers = { 'x-amz-delete-marker': 'true', 'x-amz-version-id': randomUUID() };
    return new Response(null, { status: 204, headers });
  }

  #put(request: Request): Response {
    const refusal = this.#refusal(request);
    if (refusal !== undefined) return refusal;
    const etag = md5(request.body);
    const { key, body } = request;
    if (this.#rules.keepsVersions) this.bytesKept += this.objects.get(key)?.body.byteLength ?? 0;
    this.objects.set(key, { body, etag, modified: this.#now(), metadata: this.#metadata(request) });
    const version = this.#rules.keepsVersions ? { 'x-amz-version-id': randomUUID() } : undefined;
    return new Response(null, { headers: { etag: `"${etag}"`, ...version } });
  }

  #refusal({ key, headers }: Request): Response | undefined {
    if (headers['if-none-match'] === undefined || this.#rules.conditional === 'ignored') return undefined;
    if (this.#rules.conditional === 'refused') return refuse(501, 'NotImplemented');
    return this.objects.has(key) ? refuse(412, 'PreconditionFailed') : undefined;
  }

  #metadata({ headers }: Request): Record<string, string> {
    if (!this.#rules.keepsMetadata) return {};
    return Object.fromEntries(Object.entries(headers).filter(([name]) => name.startsWith('x-amz-meta-')));
  }

  #begin(request: Request): Response {
    const id = randomUUID();
    const metadata = this.#metadata(request);
    this.uploads.set(id, { key: request.key, begun: this.#now(), metadata, parts: new Map() });
    const names = `<Bucket>b</Bucket><Key>${request.key}</Key>`;
    return xml('InitiateMultipartUploadResult', `${names}<UploadId>${id}</UploadId>`);
  }

  #putPart({ query, body }: Request): Response {
    const upload = this.uploads.get(query.get('uploadId') ?? '');
    if (upload === undefined) return refuse(404, 'NoSuchUpload');
    const etag = md5(body);
    upload.parts.set(Number(query.get('partNumber')), { body, etag });
    return new Response(null, { headers: { etag: `"${etag}"` } });
  }

  #complete(request: Request): Response {
    const id = request.query.get('uploadId') ?? '';
    const upload = this.uploads.get(id);
    if (upload === undefined || upload.key !== request.key) return refuse(404, 'NoSuchUpload');
    const refusal = this.#refusal(request);
    if (refusal !== undefined) return refusal;
    const listed = [
      ...Buffer.from(request.body)
        .toString()
        .matchAll(/<Part>(.*?)<\/Part>/gs),
    ].map(([, part = '']) => ({
      number: Number(/<PartNumber>(\d+)/.exec(part)?.[1]),
      etag: /<ETag>(.*?)<\/ETag>/.exec(part)?.[1]?.replaceAll('&quot;', '').replaceAll('"', ''),
    }));
    const bodies: Uint8Array[] = [];
    for (const [index, { number, etag }] of listed.entries()) {
      const part = upload.parts.get(number);
      if (part === undefined || part.etag !== etag) return refuse(400, 'InvalidPart');
      if (number <= (listed[index - 1]?.number ?? 0)) return refuse(400, 'InvalidPartOrder');
      const last = index === listed.length - 1;
      if (!last && part.body.byteLength < this.#rules.minPartBytes) return refuse(400, 'EntityTooSmall');
      const first = bodies[0]?.byteLength ?? part.body.byteLength;
      if (last ? part.body.byteLength > first : part.body.byteLength !== first)
        return refuse(400, 'InvalidPart');
      bodies.push(part.body);
    }
    const etag = `${md5(Buffer.concat(bodies))}-${bodies.length}`;
    const { key, metadata } = upload;
    this.objects.set(key, { body: Buffer.concat(bodies), etag, modified: this.#now(), metadata });
    this.uploads.delete(id);
    return xml('CompleteMultipartUploadResult', `<Bucket>b</Bucket><Key>${key}</Key><ETag>"${etag}"</ETag>`);
  }

  #list(query: URLSearchParams): Response {
    const prefix = query.get('prefix') ?? '';
    const after = query.get('start-after') ?? '';
    const keys = [...this.objects.keys()].filter((key) => key.startsWith(prefix) && key > after).sort();
    const from = Number(query.get('continuation-token') ?? 0);
    const page = keys.slice(from, from + this.#rules.pageSize);
    const more = from + page.length < keys.length;
    const entries = page.map((key) => {
      const { body, modified } = this.objects.get(key) ?? { body: new Uint8Array(0), modified: new Date(0) };
      const facts = `<Size>${body.byteLength}</Size><LastModified>${modified.toISOString()}</LastModified>`;
      return `<Contents><Key>${key}</Key>${facts}</Contents>`;
    });
    const token = more ? `<NextContinuationToken>${from + page.length}</NextContinuationToken>` : '';
    const facts = `<Name>b</Name><KeyCount>${page.length}</KeyCount><IsTruncated>${more}</IsTruncated>`;
    return xml('ListBucketResult', `${facts}${token}${entries.join('')}`);
  }

  #listUploads(query: URLSearchParams): Response {
    if (!this.#rules.listsUploads) return refuse(501, 'NotImplemented');
    const prefix = query.get('prefix') ?? '';
    const byKey = this.#rules.listsUploads === 'by whole key';
    const all = [...this.uploads]
      .filter(([, { key }]) => (byKey ? key === prefix : key.startsWith(prefix)))
      .sort(([a, x], [b, y]) => (`${x.key}\0${a}` < `${y.key}\0${b}` ? -1 : 1));
    const marker = `${query.get('key-marker') ?? ''}\0${query.get('upload-id-marker') ?? ''}`;
    const rest = all.filter(([id, { key }]) => `${key}\0${id}` > marker);
    const page = rest.slice(0, this.#rules.pageSize);
    const last = page.at(-1);
    const more = rest.length > page.length;
    const entries = page.map(
      ([id, { key, begun }]) =>
        `<Upload><Key>${key}</Key><UploadId>${id}</UploadId><Initiated>${begun.toISOString()}</Initiated></Upload>`,
    );
    const next = `<NextKeyMarker>${last?.[1].key}</NextKeyMarker><NextUploadIdMarker>${last?.[0]}</NextUploadIdMarker>`;
    return xml(
      'ListMultipartUploadsResult',
      `<IsTruncated>${more}</IsTruncated>${more ? next : ''}${entries.join('')}`,
    );
  }
}

/** An S3 error answer. */
export function refuse(status: number, code: string, headers: Record<string, string> = {}): Response {
  const body = `<?xml version="1.0"?><Error><Code>${code}</Code><Message>refused</Message></Error>`;
  return new Response(body, { status, headers: { 'content-type': 'application/xml', ...headers } });
}

function xml(root: string, content: string): Response {
  const body = `<?xml version="1.0"?><${root} xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${content}</${root}>`;
  return new Response(body, { headers: { 'content-type': 'application/xml' } });
}

function md5(bytes: Uint8Array): string {
  return createHash('md5').update(bytes).digest('hex');
}
