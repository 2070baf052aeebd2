/** Parameters of a Bot API error (https://core.telegram.org/bots/api#responseparameters). */
interface ErrorParameters {
  retry_after?: number;
  migrate_to_chat_id?: number;
}

/** A refusal: `{ ok: false, error_code, description, parameters }` with that HTTP status. */
export class ApiError extends Error {
  readonly status: number;
  readonly parameters: ErrorParameters | undefined;

  constructor(status: number, description: string, parameters?: ErrorParameters) {
    super(description);
    this.name = 'ApiError';
    this.status = status;
    this.parameters = parameters;
  }
}

/** 400. Telegram lower-cases the first letter of TDLib's messages unless it begins a CONSTANT. */
export function badRequest(text: string): ApiError {
  const second = text.charAt(1);
  const constant = second === '_' || (second >= 'A' && second <= 'Z');
  const head = constant ? text.charAt(0) : text.charAt(0).toLowerCase();
  return new ApiError(400, `Bad Request: ${head}${text.slice(1)}`);
}

export function forbidden(text: string): ApiError {
  return new ApiError(403, `Forbidden: ${text}`);
}

/** 429 with `retry_after` in seconds. */
export function tooManyRequests(seconds: number): ApiError {
  return new ApiError(429, `Too Many Requests: retry after ${seconds}`, { retry_after: seconds });
}

/** Why the apps would refuse a person's action; the page says it in its own language. */
export type Refusal = 'blocked' | 'no-writing' | 'no-rights' | 'banned' | 'protected' | 'gone' | 'too-long';

export class ActRefused extends Error {
  readonly code: Refusal;

  constructor(code: Refusal, message: string) {
    super(message);
    this.name = 'ActRefused';
    this.code = code;
  }
}
