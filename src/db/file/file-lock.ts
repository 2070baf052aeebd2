/**
 * Who has an embedded database. A lock file `<database>.lock` beside the real file lets us notice
 * and name two hosts on one file, or a restore under a running host, instead of failing with
 * "database is locked". Node only.
 */
import { randomUUID } from 'node:crypto';
import { lstatSync, readFileSync, rmSync, statSync } from 'node:fs';
import { link, readFile, rename, rm, utimes, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import process from 'node:process';
import { makeDirectory } from '../../lib/disk/directories.ts';
import { isLinkless } from '../../lib/disk/linkless.ts';
import { isMountPoint, mountedFile } from '../../lib/disk/mount-point.ts';
import { realPath } from '../../lib/disk/real-path.ts';
import { naming } from '../../lib/disk/write-all.ts';
import { DatabaseUnavailable } from '../database.ts';
import {
  describeHolder,
  isOfThisKernel,
  isOwn,
  type LockText,
  lifeOf,
  ownLock,
  parseLock,
} from './lock-text.ts';
import { usedElsewhere } from './one-name.ts';
import { filesOf } from './open-here.ts';

export interface FileLock {
  /**
   * A program that was suspended cannot beat, and another one took its lock. @throws {@link
   * DatabaseUnavailable} when that happened; what waits on the disk may then be the other's
   */
  requireOurs(): void;
  /** Removes the lock if it is still ours. Never rejects. */
  release(): Promise<void>;
}

export interface FileLockOptions {
  /** For people: `node host`, `restore`. */
  readonly holder: string;
  readonly now: () => Date;
  /** Called once when it takes a while to see whether the holder lives. */
  readonly say?: (message: string) => void;
  readonly sleep?: (milliseconds: number) => Promise<void>;
  /** Called once when another program took the lock over; the sentence says whose it is now. */
  readonly onTaken?: (message: string) => void;
}

/** Another process has the database; the message names it and says what to do. */
export class DatabaseFileHeld extends Error {
  override readonly name = 'DatabaseFileHeld';
}

/** How often a holder beats, for programs that cannot look at its process. */
const BEAT_MS = 10_000;
/**
 * Three beats missed. Watched, not computed: two clocks, or one clock on two days, need not agree.
 */
const SILENT_MS = 30_000;
/** A beat this young by our clock is believed without watching: a wrong belief only refuses. */
const FRESH_MS = 60_000;
const LOOK_MS = 1_000;

/**
 * Takes the lock of the database at `path`; a dead holder's lock is replaced. @throws {@link
 * DatabaseFileHeld}
 */
export async function lockDatabaseFile(
  path: string,
  { holder, now, say = console.error, sleep = pause, onTaken }: FileLockOptions,
): Promise<FileLock> {
  const real = realPath(path);
  requireNoMount(real);
  const file = `${real}.lock`;
  const text = ownLock(holder, now());
  await makeDirectory(dirname(file));
  // Reading a pipe of that name would never end.
  if (lstatSync(file, { throwIfNoEntry: false })?.isFile() === false)
    throw new DatabaseFileHeld(
      `database ${path}: ${file} is no file of ours (a directory, a pipe or a link): remove it`,
    );
  for (let attempt = 0; attempt < 3; attempt += 1) {
    if (await appear(file, text)) {
      const lock = held({ path, file, text, now, onTaken });
      const elsewhere = await usedElsewhere(path);
      if (elsewhere === undefined) return lock;
      await lock.release();
      throw new DatabaseFileHeld(elsewhere);
    }
    const found = await readFile(file, 'utf8').catch(() => undefined);
    if (found === undefined) continue;
    const other = parseLock(found);
    let life = other === undefined ? 'unknown' : lifeOf(other);
    const isBelieved =
      other !== undefined && life === 'unknown' && !isOfThisKernel(other) && isFresh(file, now());
    if (isBelieved) life = 'alive';
    if (life === 'unknown') {
      if (other !== undefined)
        say(`${file} names ${describeHolder(other)}: waiting up to ${SILENT_MS / 1000} s for a sign of life`);
      // A truncated lock was never whole, or its writer is at work on a system where files cannot
      // appear at once.
      const patience = other === undefined ? LOOK_MS : SILENT_MS;
      life = (await isSilent(file, patience, sleep)) ? 'dead' : 'alive';
    }
    if (life === 'dead') await setAside(file, found);
    else if (other !== undefined) {
      const original = originalOf(other, file, found);
      if (original !== undefined)
        throw new DatabaseFileHeld(
          `database ${path}: its lock came with a copy of ${original}, which ${describeHolder(other)} works on. Remove ${file} and try again; with the same BOT_TOKEN stop the other one first`,
        );
      throw new DatabaseFileHeld(
        `database ${path} is in use by ${describeHolder(other)}: stop it first, or give this one another DATABASE_URL${isBelieved ? '. If it is gone already, or the lock came with a copy, wait a minute and try again' : ''}`,
      );
    }
  }
  throw new DatabaseFileHeld(`database ${path}: its lock ${file} changes hands all the time; try again`);
}

/**
 * For a program beside the holder of the lock: what is read or written under another name than
 * the holder's misses what the holder wrote. @throws {@link DatabaseFileHeld}
 */
export async function requireOneName(path: string): Promise<void> {
  requireNoMount(realPath(path));
  const elsewhere = lockHolder(path) === undefined ? await usedElsewhere(path) : undefined;
  if (elsewhere !== undefined) throw new DatabaseFileHeld(elsewhere);
}

function requireNoMount(real: string): void {
  if (isMountPoint(real)) throw new DatabaseFileHeld(mountedFile(real));
}

/** The file that the holder works on, where this very lock stands beside that, too. */
function originalOf(lock: LockText, file: string, text: string): string | undefined {
  if (!isOfThisKernel(lock)) return undefined;
  const isLocked = (other: string): boolean => `${other}.lock` !== file && readOwn(`${other}.lock`) === text;
  return filesOf(lock.pid).find(isLocked);
}

/** What to do about "database is locked", naming who else has the file as far as its lock tells. */
export function explainLocked(path: string): string {
  const holder = lockHolder(path);
  return holder === undefined
    ? `another program is writing to ${path}: wait a moment and try again, or stop it`
    : `${path} is in use by ${holder}: wait a moment and try again, or stop it`;
}

/**
 * The other process that has the lock of the file, or may have it, for people; undefined when there
 * is none or it is dead.
 */
export function lockHolder(path: string): string | undefined {
  const text = readOwn(`${realPath(path)}.lock`);
  const lock = text === undefined ? undefined : parseLock(text);
  return lock === undefined || isOwn(lock) || lifeOf(lock) === 'dead' ? undefined : describeHolder(lock);
}

/** Appears whole or not at all, and never over an existing lock. */
async function appear(file: string, text: string): Promise<boolean> {
  const draft = `${file}.${randomUUID()}`;
  try {
    await naming(file, () => writeFile(draft, text, { flag: 'wx', mode: 0o600 }));
    await link(draft, file).catch((error: unknown) => {
      if (!isLinkless(error)) throw error;
      // Here the lock is there and incomplete for a moment; a reader that sees that looks again.
      return writeFile(file, text, { flag: 'wx', mode: 0o600 });
    });
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  } finally {
    await rm(draft, { force: true });
  }
}

/** Moves a dead holder's lock away; puts back one that was replaced meanwhile. */
async function setAside(file: string, text: string): Promise<void> {
  const aside = `${file}.${randomUUID()}`;
  try {
    await rename(file, aside);
    const found = await readFile(aside, 'utf8');
    if (found !== text) await appear(file, found);
  } catch (error) {
    if (!isGone(error)) throw error;
  } finally {
    await rm(aside, { force: true });
  }
}

function isGone(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}

function isFresh(file: string, now: Date): boolean {
  const beat = statSync(file, { throwIfNoEntry: false })?.mtimeMs;
  const age = now.getTime() - (beat ?? Number.NEGATIVE_INFINITY);
  return age >= 0 && age < FRESH_MS;
}

/** Whether the lock stays untouched while we watch. */
async function isSilent(
  file: string,
  patience: number,
  sleep: (milliseconds: number) => Promise<void>,
): Promise<boolean> {
  const first = statSync(file, { bigint: true, throwIfNoEntry: false })?.mtimeNs;
  for (let waited = 0; waited < patience; waited += LOOK_MS) {
    await sleep(LOOK_MS);
    if (statSync(file, { bigint: true, throwIfNoEntry: false })?.mtimeNs !== first) return false;
  }
  return true;
}

interface Held {
  readonly path: string;
  readonly file: string;
  readonly text: string;
  readonly now: () => Date;
  readonly onTaken: FileLockOptions['onTaken'];
}

function held({ path, file, text, now, onTaken }: Held): FileLock {
  let taken: string | undefined;
  let isReleased = false;
  /** A lock that is gone, or cannot be read, is nobody else's. */
  const isTaken = (): boolean => {
    const found = taken === undefined ? readOwn(file) : undefined;
    if (found !== undefined && found !== text) {
      taken = takenText(path, parseLock(found));
      onTaken?.(taken);
    }
    return taken !== undefined;
  };
  const beat = setInterval(() => {
    if (isTaken()) return;
    const time = now();
    // A lock that cannot be touched is no reason to stop serving. One that somebody deleted is put
    // back, unless another program was quicker: then the next look finds whose it is.
    utimes(file, time, time)
      .catch((error: unknown) => (isGone(error) && !isReleased ? appear(file, text) : undefined))
      .catch(() => undefined);
  }, BEAT_MS);
  beat.unref();
  const remove = (): void => {
    if (readOwn(file) === text) rmSync(file, { force: true });
  };
  process.once('exit', remove);
  return {
    requireOurs() {
      if (isTaken()) throw new DatabaseUnavailable(`database unavailable: ${taken}`);
    },
    async release() {
      isReleased = true;
      clearInterval(beat);
      process.off('exit', remove);
      remove();
    },
  };
}

function takenText(path: string, other: LockText | undefined): string {
  const who = other === undefined ? 'another program' : describeHolder(other);
  return `database ${path} was taken over by ${who} while this program was suspended: this one stops, and what it had not answered comes again; let one host alone run on a database`;
}

function readOwn(file: string): string | undefined {
  try {
    return lstatSync(file).isFile() ? readFileSync(file, 'utf8') : undefined;
  } catch {
    return undefined;
  }
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
