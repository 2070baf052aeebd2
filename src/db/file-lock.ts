/**
 * Who has an embedded database: a lock file `<database>.lock` beside it, so that two hosts on one file, or a restore under a running
 * host, are noticed and named instead of failing with "database is locked". Node only.
 */

import { readFileSync, rmSync } from 'node:fs';
import { link, mkdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { dirname } from 'node:path';
import process from 'node:process';

export interface FileLock {
  /** Removes the lock if it is still ours. Never rejects. */
  release(): Promise<void>;
}

export interface FileLockOptions {
  /** For people: `node host`, `restore`. */
  readonly holder: string;
  readonly now: () => Date;
}

/** Somebody else has the database; the message names him and says what to do. */
export class DatabaseFileHeld extends Error {
  override readonly name = 'DatabaseFileHeld';
}

interface LockFile {
  readonly holder: string;
  readonly pid: number;
  readonly host: string;
  /** When the process began, in the kernel's ticks: a pid alone is given again after a restart. */
  readonly began: string | null;
  readonly since: string;
}

/** How often a holder shows that it lives, for machines that can not look at its process. */
const BEAT_MS = 10_000;
/** A lock of another machine that was silent so long is dead. */
const SILENT_MS = 60_000;

/** Takes the lock of the database at `path`, over a dead holder's if need be. @throws {@link DatabaseFileHeld} */
export async function lockDatabaseFile(path: string, { holder, now }: FileLockOptions): Promise<FileLock> {
  const file = `${path}.lock`;
  const own: LockFile = {
    holder,
    pid: process.pid,
    host: hostname(),
    began: beganAt(process.pid),
    since: now().toISOString(),
  };
  const text = `${JSON.stringify(own)}\n`;
  await mkdir(dirname(path), { recursive: true });
  for (let attempt = 0; attempt < 3; attempt += 1) {
    if (await appear(file, text, own)) return held(file, text, now);
    const found = await readFile(file, 'utf8').catch(() => undefined);
    if (found === undefined) continue;
    const other = parse(found);
    if (other !== undefined && (await isAlive(file, other, now)))
      throw new DatabaseFileHeld(
        `database ${path} is in use by ${other.holder} (process ${other.pid} on ${other.host}, since ${other.since}): stop it first, or give this one another DATABASE_URL`,
      );
    await setAside(file, found, own);
  }
  throw new DatabaseFileHeld(`database ${path}: its lock ${file} changes hands all the time; try again`);
}

/** What to do about "database is locked", naming who has the file as far as its lock tells. */
export function explainLocked(path: string): string {
  const text = readOwn(`${path}.lock`);
  const lock = text === undefined ? undefined : parse(text);
  return lock === undefined
    ? `another program is writing to ${path}: wait a moment and try again, or stop it`
    : `${path} is in use by ${lock.holder} (process ${lock.pid} on ${lock.host}, since ${lock.since}): wait a moment and try again, or stop it`;
}

/** A link is made whole or not at all, and refused when the name exists. */
async function appear(file: string, text: string, own: LockFile): Promise<boolean> {
  const draft = `${file}.${own.pid}`;
  await writeFile(draft, text);
  try {
    await link(draft, file);
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  } finally {
    await rm(draft, { force: true });
  }
}

/** Moves a dead holder's lock away; one that was replaced in the meantime is put back. */
async function setAside(file: string, text: string, own: LockFile): Promise<void> {
  const aside = `${file}.dead.${own.pid}`;
  try {
    await rename(file, aside);
    if ((await readFile(aside, 'utf8')) !== text) await link(aside, file).catch(() => undefined);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
  } finally {
    await rm(aside, { force: true });
  }
}

function held(file: string, text: string, now: () => Date): FileLock {
  const beat = setInterval(() => {
    const time = now();
    // A lock that can not be touched is no reason to stop serving.
    utimes(file, time, time).catch(() => undefined);
  }, BEAT_MS);
  beat.unref();
  const remove = (): void => {
    if (readOwn(file) === text) rmSync(file, { force: true });
  };
  process.once('exit', remove);
  return {
    async release() {
      clearInterval(beat);
      process.off('exit', remove);
      remove();
    },
  };
}

function readOwn(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}

async function isAlive(file: string, lock: LockFile, now: () => Date): Promise<boolean> {
  if (lock.host !== hostname()) {
    const seen = await stat(file).catch(() => undefined);
    return seen !== undefined && now().getTime() - seen.mtimeMs < SILENT_MS;
  }
  try {
    process.kill(lock.pid, 0);
  } catch (error) {
    // EPERM: it lives and is somebody else's.
    if (!(error instanceof Error && 'code' in error && error.code === 'EPERM')) return false;
  }
  const began = beganAt(lock.pid);
  return lock.began === null || began === null || began === lock.began;
}

/** Field 22 of /proc/<pid>/stat (proc(5), starttime); null where there is no /proc. */
function beganAt(pid: number): string | null {
  try {
    const line = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return line.slice(line.lastIndexOf(')') + 2).split(' ')[19] ?? null;
  } catch {
    return null;
  }
}

function parse(text: string): LockFile | undefined {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== 'object' || value === null) return undefined;
    const { holder, pid, host, began, since } = {
      holder: '',
      pid: 0,
      host: '',
      began: null,
      since: '',
      ...value,
    };
    const isWhole =
      typeof holder === 'string' && Number.isSafeInteger(pid) && pid > 0 && typeof host === 'string';
    return isWhole
      ? { holder, pid, host, began: typeof began === 'string' ? began : null, since: String(since) }
      : undefined;
  } catch {
    // A cut lock file was never whole: nobody holds it.
    return undefined;
  }
}
