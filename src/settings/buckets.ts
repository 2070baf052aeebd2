/** Where backups are kept: the bucket, and the second copy of it elsewhere. */
import { resolve } from 'node:path';
import type { Reader } from './reader.ts';
import { isSameBucket, type S3Settings, serverAddress } from './s3-endpoint.ts';

export type BucketSettings =
  | { readonly kind: 'directory'; readonly path: string }
  | ({ readonly kind: 's3' } & S3Settings);

/** Where it lies on this machine. A new kind of bucket has to say it here. */
export function placesOnDisk(bucket: BucketSettings | undefined): readonly string[] {
  switch (bucket?.kind) {
    case 'directory':
      return [bucket.path];
    case 's3':
    case undefined:
      return [];
  }
}

/** A bucket may hold other things, so backups get a prefix there; a directory is theirs alone. */
export const DEFAULT_PREFIX: Readonly<Record<BucketSettings['kind'], string>> = {
  s3: 'backups/',
  directory: '',
};

type Program = 'worker' | 'node' | 'cli';

/** All of them, or none for a directory. */
const NEEDED = ['ENDPOINT', 'BUCKET', 'ACCESS_KEY_ID', 'SECRET_ACCESS_KEY'] as const;

/** `S3_…` of the first bucket, `COPY_S3_…` of the second. */
type Family = 'S3' | 'COPY_S3';

export function readBucket(read: Reader, program: Program): BucketSettings {
  if (isNamed(read, 'S3') || program === 'worker') return readS3(read, 'S3');
  const path = read.text('BACKUP_DIR') ?? 'data/backups';
  return { kind: 'directory', path: wholePath(read, 'BACKUP_DIR', path) };
}

/** Undefined: there is no second copy. One in the first bucket itself is refused: it is none. */
export function readCopy(read: Reader, program: Program, first: BucketSettings): BucketSettings | undefined {
  const directory = read.text('COPY_DIR');
  if (isNamed(read, 'COPY_S3')) {
    if (directory !== undefined) read.problems.push('COPY_DIR and COPY_S3_*: set one, not both');
    const copy = readS3(read, 'COPY_S3');
    if (first.kind === 's3' && isSameBucket(first, copy))
      read.problems.push('COPY_S3_BUCKET: is the first bucket itself; a second copy stands elsewhere');
    return copy;
  }
  if (directory === undefined) return undefined;
  if (program === 'worker') read.problems.push('COPY_DIR: a Worker has no disk; use COPY_S3_*');
  return { kind: 'directory', path: wholePath(read, 'COPY_DIR', directory) };
}

function isNamed(read: Reader, family: Family): boolean {
  return NEEDED.some((name) => read.text(`${family}_${name}`) !== undefined);
}

function readS3(read: Reader, family: Family): { readonly kind: 's3' } & S3Settings {
  const name = (end: string): string => `${family}_${end}`;
  const absent = NEEDED.map(name).filter((setting) => read.text(setting) === undefined);
  if (absent.length > 0) read.problems.push(`${absent.join(', ')}: missing; a bucket needs all four`);
  return {
    kind: 's3',
    endpoint: readEndpoint(read, family),
    region:
      read.matching(name('REGION'), /^[\w.-]{1,64}$/, 'a region’s name, like auto or eu-central-1') ?? 'auto',
    bucket:
      read.matching(name('BUCKET'), /^[\w.-]{1,255}$/, 'a bucket’s name: letters, digits and - _ .') ?? '',
    accessKeyId: read.secret(name('ACCESS_KEY_ID')) ?? '',
    secretAccessKey: read.secret(name('SECRET_ACCESS_KEY')) ?? '',
    forcePathStyle: read.flag(name('FORCE_PATH_STYLE')) ?? false,
    ...(family === 'COPY_S3' && { isCopy: true }),
  };
}

function readEndpoint(read: Reader, family: Family): string {
  const setting = `${family}_ENDPOINT`;
  const url = read.url(setting);
  if (url === undefined) return '';
  const address = serverAddress(url, read.text(`${family}_BUCKET`) ?? '');
  if (address === undefined)
    read.problems.push(
      `${setting}: must be the server's address without a path; the bucket's name goes into ${family}_BUCKET`,
    );
  return address ?? url;
}

/** Only a shell knows `~`: anywhere else it is a directory of that name beside the program. */
export function wholePath(read: Reader, name: string, path: string): string {
  if (/^~(\/|$)/.test(path)) read.problems.push(`${name}: write the whole path; ~ has no meaning here`);
  return resolve(path);
}
