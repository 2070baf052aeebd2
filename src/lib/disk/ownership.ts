/**
 * Files that root makes among the bot's (`sudo npm run backup -- …`): they go to the bot, which
 * could not read them otherwise. The directories belong to others, who may put another file under
 * any name at any moment. So nothing is given by name, only by the descriptor of what this process
 * made. Node only.
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

/** Only root can give a file away; other users own what they make. */
function canGive(): boolean {
  return process.getuid?.() === 0;
}

/**
 * Gives the file at the descriptor `fd`, which this process made (`wx`), to the owner of `like`.
 * Does not give a file with a second name.
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
 * Gives a directory that this process just made to the owner of the directory above it, by Linux's
 * `/proc`, which looks from the descriptor. Other systems keep root's directories. Gives another
 * directory under the name only where that changes nothing: it is root's, empty, and goes to
 * somebody who could remove it.
 * @param afterOpen what happens between the opening and the giving; for tests
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
   * @throws when somebody put another file there
   */
  giveAs(like: string, path: string): void;
  close(): void;
}

/** Makes the missing directory at `path`. */
export function makeOwnDirectory(path: string): OwnDirectory {
  mkdirSync(path, { mode: 0o700 });
  const fd = process.platform === 'linux' ? openDirectory(path) : undefined;
  // Somebody may have put another under the name before the opening; and a disk may know no owners.
  const held = fd !== undefined && isOwn(fstatSync(fd)) ? byDescriptor(fd) : undefined;
  return {
    giveAs(like, file) {
      // Root gives nothing by name.
      if (held === undefined && canGive()) return;
      const wanted = statSync(like);
      const opened = openSync(join(held ?? path, basename(file)), constants.O_RDONLY | NO_LINK);
      try {
        const found = fstatSync(opened);
        if (!found.isFile() || found.nlink > 1)
          throw new Error(`${file} was replaced by another program: restore again`);
        // Before the mode: a change of owner clears bits.
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

/** A disk without owners, or a server that squashes root: we can read it as before. */
function bear(action: () => void): void {
  try {
    action();
  } catch {}
}
