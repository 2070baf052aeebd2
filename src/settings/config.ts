/**
 * Environment -> typed settings (docs/spec/interface.md "Settings"), validated once. It reports
 * every problem together and never prints a value, which may be a secret.
 */
import { Encrypter } from 'age-encryption';
import { LOG_LEVELS, type LogLevel } from '../lib/log.ts';
import { DEFAULT_TIME_ZONE } from '../text/times.ts';
import { type BucketSettings, DEFAULT_PREFIX, readBucket, readCopy, wholePath } from './buckets.ts';
import { type Environment, holdsSecret, Reader } from './reader.ts';

export type { BucketSettings } from './buckets.ts';
export type { Environment } from './reader.ts';

export interface Config {
  readonly botToken: string | undefined;
  /** JSON of getMe, parsed; fetched at start on Node when absent. */
  readonly botInfo: Readonly<Record<string, unknown>> | undefined;
  readonly webhookSecret: string | undefined;
  readonly ownerIds: readonly number[];
  readonly telegramApiRoot: string;
  readonly publicUrl: string | undefined;
  /** Address the Node host listens on. */
  readonly host: string;
  readonly port: number;
  /** Requests that a Worker's invocation may make: 50 on the free plan, 10,000 on the paid one. */
  readonly subrequestLimit: number;
  readonly database: DatabaseSettings;
  readonly bucket: BucketSettings;
  /** The second bucket, elsewhere; undefined: there is none. */
  readonly copy: CopySettings | undefined;
  readonly backup: BackupSettings;
  readonly changes: ChangeSettings;
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

export interface CopySettings {
  readonly bucket: BucketSettings;
  /** As {@link BackupSettings.prefix}, for this kind of bucket. */
  readonly prefix: string;
}

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
  /** Opens what was made before the passphrase was changed; CLI only. */
  readonly oldPassphrase: string | undefined;
  /** A file or a key that opens encrypted backups; CLI only. */
  readonly ageIdentity: string | undefined;
  /** Of BOT_TOKEN: whose backups these are. */
  readonly botId: number | undefined;
}

export interface ChangeSettings {
  /** Whether changes are recorded and shipped between two full backups. */
  readonly isOn: boolean;
  /** How often on Node; a Worker ships with its tick. */
  readonly seconds: number;
  readonly retentionDays: number;
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
  const copy = readCopy(read, program, bucket);
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
    ownerIds: read.ids('ADMIN_IDS'),
    telegramApiRoot: read.url('TELEGRAM_API_ROOT') ?? 'https://api.telegram.org',
    publicUrl: readPublicUrl(read),
    host:
      read.matching('HOST', /^[\w.:-]+$/, 'an address to listen on, like 127.0.0.1 or 0.0.0.0') ??
      '127.0.0.1',
    port: read.integer('PORT', 0, 65_535) ?? 8787,
    subrequestLimit: read.integer('SUBREQUEST_LIMIT', 50, 10_000) ?? 50,
    database: readDatabase(read, program),
    bucket,
    copy: copy && { bucket: copy, prefix: readPrefix(read, copy.kind) },
    backup: readBackup(read, bucket.kind),
    changes: {
      isOn: (read.oneOf('CHANGES', ['on', 'off'] as const) ?? 'on') === 'on',
      seconds: read.integer('CHANGES_SECONDS', 1, 3_600) ?? 5,
      retentionDays: read.integer('CHANGES_RETENTION_DAYS', 1, 36_500) ?? 14,
    },
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
  // The prefix of both buckets is read from one setting.
  const problems = [...new Set(read.problems)];
  if (problems.length > 0) throw new ConfigError(problems);
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
  if (url.includes('…'))
    read.problems.push(
      'DATABASE_URL: has … where the address of your own database belongs (`turso db show <name> --url` prints it)',
    );
  // `canParse` looks at no host of a scheme that it does not know.
  else if (!/^(libsql|https?):\/\/[^/]/.test(url) || !URL.canParse(url.replace(/^libsql:/, 'https:')))
    read.problems.push('DATABASE_URL: must begin with file:, libsql://, https:// or http://');
  else if (holdsSecret(url))
    read.problems.push('DATABASE_URL: holds a password or a token; put it into DATABASE_AUTH_TOKEN');
  return { kind: 'remote', url, authToken };
}

/** As libSQL's own client reads such a URL: the opened and the backed up file must be one. */
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

function isDecodable(text: string): boolean {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
}

/** What both a bucket and a directory take as the beginning of a key. */
const PREFIX = /^(?:(?!\.{1,2}(?:\/|$))[\w!.*'()-]+(?:\/|$))*$/;

function readPrefix(read: Reader, bucket: BucketSettings['kind']): string {
  const prefix =
    read.matching(
      'BACKUP_PREFIX',
      PREFIX,
      'names of letters, digits and - _ . with one / between them, none of them . or ..',
    ) ?? DEFAULT_PREFIX[bucket];
  return prefix === '' || prefix.endsWith('/') ? prefix : `${prefix}/`;
}

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
    prefix: readPrefix(read, bucket),
    cron: read.cron('BACKUP_CRON') ?? '0 2 * * *',
    retentionDays: days ?? (counted ? undefined : 90),
    keepDaily,
    keepWeekly,
    keepMonthly,
    maxAgeHours: read.integer('BACKUP_MAX_AGE_HOURS', 1, 87_600) ?? 26,
    ageRecipients,
    passphrase,
    oldPassphrase: read.text('BACKUP_PASSPHRASE_OLD'),
    ageIdentity: read.text('BACKUP_AGE_IDENTITY'),
    botId: Number(/^\d{1,15}(?=:)/.exec(read.text('BOT_TOKEN') ?? '')?.[0] ?? Number.NaN) || undefined,
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
