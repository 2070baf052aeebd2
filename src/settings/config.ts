/**
 * Environment -> typed settings (docs/spec/interface.md "Settings"), validated once. It reports
 * every problem together and never prints a value, which may be a secret.
 */
import { resolve } from 'node:path';
import { Encrypter } from 'age-encryption';
// On Node croner checks it; the Worker's triggers are in wrangler.toml (package.json, "imports").
import { cronProblem } from '#cron-pattern';
import { LOG_LEVELS, type LogLevel } from '../lib/log.ts';
import { readJson } from '../lib/read-json.ts';
import { DEFAULT_TIME_ZONE, timeFormat } from '../text/times.ts';
import { type S3Settings, serverAddress } from './s3-endpoint.ts';

export type Environment = Readonly<Record<string, unknown>>;

export interface Config {
  readonly botToken: string | undefined;
  /** JSON of getMe, parsed; fetched at start on Node when absent. */
  readonly botInfo: Readonly<Record<string, unknown>> | undefined;
  readonly webhookSecret: string | undefined;
  readonly adminIds: readonly number[];
  readonly telegramApiRoot: string;
  readonly publicUrl: string | undefined;
  /** Address the Node host listens on. */
  readonly host: string;
  readonly port: number;
  /**
   * Requests that one invocation of the Worker may make: 50 on the free plan, 10,000 on the paid
   * one.
   */
  readonly subrequestLimit: number;
  readonly database: DatabaseSettings;
  readonly bucket: BucketSettings;
  readonly backup: BackupSettings;
  readonly logLevel: LogLevel;
  /** Undefined: people's lines on a terminal, JSON elsewhere. */
  readonly logFormat: LogFormat | undefined;
  readonly defaultLocale: LocaleName;
  /** IANA name of the zone in which people read times. */
  readonly timeZone: string;
}

export type DatabaseSettings =
  /** Absolute, as every path here. */
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'remote'; readonly url: string; readonly authToken: string | undefined };

export type BucketSettings =
  | { readonly kind: 'directory'; readonly path: string }
  | ({ readonly kind: 's3' } & S3Settings);

export interface BackupSettings {
  /** Key prefix, ending in `/` or empty. */
  readonly prefix: string;
  readonly cron: string;
  readonly retentionDays: number | undefined;
  readonly keepDaily: number | undefined;
  readonly keepWeekly: number | undefined;
  readonly keepMonthly: number | undefined;
  readonly maxAgeHours: number;
  readonly ageRecipients: readonly string[];
  readonly passphrase: string | undefined;
  /** A file or a key that opens encrypted backups; CLI only. */
  readonly ageIdentity: string | undefined;
}

export type LogFormat = 'people' | 'json';
export type LocaleName = 'uz' | 'uz-Cyrl' | 'ru' | 'en';
export const LOCALE_NAMES: readonly LocaleName[] = ['uz', 'uz-Cyrl', 'ru', 'en'];
const LOG_FORMATS: readonly LogFormat[] = ['people', 'json'];

export type Program = 'worker' | 'node' | 'cli';

/** All settings that are missing or malformed, one line each. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly problems: readonly string[];
  constructor(problems: readonly string[]) {
    super(`settings are wrong:\n${problems.map((problem) => `  - ${problem}`).join('\n')}`);
    this.problems = problems;
  }
}

/** @throws ConfigError listing every problem. */
export function readConfig(env: Environment, program: Program): Config {
  const read = new Reader(env);
  const bucket = readBucket(read, program);
  const config: Config = {
    botToken: read.matching(
      'BOT_TOKEN',
      /^\d+:[A-Za-z0-9_-]{20,}$/,
      'a token from BotFather, like 123456:ABC…',
    ),
    botInfo: read.jsonObject('BOT_INFO'),
    webhookSecret: read.matching(
      'WEBHOOK_SECRET',
      /^[A-Za-z0-9_-]{8,256}$/,
      '8 to 256 characters of A-Z a-z 0-9 _ -',
    ),
    adminIds: read.ids('ADMIN_IDS'),
    telegramApiRoot: read.url('TELEGRAM_API_ROOT') ?? 'https://api.telegram.org',
    publicUrl: readPublicUrl(read),
    host:
      read.matching('HOST', /^[\w.:-]+$/, 'an address to listen on, like 127.0.0.1 or 0.0.0.0') ??
      '127.0.0.1',
    port: read.integer('PORT', 0, 65_535) ?? 8787,
    subrequestLimit: read.integer('SUBREQUEST_LIMIT', 50, 10_000) ?? 50,
    database: readDatabase(read, program),
    bucket,
    backup: readBackup(read, bucket.kind),
    logLevel: read.oneOf('LOG_LEVEL', LOG_LEVELS) ?? 'info',
    logFormat: read.oneOf('LOG_FORMAT', LOG_FORMATS),
    defaultLocale: read.oneOf('DEFAULT_LOCALE', LOCALE_NAMES) ?? 'uz',
    timeZone: read.timeZone('TIMEZONE') ?? DEFAULT_TIME_ZONE,
  };
  if (program === 'worker') {
    read.require('BOT_TOKEN', 'from BotFather; put it with `npm run setup`');
    read.require('WEBHOOK_SECRET', 'any 8 to 256 random letters and digits; `npm run setup` makes one');
    read.require('BOT_INFO', 'the JSON of getMe; `npm run setup` writes it');
  }
  if (read.problems.length > 0) throw new ConfigError(read.problems);
  return config;
}

