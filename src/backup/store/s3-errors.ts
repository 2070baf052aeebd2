/** What went wrong at an S3 server, in words on what to do; never a secret, signature or header. */
import { S3ServiceException } from '@aws-sdk/client-s3';
import { adviceFor, connectionAdvice, isFull } from './s3-advice.ts';
import { ConnectionError } from './s3-http.ts';
import { ObjectExists, StoreError } from './types.ts';

/** What was being done, for the message: `upload of part 3 of "backups/x"`. */
export interface Operation {
  readonly bucket: string;
  /** Scheme and host only. */
  readonly endpoint: string;
  readonly what: string;
  /** Of the second copy, whose settings have names of their own. */
  readonly isCopy?: boolean;
}

/** True when the server answered that the key or upload does not exist; a HEAD cannot say more. */
export function isNotFound(error: unknown): boolean {
  return statusOf(error) === 404 && codeOf(error) !== 'NoSuchBucket';
}

/** True when a conditional write met an existing object. */
export function isPreconditionFailed(error: unknown): boolean {
  return statusOf(error) === 412 || codeOf(error) === 'PreconditionFailed';
}

/**
 * True when the server does not know the operation or one of its headers (Swift answers
 * If-None-Match with 501).
 */
export function isUnsupported(error: unknown): boolean {
  const status = statusOf(error);
  const named = error instanceof Error && /if-none-match/i.test(error.message);
  return status === 501 || status === 405 || codeOf(error) === 'NotImplemented' || (status === 400 && named);
}

/** A longer rest than this is left to the next run: a Worker's cron lives 15 minutes. */
const LONGEST_RETRY_AFTER_MS = 60_000;

/**
 * Turns whatever a request threw into an error of the store, which says whether trying again can
 * help, and when.
 */
export function translate(operation: Operation, error: unknown, now: Date): StoreError | ObjectExists {
  if (error instanceof StoreError || error instanceof ObjectExists) return error;
  const why = reason(operation, error);
  const named = operation.isCopy === true ? why.replaceAll(/\bS3_(?=[A-Z])/g, 'COPY_S3_') : why;
  const message = `s3 bucket ${operation.bucket}: ${operation.what} failed: ${named}`;
  const retryAfterMs = restMs(headerOf(error, 'retry-after'), now);
  // A key without the right, or a lock: the bucket is as good as before.
  const isDenied = operation.what.startsWith('removal') && statusOf(error) === 403;
  const isStall = error instanceof ConnectionError && error.isStall;
  return new StoreError(message, { retryable: isRetryable(error), retryAfterMs, isDenied, isStall });
}

/** Whether this very request may be sent again. */
export function isWorthRepeating(error: unknown): boolean {
  return error instanceof StoreError && error.retryable && error.retryAfterMs <= LONGEST_RETRY_AFTER_MS;
}

/** A Retry-After header (seconds or an HTTP date) in milliseconds; 0 when absent or unreadable. */
function restMs(header: string | undefined, now: Date): number {
  if (header === undefined || header.trim() === '') return 0;
  const seconds = Number(header);
  const milliseconds = Number.isFinite(seconds) ? seconds * 1000 : Date.parse(header) - now.getTime();
  return Number.isFinite(milliseconds) ? Math.max(0, milliseconds) : 0;
}

/** Codes that come with a 4xx status although the same request may succeed a moment later. */
const PASSING_CODES: ReadonlySet<string> = new Set([
  // Bytes changed or got lost on the way.
  'BadDigest',
  'IncompleteBody',
  'InvalidDigest',
  'XAmzContentSHA256Mismatch',
  // Two writers met (AWS: "try again").
  'ConditionalRequestConflict',
  'OperationAborted',
  'RequestTimeout',
  // The SDK learns the server's clock from this answer and signs the next request with it.
  'RequestTimeTooSkewed',
  'SlowDown',
]);

function isRetryable(error: unknown): boolean {
  if (error instanceof ConnectionError) return true;
  const status = statusOf(error);
  if (isFull(codeOf(error)) || status === 507) return false;
  if (PASSING_CODES.has(codeOf(error)) || status === 408 || status === 429) return true;
  // A success that cannot be understood was truncated or mangled on its way here.
  if (status !== undefined && status < 300) return true;
  return status !== undefined && status >= 500 && status !== 501;
}

function reason(operation: Operation, error: unknown): string {
  if (error instanceof ConnectionError) {
    return `no connection to ${operation.endpoint} (${error.message}); ${connectionAdvice(error.message)}`;
  }
  const status = statusOf(error);
  // Of the SDK's reader: nested too deeply.
  if (error instanceof RangeError)
    return `${status ?? 'it'} was answered with what no S3 server says; check S3_ENDPOINT`;
  const code = codeOf(error);
  const said = [status, code, sentence(error)].filter((part) => part !== undefined && part !== '').join(' ');
  const advice = adviceFor({
    code,
    status,
    region: headerOf(error, 'x-amz-bucket-region') ?? namedRegion(error),
    kind: (['listing', 'removal'] as const).find((kind) => operation.what.startsWith(kind)),
  });
  return advice === '' ? said : `${said}; ${advice}`;
}

/** AWS and MinIO name the right one in the sentence, or in a field of their own. */
function namedRegion(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  if ('Region' in error && typeof error.Region === 'string' && error.Region !== '') return error.Region;
  return /expecting '([\w-]+)'/.exec(error.message)?.[1];
}

/** What the server said, on one line and not endless: a proxy may answer with a whole page. */
function sentence(error: unknown): string {
  if (!(error instanceof Error)) return '';
  const line = error.message
    .replace(/Deserialization error: .*/s, '')
    .replace(/\s+/g, ' ')
    .trim();
  if (line === error.name || line === 'UnknownError' || line === 'Unknown') return '';
  return line.length > 200 ? `${line.slice(0, 200)}…` : line;
}

function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return '';
  return error.name === 'Error' || error.name === 'Unknown' ? '' : error.name;
}

function statusOf(error: unknown): number | undefined {
  return metadataOf(error)?.httpStatusCode ?? responseOf(error)?.statusCode;
}

function metadataOf(error: unknown): { readonly httpStatusCode?: number | undefined } | undefined {
  if (error instanceof S3ServiceException) return error.$metadata;
  // The SDK decorates errors of its own (an unreadable body, an empty Complete) with the same
  // fields.
  if (!(error instanceof Error) || !('$metadata' in error)) return undefined;
  const metadata = error.$metadata;
  if (typeof metadata !== 'object' || metadata === null || !('httpStatusCode' in metadata)) return undefined;
  return typeof metadata.httpStatusCode === 'number'
    ? { httpStatusCode: metadata.httpStatusCode }
    : undefined;
}

interface Answer {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
}

function responseOf(error: unknown): Answer | undefined {
  if (!(error instanceof Error) || !('$response' in error)) return undefined;
  return isAnswer(error.$response) ? error.$response : undefined;
}

function isAnswer(value: unknown): value is Answer {
  if (typeof value !== 'object' || value === null) return false;
  if (!('statusCode' in value) || typeof value.statusCode !== 'number') return false;
  return 'headers' in value && typeof value.headers === 'object' && value.headers !== null;
}

function headerOf(error: unknown, name: string): string | undefined {
  return responseOf(error)?.headers[name];
}
