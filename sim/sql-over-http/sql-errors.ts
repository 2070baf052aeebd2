/** What can go wrong, sorted by how a libSQL server reports it. */

/** A statement or batch failed: reported in band (`{"type":"error"}`), HTTP status stays 200. */
export class SqlFailure extends Error {
  override readonly name = 'SqlFailure';
  readonly code: string;
  readonly extendedCode: string | undefined;
  constructor(code: string, message: string, extendedCode?: string) {
    super(message);
    this.code = code;
    this.extendedCode = extendedCode;
  }
}

/** A result exceeded the response limit: ends the whole request (not just one batch step). */
export class ResponseTooLarge extends SqlFailure {
  constructor() {
    super('RESPONSE_TOO_LARGE', 'Response is too large');
  }
}

/** The client broke the protocol: status 400, plain text, stream closed (`ProtocolError`). */
export class ProtocolError extends Error {
  override readonly name = 'ProtocolError';
}

/** The stream behind a baton expired: status 400 with a JSON error (`StreamError`). */
export class StreamExpired extends Error {
  override readonly name = 'StreamExpired';
  constructor() {
    super('The stream has expired due to inactivity');
  }
}

/** A value no answer can hold (text that is not UTF-8): status 500, or the body breaks off. */
export class Unencodable extends Error {
  override readonly name = 'Unencodable';
}

export interface WireError {
  readonly message: string;
  readonly code: string;
  readonly extended_code?: string;
}

export function wireError(failure: SqlFailure): WireError {
  return {
    message: failure.message,
    code: failure.code,
    ...(failure.extendedCode === undefined ? {} : { extended_code: failure.extendedCode }),
  };
}

/** What libsql throws: `code` is the extended name (`SQLITE_CONSTRAINT_UNIQUE`). */
function isSqliteError(error: unknown): error is Error & { code: string; rawCode: number } {
  return (
    error instanceof Error &&
    'code' in error &&
    typeof error.code === 'string' &&
    'rawCode' in error &&
    typeof error.rawCode === 'number'
  );
}

/** SQLITE_BUSY, but not SQLITE_BUSY_SNAPSHOT (517): waiting cannot cure that. */
export function isBusy(error: unknown): boolean {
  return isSqliteError(error) && error.rawCode === 5;
}

/** SQLITE_BUSY of any kind: the statement stopped half-way and did nothing. */
export function isLocked(error: unknown): boolean {
  return isSqliteError(error) && (error.rawCode & 0xff) === 5;
}

/** The unknown column that a statement names; undefined for any other error. */
export function missingColumn(error: unknown): string | undefined {
  if (!isSqliteError(error)) return undefined;
  return /^no such column: (.+)$/.exec(error.message)?.[1];
}

/** A libsql error in the server's words (hrana/stmt.rs); `sql` locates an input error's offset. */
export function failureFromSqlite(error: unknown, sql: string): unknown {
  if (!isSqliteError(error)) return error;
  const { message, code } = error;
  if (/^near |^incomplete input$|^unrecognized token/.test(message)) {
    return new SqlFailure('SQL_PARSE_ERROR', `SQL string could not be parsed: ${message}`);
  }
  const missing = missingColumn(error)?.replace(/^.*\./, '');
  if (missing !== undefined) {
    const offset = Math.max(0, sql.toLowerCase().indexOf(missing.toLowerCase()));
    return new SqlFailure('SQL_INPUT_ERROR', `SQL input error: ${message} (at offset ${offset})`);
  }
  const base = code === 'SQLITE_ERROR' ? 'SQLITE_UNKNOWN' : code.split('_').slice(0, 2).join('_');
  const extended = code === base || code === 'SQLITE_ERROR' ? undefined : code;
  return new SqlFailure(base, `SQLite error: ${message}`, extended);
}
