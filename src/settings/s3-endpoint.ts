/** The address of an S3 server as people copy it, and what else it takes to use a bucket there. */

/** Where the bucket is and who we are there. */
export interface S3Settings {
  /** `https://<account>.r2.cloudflarestorage.com`, `http://127.0.0.1:8080`, …; without bucket. */
  readonly endpoint: string;
  /** `auto` for R2, `us-east-1` for most self-hosted stores. */
  readonly region: string;
  readonly bucket: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** True puts the bucket in the path (`/bucket/key`); false in the host name. */
  readonly forcePathStyle: boolean;
  /** Of the second copy: errors name `COPY_S3_…` settings. */
  readonly isCopy?: boolean;
}

/** Whether both mean one bucket, by whatever spelling of its address. */
export function isSameBucket(one: S3Settings, other: S3Settings): boolean {
  const placeOf = ({ endpoint, bucket }: S3Settings): string => {
    // `http` and `https` of one server are one server; so are its ports' two spellings.
    const { host, pathname } = new URL(endpoint === '' ? 'http://unknown' : endpoint);
    const server = host.replace(/:(?:80|443)$/, '').replace(/\.$/, '');
    return `${server.startsWith(`${bucket}.`) ? server.slice(bucket.length + 1) : server}${pathname} ${bucket}`;
  };
  return placeOf(one) === placeOf(other);
}

/**
 * `S3_ENDPOINT` without the bucket's name at its end, where R2's dashboard shows it
 * (cloudflare/cloudflare-docs#11313). Undefined when a path remains that no server has: Supabase's
 * and gateways' end in `/s3`.
 */
export function serverAddress(endpoint: string, bucket: string): string | undefined {
  const url = new URL(endpoint);
  const path = url.pathname.split('/').filter((segment) => segment !== '');
  const hasBucket = bucket !== '' && path.at(-1) === bucket;
  if (hasBucket) path.pop();
  if (path.length > 0 && path.at(-1) !== 's3') return undefined;
  if (!hasBucket) return endpoint;
  url.pathname = path.join('/');
  return url.href.replace(/\/+$/, '');
}
