/** File systems that cannot link: FAT and exFAT, many network and FUSE mounts, Android storage. */

/** What such systems answer to `link`, as users reported: see link(2), and EACCES on Android. */
const CODES = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK', 'EACCES']);

/**
 * Whether `link` failed because the file system has no (more) links; the caller then goes another
 * way.
 */
export function isLinkless(error: unknown): boolean {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' && CODES.has(error.code);
}
