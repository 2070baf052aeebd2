/** Turns Telegram's and the network's English into words for people. */
import { type Html, html, join } from '../../text/html.ts';
import type { uz } from './uz.ts';

export type TroubleCode = keyof typeof uz;

/**
 * The first match counts. Descriptions of the Bot API's errors, getWebhookInfo's, and our own
 * client's.
 */
const KNOWN: readonly (readonly [RegExp, TroubleCode])[] = [
  [/chat not found/i, 'no-chat'],
  [/chat was deleted/i, 'chat-deleted'],
  [/bot was kicked|not a member|CHANNEL_PRIVATE/i, 'not-there'],
  [/member list is inaccessible/i, 'no-members'],
  [/protected content|FORWARDS_RESTRICTED/i, 'protected'],
  [
    /not enough rights|no rights?\b|administrator rights|CHAT_(?:ADMIN_REQUIRED|WRITE|SEND)|RESTRICTED/i,
    'no-rights',
  ],
  [/blocked by the user|user is deactivated|can't initiate/i, 'blocked'],
  [/user not found|PARTICIPANT_ID_INVALID/i, 'no-user'],
  [/too many requests|asks to wait/i, 'flood'],
  [/can't use file of type|type of file mismatch/i, 'wrong-kind'],
  [/file identifier|file_id|FILE_REFERENCE|invalid file|remote file/i, 'wrong-file'],
  [/upgraded to a supergroup/i, 'moved'],
  [/message to (?:copy|forward) not found|can't be (?:copied|forwarded)/i, 'no-copy'],
  [/TOPIC_CLOSED/i, 'topic-closed'],
  [/anime is in the trash/, 'trashed'],
  [/unauthorized|this BOT_TOKEN/i, 'wrong-token'],
  [/409 Conflict|terminated by other getUpdates/i, 'token-shared'],
  [/another program removed the webhook/, 'webhook-removed'],
  [/no webhook is set/, 'webhook-none'],
  [/response from the webhook/i, 'webhook-answer'],
  [/connection refused|connection timed out|SSL error|failed to resolve host/i, 'webhook-closed'],
  [/network request|no answer within|bad gateway|internal server error|gateway time-?out/i, 'no-answer'],
];

const OF_DATABASE = /SQLITE_|\bLibsql\w*Error|STREAM_EXPIRED|database (?:unavailable|server)/;

/**
 * The backup engine's reasons: SQLite's and the system's codes, the store's, and its own sentences.
 * The first match counts.
 */
const OF_BACKUPS: readonly (readonly [RegExp, TroubleCode])[] = [
  [/not the file that was opened|database file \S+ (?:does not exist|was replaced)/, 'db-lost'],
  [/is not the directory that the bot knows|directory \S+: .*ENOENT/, 'other-place'],
  [/not the bot's database|tables of another program|holds nothing of this bot/, 'not-ours'],
  [/SQLITE_(?:CORRUPT|NOTADB)|disk image is malformed|not a database|database is damaged/i, 'db-damaged'],
  [/is not whole in .* and was not copied/, 'not-copied'],
  [/damaged when it was read/, 'db-found'],
  [/gone from the bucket|is not in the bucket|has no files/, 'store-gone'],
  [/files are gone/, 'gap-gone'],
  [
    /ENOSPC|EDQUOT|took no more bytes|no space left|SQLITE_FULL|disk is full|make room|quota|insufficient ?storage/i,
    'no-room',
  ],
  [/EROFS|\b(?:EIO|ESTALE|ENXIO)\b|SQLITE_IOERR(?!_SHORT)|disk I\/O error|on this disk/, 'read-only'],
  [/SQLITE_(?:READONLY|CANTOPEN)|EACCES|EPERM|readonly database|must be writable/i, 'no-right'],
  [
    /SignatureDoesNotMatch|ExpiredToken|InvalidAccessKeyId|AccessDenied|access denied|S3_(?:ACCESS|SECRET)|not (?:be )?deleted|\b403\b/i,
    'store-key',
  ],
  [/NoSuchBucket|InvalidBucketName|S3_(?:BUCKET|ENDPOINT|REGION)/i, 'no-store'],
  [
    /on this machine|no process can be|ended from outside|ended with (?:code|SIG)|subrequest|EMFILE|ENFILE|ENOMEM|out of memory/,
    'machine',
  ],
  [/hides its rowid|an empty name/, 'odd-table'],
  [/every name of a backup|already holds/, 'no-name'],
  [/took (?:longer than|too long)|begun \d+ times/, 'too-long'],
  [/never ended/, 'run-died'],
  [/none of the keys|not opened|BACKUP_(?:PASSPHRASE|AGE_IDENTITY)/, 'no-key'],
  [
    /read-back failed|SHA-256|contents (?:have|differ)|something else as|not what was proved|found it damaged|be replaced|differ from what was written|does not (?:read|come) back|gives back|arrived otherwise|not (?:what was stored|there as sent|as it was unpacked)|another file under this name|not as in (?:the manifest|backup)/,
    'unlike',
  ],
  [/manifest/, 'no-manifest'],
  [/STREAM_EXPIRED|TRANSACTION_(?:CLOSED|TIMEOUT)|transaction timed out|read transaction/, 'cut-off'],
  [
    /is no whole|schema is refused|ended the process|\bit is cut\b|unpacks? to|no header|neither a SQLite|too many for such|than a change file/,
    'bad-file',
  ],
  [
    /UTF-(?:8|16)|cannot be stored|too large (?:for|:)|has no (?:key|column|rowid)|or drop it, with sqlite3|is larger than|to no table|schema (?:entry|holds)/,
    'odd-data',
  ],
  [
    /answer (?:of more|with\b|that|ends)|answered with|not read to its end|br(?:oke|eaks) off|cut off|no pipeline|no database server|say that it committed|listing is incomplete|named no upload|\ba packed |\ba \w+ (?:that is no|without)/,
    'half-answer',
  ],
  [
    /ECONN|UNREACH|ENOTFOUND|EAI_AGAIN|ETIMEDOUT|EPIPE|fetch failed|socket|network|no (?:answer|connection)|did not answer|silent|SlowDown|RequestTimeout|InternalError|terminated|other side closed|\b(?:429|50[0234])\b/i,
    'unreachable',
  ],
  [/SQLITE_(?:BUSY|LOCKED)|database is locked/i, 'db-busy'],
  [
    /another (?:run|restore|backup)\b|taken over by|no name is left|is in use by|another program has opened|confirm the lease/,
    'other-run',
  ],
  [/(?:host|bot) was stopped|interrupted|\baborted\b|request was given up/, 'stopped'],
  [OF_DATABASE, 'db-refused'],
];

/** What the database lacks of the bot's own (src/db/own-schema.ts), or misses in a query. */
const OF_LACKS: readonly (readonly [RegExp, TroubleCode])[] = [
  [/table (\w+ is missing \(\w+) has its columns\)/g, 'lack-renamed'],
  [/table (\w+) is missing(?! \()/g, 'lack-table'],
  [/no such table: ([\w.]+)/g, 'lack-table'],
  [/table (\w+ lacks columns? \w+(?:, \w+)*)/g, 'lack-column'],
  [/no such column: ([\w.]+)/g, 'lack-column'],
  [/table (\w+ lacks its keys? [^;]+)/g, 'lack-key'],
  [/table (\w+ keeps texts where numbers belong [^;]+)/g, 'lack-texts'],
  [/trigger (\w+) is missing/g, 'lack-trigger'],
  [/has no row of versions? ([\d, ]+)/g, 'lack-version'],
];

/** The English between the names. */
const BETWEEN = / is missing \(| lacks (?:columns?|its keys?) | keeps texts where numbers belong /;

/** Each lack with its names as code; undefined where the words tell of none. */
function sayLacks(
  texts: Readonly<Record<TroubleCode, string>>,
  said: string,
): { readonly html: Html; readonly count: number } | undefined {
  const found = OF_LACKS.flatMap(([pattern, code]) =>
    [...said.matchAll(pattern)].map(([, names = ''], i) => ({
      code,
      i,
      names: names.split(BETWEEN).join(' · '),
    })),
  );
  if (found.length === 0) return undefined;
  const lines = [...Map.groupBy(found, ({ code }) => code)].map(
    ([code, of]) => html`${texts[code]}: <code>${of.map(({ names }) => names).join(', ')}</code>`,
  );
  return { html: join(lines, '; '), count: found.length };
}

/** Without what a driver says of itself: `LibsqlBatchError: SQLITE_ERROR: SQLITE_ERROR: …`. */
function bare(said: string): string {
  return said.replaceAll(/\bLibsql\w*Error: /g, '').replaceAll(/\b(SQLITE_\w+): (?=\1\b)/g, '');
}

/** Why a moment cannot be brought back, as src/backup/changes/spans.ts and the replay say it. */
const OF_MOMENTS: readonly (readonly [RegExp, TroubleCode])[] = [
  [/no change log was kept/, 'gap-unrecorded'],
  [/change log began anew/, 'gap-new'],
  [/restore replaced the rows/, 'gap-restore'],
  [/import replaced the rows/, 'gap-import'],
  [/another database took the place/, 'gap-replaced'],
  [/another copy of the database/, 'gap-fork'],
  [/not encrypted, although/, 'plain'],
  [/BACKUP_(?:PASSPHRASE|AGE_IDENTITY)/, 'no-key'],
  [/schema changed|of another schema/, 'gap-schema'],
  [/are in backup \S+ only/, 'gap-bulk'],
  [/are in no file/, 'gap-gone'],
  [/holds a part only/, 'gap-part'],
  [/of another history/, 'gap-new'],
  // Whatever else is said of a change file.
  [/changes\/[0-9a-f]{32}\//, 'gap-damaged'],
];

/** Like {@link saying}. */
export function sayingOfMoments(texts: Readonly<Record<TroubleCode, string>>): (said: string) => Html {
  return (said) => sentence(texts, OF_MOMENTS, said);
}

/** As {@link saying}, for a backup's reasons; the engine's words follow, for whoever repairs it. */
export function sayingOfBackups(texts: Readonly<Record<TroubleCode, string>>): (said: string) => Html {
  return (said) => {
    const lacks = sayLacks(texts, said);
    if (lacks !== undefined && lacks.count >= said.split('; ').length) return lacks.html;
    const code = OF_BACKUPS.find(([pattern]) => pattern.test(said))?.[1] ?? 'odd';
    return html`${lacks?.html ?? texts[code]}\n<code>${bare(said)}</code>`;
  };
}

/** Like {@link saying}: what is said of the second copy, whose engine's words are in the log. */
export function sayingOfCopies(texts: Readonly<Record<TroubleCode, string>>): (said: string) => Html {
  return (said) => sentence(texts, OF_BACKUPS, said);
}

/** A sentence of the language; of an unknown one that it is unknown, and the words as code. */
export function saying(texts: Readonly<Record<TroubleCode, string>>): (said: string) => Html {
  return (said) => {
    if (KNOWN.some(([pattern]) => pattern.test(said))) return sentence(texts, KNOWN, said);
    const lacks = sayLacks(texts, said);
    if (lacks !== undefined) return lacks.html;
    const code = OF_DATABASE.test(said) ? OF_BACKUPS.find(([pattern]) => pattern.test(said))?.[1] : 'odd';
    const isTold = code !== undefined && code !== 'odd' && code !== 'db-refused';
    return isTold ? html`${texts[code]}` : html`${texts[code ?? 'odd']}: <code>${bare(said)}</code>`;
  };
}

function sentence(
  texts: Readonly<Record<TroubleCode, string>>,
  known: readonly (readonly [RegExp, TroubleCode])[],
  said: string,
): Html {
  const code = known.find(([pattern]) => pattern.test(said))?.[1];
  return code === undefined ? html`<code>${said}</code>` : html`${texts[code]}`;
}
