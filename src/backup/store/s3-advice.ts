/**
 * What to do about an S3 server's error, by its code: the same status has many meanings, and
 * servers disagree on it.
 */

const FULL = 'the store or its quota is full: delete something there, or have the quota raised';
const REGION = 'set S3_REGION to the region of the bucket';
const KEY = 'check S3_ACCESS_KEY_ID, S3_SECRET_ACCESS_KEY and what this key may do in the bucket';
const BUSY = 'the store wants fewer requests: try again later';
const ENDPOINT = 'check S3_ENDPOINT';
const LOCKED = 'a lock of the bucket keeps it: shorten the lock, or keep backups as long as it lasts';

/** Codes of AWS, R2, Ceph, MinIO, Swift and Backblaze. */
const ADVICE: Readonly<Record<string, string>> = {
  QuotaExceeded: FULL,
  ServiceQuotaExceeded: FULL,
  XMinioAdminBucketQuotaExceeded: FULL,
  XMinioStorageFull: FULL,
  StorageFull: FULL,
  InsufficientStorage: FULL,
  InsufficientCapacity: FULL,
  // AWS means one object; Swift answers so when a quota is used up.
  EntityTooLarge: `the store takes no object of this size, or ${FULL}`,
  InvalidObjectState:
    'a lifecycle rule moved it to an archive class: have it restored at the provider, and take the rule off',
  RequestTimeTooSkewed: 'set the clock of this machine',
  AuthorizationHeaderMalformed: REGION,
  PermanentRedirect: `${REGION}, and S3_ENDPOINT to its address`,
  TemporaryRedirect: 'the bucket is new or has just moved: try again in an hour',
  IllegalLocationConstraintException: REGION,
  SignatureDoesNotMatch: 'check S3_SECRET_ACCESS_KEY and S3_REGION',
  InvalidAccessKeyId: 'check S3_ACCESS_KEY_ID',
  InvalidTokenId: KEY,
  Unauthorized: KEY,
  AccessDenied: KEY,
  ExpiredRequest: 'set the clock of this machine',
  AccountProblem: 'look at the account (and its bills) at the provider',
  AllAccessDisabled: 'look at the account (and its bills) at the provider',
  NoSuchBucket: 'check S3_BUCKET, or create the bucket',
  InvalidBucketName: 'check S3_BUCKET',
  InternalError: '',
  SlowDown: BUSY,
  TooManyRequests: BUSY,
  ServiceUnavailable: BUSY,
  ObjectLocked: LOCKED,
  ObjectLockedByBucketPolicy: LOCKED,
  MethodNotAllowed: `this address is no S3 server: ${ENDPOINT}`,
};

/** Trying again does not help, whatever the status says (MinIO's 507). */
export function isFull(code: string): boolean {
  return ADVICE[code]?.includes(FULL) === true;
}

export interface Refusal {
  readonly code: string;
  readonly status: number | undefined;
  /** What the server names as the bucket's region. */
  readonly region: string | undefined;
  /** A listing has no key that could be missing, a removal may meet a lock. */
  readonly kind: 'listing' | 'removal' | undefined;
}

/** Empty when nothing better can be said than what the server did. */
export function adviceFor({ code, status, region, kind }: Refusal): string {
  const known = ADVICE[code];
  if (region !== undefined && (known?.startsWith(REGION) === true || status === 301 || status === 400))
    return `set S3_REGION to ${region}`;
  if (kind === 'removal' && (known === KEY || (known === undefined && status === 403)))
    return `${KEY}; or ${LOCKED}`;
  if (known !== undefined) return known;
  if (kind === 'listing' && (code === 'NoSuchKey' || status === 404))
    return 'check S3_ENDPOINT (the address of the server, without a path) and S3_BUCKET';
  if (/quota|storage_?full|cap_?exceeded/i.test(code)) return FULL;
  if (/lock|retention|worm/i.test(code)) return LOCKED;
  // A HEAD has no body, so no code.
  if (status === 401 || status === 403) return KEY;
  if (status !== undefined && status >= 300 && status < 400)
    return 'the server sends elsewhere, where no data is taken: check S3_ENDPOINT and S3_REGION';
  if (status === 413 || status === 507) return FULL;
  if (status === 429 || status === 503) return BUSY;
  return '';
}

/** What to do about a connection that was not made, by the system's code or that of TLS. */
export function connectionAdvice(message: string): string {
  if (/ENOTFOUND|EAI_AGAIN|EAI_NODATA/.test(message))
    return `no server has this name (DNS): ${ENDPOINT}; a server without names for its buckets wants S3_FORCE_PATH_STYLE=true`;
  if (/ECONNREFUSED/.test(message)) return `nothing listens there: ${ENDPOINT} and its port`;
  if (/ALTNAME|HOSTNAME_MISMATCH/.test(message))
    return `its certificate is for another name: ${ENDPOINT}; a server without names for its buckets wants S3_FORCE_PATH_STYLE=true`;
  if (/CERT|SELF_SIGNED|UNABLE_TO_VERIFY|certificate/.test(message))
    return 'its certificate is not trusted by this machine';
  if (/ERR_SSL|EPROTO|wrong version number|packet length too long/.test(message))
    return `it does not speak TLS there: check https:// or http:// in S3_ENDPOINT`;
  if (/no answer within/.test(message))
    return `the server is stuck, or the line too slow: try again later, and look at both`;
  return `${ENDPOINT} and the network`;
}