/** Telegram posts to https alone; one's own Bot API server, and a test on this machine, to http. */
function readPublicUrl(read: Reader): string | undefined {
  const url = read.url('PUBLIC_URL');
  if (url !== undefined && new URL(url).protocol === 'http:' && read.text('TELEGRAM_API_ROOT') === undefined)
    if (!/^(localhost|127(\.\d+){3}|\[::1\])$/.test(new URL(url).hostname))
      read.problems.push('PUBLIC_URL: must begin with https://, for Telegram posts to nothing else');
  return url;
}

const DEFAULT_DATABASE = 'file:data/anime_bot.db';

function readDatabase(read: Reader, program: Program): DatabaseSettings {
  if (program === 'worker')
    read.require('DATABASE_URL', 'libsql://… or https://…, for example of a Turso database');
  const url = read.text('DATABASE_URL') ?? DEFAULT_DATABASE;
  const authToken = read.secret('DATABASE_AUTH_TOKEN');
  if (url.startsWith('file:')) {
    if (program === 'worker' && read.text('DATABASE_URL') !== undefined)
      read.problems.push('DATABASE_URL: a Worker has no disk; use libsql://… or https://…');
    return { kind: 'file', path: readFilePath(read, url) };
  }
  if (!/^(libsql|https?):\/\/[^/]/.test(url) || !URL.canParse(url))
    read.problems.push('DATABASE_URL: must begin with file:, libsql://, https:// or http://');
  else if (holdsSecret(url))
    read.problems.push('DATABASE_URL: holds a password or a token; put it into DATABASE_AUTH_TOKEN');
  return { kind: 'remote', url, authToken };
}

/**
 * As libSQL's own client reads such a URL: the opened file and the backed up file must be the same.
 */
