/**
 * Files that root makes among the bot's (`sudo npm run backup -- …`): they go to the bot, which could not read
 * them otherwise. The directories belong to others, who may put another file under any name at any moment. So
 * nothing is given by its name: only by the descriptor of what this process made. Node only.
 */
import {
  closeSync,
  constants,
  fchmodSync,
  fchownSync,
  fstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  type Stats,
  statSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import process from 'node:process';

/** Only root can give a file away; everybody else has made it as their own. */
function canGive(): boolean {
  return process.getuid?.() === 0;
}

/**
 * Gives the file at the descriptor `fd`, which this process made (`wx`), to whoever has `like`. One with a second
 * name is not given.
 */
export function giveFile(fd: number, like: string): void {
  if (!canGive()) return;
  bear(() => {
    const file = fstatSync(fd);
    const { uid, gid } = statSync(like);
    if (file.isFile() && file.nlink === 1 && isOwn(file)) fchownSync(fd, uid, gid);
  });
}

/**
 * Gives a directory that this process just made to whoever has the one that it lies in: by Linux's `/proc`, which
 * looks from the descriptor, not from a name. Other systems keep root's directories. Another directory under the
 * name is given only where that changes nothing: it is root's, empty, and goes to whoever could remove it.
 * @param afterOpen what happens between the opening and the giving; for tests.
 */
export function giveDirectory(path: string, afterOpen: () => void = () => {}): void {
  if (!canGive()) return;
  bear(() => {
    const fd = openDirectory(path);
    try {
      afterOpen();
      const here = byDescriptor(fd);
      const { uid, gid } = statSync(`${here}/..`);
      if (isOwn(fstatSync(fd)) && readdirSync(here).length === 0) fchownSync(fd, uid, gid);
    } finally {
      closeSync(fd);
    }
  });
}

/** A directory that stays this user's own, so that nobody else can put a file there. */
export interface OwnDirectory {
  /**
   * Gives the file `file` in it the owner of `like`, and its mode when that is a file.
   * @throws when another file was put there
   */
  giveAs(like: string, path: string): void;
  close(): void;
}

/** Makes the directory at `path`, which must not be there. */
export function makeOwnDirectory(path: string): OwnDirectory {
  mkdirSync(path, { mode: 0o700 });
  const fd = process.platform === 'linux' ? openDirectory(path) : undefined;
  // Another may have been put under the name before it was opened; and a disk may know no owners.
  const held = fd !== undefined && isOwn(fstatSync(fd)) ? byDescriptor(fd) : undefined;
  return {
    giveAs(like, file) {
      // By a name, root gives nothing.
      if (held === undefined && canGive()) return;
      const wanted = statSync(like);
      const opened = openSync(join(held ?? path, basename(file)), constants.O_RDONLY | NO_LINK);
      try {
        const found = fstatSync(opened);
        if (!found.isFile() || found.nlink > 1)
          throw new Error(`${file} was replaced by another program: restore again`);
        // Before the mode: a change of the owner takes bits away.
        if (canGive()) bear(() => fchownSync(opened, wanted.uid, wanted.gid));
        if (wanted.isFile()) fchmodSync(opened, wanted.mode & 0o777);
      } finally {
        closeSync(opened);
      }
    },
    close() {
      if (fd !== undefined) closeSync(fd);
    },
  };
}

/** Undefined on Windows. */
const NO_LINK = constants.O_NOFOLLOW ?? 0;

function openDirectory(path: string): number {
  return openSync(path, constants.O_RDONLY | constants.O_DIRECTORY | NO_LINK);
}

function byDescriptor(fd: number): string {
  return `/proc/self/fd/${fd}`;
}

/** This user's, and closed to all others. */
function isOwn({ uid, mode }: Stats): boolean {
  return uid === process.getuid?.() && (mode & 0o077) === 0;
}

/** A disk that knows no owners, or a server that keeps root small: it is readable as before, by us. */
function bear(action: () => void): void {
  try {
    action();
  } catch {}
}
