/**
 * Telling this machine's own troubles (a full scratch disk, a scratch directory that is gone) from
 * damage of what is being looked at.
 */

/**
 * A disk or a process at its end, or a scratch file that somebody took away: true of the machine,
 * whatever file is read or written.
 */
const ERRNO = new Set([
  'ENOSPC',
  'EDQUOT',
  'EFBIG',
  'EIO',
  'EROFS',
  'EMFILE',
  'ENFILE',
  'ENOMEM',
  'ENOENT',
  'ENOTDIR',
  'ESTALE',
]);
/** https://sqlite.org/rescode.html: SQLITE_NOMEM, SQLITE_IOERR, SQLITE_FULL. */
const SQLITE = new Set([7, 10, 13]);
/** SQLITE_IOERR_SHORT_READ: the file ends too early, which is the file's fault. */
const SHORT_READ = 522;

/**
 * Whether a disk of this machine that is full, broken or cleaned is at the bottom of `error`: then
 * nothing was learned about the backup.
 */
export function isLocalFault(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if ('code' in error && typeof error.code === 'string' && isLocalCode(error.code)) return true;
  if ('errcode' in error && typeof error.errcode === 'number' && error.errcode !== SHORT_READ)
    if (SQLITE.has(error.errcode & 0xff)) return true;
  return isLocalFault(error.cause);
}

/** The names that libsql gives, or the system's. */
function isLocalCode(code: string): boolean {
  if (code === 'SQLITE_IOERR_SHORT_READ') return false;
  return ERRNO.has(code) || /^SQLITE_(FULL|NOMEM|IOERR)/.test(code);
}
