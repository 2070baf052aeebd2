/**
 * What SQLite, or the system below it, says of a database file, and what people do about it. Pure:
 * a Worker says it too.
 */

/**
 * The shell ends a partial read with ROLLBACK, which would throw everything away. Debian 12's
 * `.recover` fails.
 */
export const SALVAGE = `save what can be read with "sqlite3 FILE .dump | sed 's/^ROLLBACK;.*/COMMIT;/' | sqlite3 new.db"`;

export const NO_DATABASE =
  'is no SQLite database, or an encrypted one: decrypt it with the program that made it, or take another copy';

/** Keyed by libsql's code or the system's. */
const REASONS: readonly (readonly [RegExp, string])[] = [
  [/^SQLITE_NOTADB/, NO_DATABASE],
  [
    /^SQLITE_(CORRUPT|IOERR_SHORT_READ)/,
    `is damaged: restore a backup (docs/operations.md, "The database file is damaged"), or ${SALVAGE} and start with that`,
  ],
  // SQLite says the same of a table whose numbers are used up.
  [
    /^SQLITE_FULL/,
    'needs more room on its disk than there is (make room and start again), or a number in sqlite_sequence is at its end (restore a backup)',
  ],
  [/^(ENOSPC|EDQUOT)/, 'needs more room on its disk than there is: make room and start again'],
  [/^EROFS/, 'is on a disk that is mounted read-only: mount it writable'],
  [
    /^(SQLITE_READONLY|EACCES|EPERM)/,
    "cannot be written to: give the bot's user the right to the file and its directory (chown, chmod)",
  ],
  [
    /^(SQLITE_CANTOPEN|ENOTDIR|ELOOP|ENAMETOOLONG)/,
    "cannot be opened: look whether the path is right and the bot's user may write there",
  ],
  [
    /^SQLITE_(IOERR|NOMEM)|^EIO/,
    'cannot be read or written on this disk: look at the system log, and copy the file to another disk',
  ],
];

export interface DatabaseFault {
  /** `SQLITE_CORRUPT`; undefined where nothing says so. */
  readonly code: string | undefined;
  /** The words after "the database file"; undefined where no remedy is known. */
  readonly what: string | undefined;
}

export function databaseFault(error: unknown): DatabaseFault {
  const code = codeOf(error);
  return { code, what: REASONS.find(([pattern]) => pattern.test(code ?? ''))?.[1] };
}

/**
 * The database itself is at fault, not its place: by SQLite's words, or by those of a run that
 * looked.
 */
export function isDamagedDatabase(reason: string): boolean {
  return /SQLITE_(CORRUPT|NOTADB)|disk image is malformed|file is not a database|database is damaged/.test(
    reason,
  );
}

/** The first code in the chain of causes that says anything. */
function codeOf(error: unknown): string | undefined {
  for (let at: unknown = error; at instanceof Error; at = at.cause) {
    const code = 'code' in at && typeof at.code === 'string' ? at.code : '';
    const named =
      /^(SQLITE_(?!ERROR|CONSTRAINT)\w+|E[A-Z]+)$/.exec(code) ??
      /SQLITE_(?!ERROR|CONSTRAINT)[A-Z_]+/.exec(at.message);
    if (named !== null) return named[0];
  }
  return undefined;
}