function readFilePath(read: Reader, url: string): string {
  const written = url.slice('file:'.length).replace(/^\/\/(localhost)?(?=\/)/, '');
  if (/[?#]/.test(written))
    read.problems.push('DATABASE_URL: ? and # in the name of a file are written %3F and %23');
  if (!isDecodable(written)) {
    read.problems.push('DATABASE_URL: % in the name of a file is written %25');
    return written;
  }
  const path = decodeURIComponent(written);
  if (path === '' || path === ':memory:') read.problems.push('DATABASE_URL: names no file after file:');
  return wholePath(read, 'DATABASE_URL', path);
}

/** Only a shell knows `~`: anywhere else it is a directory of that name beside the program. */
function wholePath(read: Reader, name: string, path: string): string {
  if (/^~(\/|$)/.test(path)) read.problems.push(`${name}: write the whole path; ~ has no meaning here`);
  return resolve(path);
}

/** Errors, logs and descriptions that quote an address would print it. */
function holdsSecret(address: string): boolean {
  const url = new URL(address);
  const names = [...url.searchParams.keys()];
  return url.username + url.password !== '' || names.some((name) => /token|secret|passw|jwt|key/i.test(name));
}

function isDecodable(text: string): boolean {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
}

/** All of them, or none for a directory. */
const S3_NAMES = ['S3_ENDPOINT', 'S3_BUCKET', 'S3_ACCESS_KEY_ID', 'S3_SECRET_ACCESS_KEY'] as const;

function readBucket(read: Reader, program: Program): BucketSettings {
  const given = S3_NAMES.filter((name) => read.text(name) !== undefined);
  if (given.length === 0 && program !== 'worker')
    return {
      kind: 'directory',
      path: wholePath(read, 'BACKUP_DIR', read.text('BACKUP_DIR') ?? 'data/backups'),
    };
  const absent = S3_NAMES.filter((name) => !given.includes(name)).join(', ');
  if (absent !== '') read.problems.push(`${absent}: missing; a bucket needs all four`);
  return {
    kind: 's3',
    endpoint: readEndpoint(read),
    region:
      read.matching('S3_REGION', /^[\w.-]{1,64}$/, 'a region’s name, like auto or eu-central-1') ?? 'auto',
    bucket: read.matching('S3_BUCKET', /^[\w.-]{1,255}$/, 'a bucket’s name: letters, digits and - _ .') ?? '',
    accessKeyId: read.secret('S3_ACCESS_KEY_ID') ?? '',
    secretAccessKey: read.secret('S3_SECRET_ACCESS_KEY') ?? '',
    forcePathStyle: read.flag('S3_FORCE_PATH_STYLE') ?? false,
  };
}

function readEndpoint(read: Reader): string {
  const url = read.url('S3_ENDPOINT');
  if (url === undefined) return '';
  const address = serverAddress(url, read.text('S3_BUCKET') ?? '');
  if (address === undefined)
    read.problems.push(
      "S3_ENDPOINT: must be the server's address without a path; the bucket's name goes into S3_BUCKET",
    );
  return address ?? url;
}

/** A bucket may hold other things, so backups get a prefix there; a directory is theirs alone. */
const DEFAULT_PREFIX = { s3: 'backups/', directory: '' };

/** What both a bucket and a directory take as the beginning of a key. */
const PREFIX = /^(?:(?!\.{1,2}(?:\/|$))[\w!.*'()-]+(?:\/|$))*$/;

function readBackup(read: Reader, bucket: BucketSettings['kind']): BackupSettings {
  const keepDaily = read.integer('BACKUP_KEEP_DAILY', 0, 10_000);
  const keepWeekly = read.integer('BACKUP_KEEP_WEEKLY', 0, 10_000);
  const keepMonthly = read.integer('BACKUP_KEEP_MONTHLY', 0, 10_000);
  const counted = keepDaily !== undefined || keepWeekly !== undefined || keepMonthly !== undefined;
  const days = read.integer('BACKUP_RETENTION_DAYS', 1, 36_500);
  if (counted && days === undefined && !keepDaily && !keepWeekly && !keepMonthly)
    read.problems.push(
      'BACKUP_KEEP_*: 0 alone keeps no backup; set one to 1 or more, or BACKUP_RETENTION_DAYS',
    );
  const prefix =
    read.matching(
      'BACKUP_PREFIX',
      PREFIX,
      'names of letters, digits and - _ . with one / between them, none of them . or ..',
    ) ?? DEFAULT_PREFIX[bucket];
  const ageRecipients = read.list('BACKUP_AGE_RECIPIENTS');
  for (const [i, recipient] of ageRecipients.entries())
    if (!isRecipient(recipient))
      read.problems.push(
        `BACKUP_AGE_RECIPIENTS: recipient ${i + 1} is no recipient of age (age1…, whole, every character right): copy it again`,
      );
  const passphrase = read.matching('BACKUP_PASSPHRASE', /^.{12,}$/s, 'at least 12 characters long');
  if (ageRecipients.length > 0 && passphrase !== undefined)
    read.problems.push('BACKUP_AGE_RECIPIENTS and BACKUP_PASSPHRASE: set one, not both');
  return {
    prefix: prefix === '' || prefix.endsWith('/') ? prefix : `${prefix}/`,
    cron: read.cron('BACKUP_CRON') ?? '0 2 * * *',
    retentionDays: days ?? (counted ? undefined : 90),
    keepDaily,
    keepWeekly,
    keepMonthly,
    maxAgeHours: read.integer('BACKUP_MAX_AGE_HOURS', 1, 87_600) ?? 26,
    ageRecipients,
    passphrase,
    ageIdentity: read.text('BACKUP_AGE_IDENTITY'),
  };
}

/** As age itself reads it: a recipient with a wrong character would fail every backup. */
function isRecipient(text: string): boolean {
  try {
    new Encrypter().addRecipient(text);
    return true;
  } catch {
    return false;
  }
}

/**
 * Reads single settings and collects what is wrong, without throwing, so that one report tells
 * everything.
 */
class Reader {
  readonly problems: string[] = [];
  readonly #env: Environment;
  constructor(env: Environment) {
    this.#env = env;
  }

  /** The trimmed text; an empty one counts as absent, since `.env` files often have `NAME=`. */
  text(name: string): string | undefined {
    const value = this.#env[name];
    if (value === undefined || value === null) return undefined;
    // Wrangler hands JSON-looking vars over as objects.
    const text = (typeof value === 'string' ? value : JSON.stringify(value)).trim();
    return text === '' ? undefined : text;
  }

  require(name: string, hint: string): void {
    if (this.text(name) === undefined) this.problems.push(`${name}: missing; ${hint}`);
  }

  matching(name: string, pattern: RegExp, shape: string): string | undefined {
    return this.#checked(name, (text) => (pattern.test(text) ? text : undefined), shape);
  }

  oneOf<T extends string>(name: string, values: readonly T[]): T | undefined {
    return this.#checked(
      name,
      (text) => values.find((value) => value === text),
      `one of ${values.join(', ')}`,
    );
  }

  integer(name: string, least: number, most: number): number | undefined {
    const parse = (text: string): number | undefined => {
      const number = /^\d+$/.test(text) ? Number(text) : Number.NaN;
      return number >= least && number <= most ? number : undefined;
    };
    return this.#checked(name, parse, `a whole number from ${least} to ${most}`);
  }

  flag(name: string): boolean | undefined {
    const parse = (text: string): boolean | undefined =>
      /^(1|true|yes|on)$/i.test(text) ? true : /^(0|false|no|off)$/i.test(text) ? false : undefined;
    return this.#checked(name, parse, 'true or false');
  }

  url(name: string): string | undefined {
    const parse = (text: string): string | undefined =>
      URL.canParse(text) && /^https?:$/.test(new URL(text).protocol) && !holdsSecret(text)
        ? text.replace(/\/+$/, '')
        : undefined;
    return this.#checked(
      name,
      parse,
      'an address beginning with https:// (or http://), without a password or a token in it',
    );
  }

  /** Goes into a header. A line break would make the HTTP client quote all of it in its error. */
  secret(name: string): string | undefined {
    return this.matching(
      name,
      /^[\x21-\x7e]+$/,
      'one line of plain letters, digits and signs, without a space or a line break: copy it again',
    );
  }

  timeZone(name: string): string | undefined {
    const parse = (text: string): string | undefined => {
      try {
        timeFormat(text);
        return text;
      } catch {
        return undefined;
      }
    };
    return this.#checked(name, parse, 'the name of a time zone, like Asia/Tashkent');
  }

  cron(name: string): string | undefined {
    const text = this.text(name);
    const problem = text === undefined ? undefined : cronProblem(text);
    if (problem !== undefined) this.problems.push(`${name}: ${problem}`);
    return text;
  }

  list(name: string): string[] {
    return (this.text(name) ?? '').split(/[\s,]+/).filter((item) => item !== '');
  }

  ids(name: string): number[] {
    const ids = this.list(name).map((item) => (/^\d{1,16}$/.test(item) ? Number(item) : Number.NaN));
    if (ids.some((id) => !Number.isSafeInteger(id) || id <= 0))
      this.problems.push(`${name}: must be Telegram user ids (whole numbers), separated by commas`);
    return [...new Set(ids)].filter((id) => Number.isSafeInteger(id));
  }

  jsonObject(name: string): Record<string, unknown> | undefined {
    return this.#checked(name, readJson<Record<string, unknown>>, 'a JSON object');
  }

  #checked<T>(name: string, parse: (text: string) => T | undefined, shape: string): T | undefined {
    const text = this.text(name);
    if (text === undefined) return undefined;
    const value = parse(text);
    if (value === undefined) this.problems.push(`${name}: must be ${shape}`);
    return value;
  }
}
