/** The content of a lock file, and what it tells of its holder's life. Node only. */
import { createHash, randomUUID } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import process from 'node:process';
import { readJson } from '../../lib/read-json.ts';

export interface LockText {
  readonly holder: string;
  readonly pid: number;
  readonly host: string;
  /** When the process began, in the kernel's ticks: pids are reused. */
  readonly began: string | null;
  readonly since: string;
  /**
   * Where the pid means something: one boot of one kernel, one of its namespaces. Two containers
   * can share a hostname, and both run as pid 1.
   */
  readonly machine: string | null;
  /** A name that no other process has. */
  readonly process: string | null;
}

/** `unknown`: we cannot look at its process from here. */
export type Life = 'alive' | 'dead' | 'unknown';

const OWN_PROCESS = randomUUID();

export function ownLock(holder: string, since: Date): string {
  const lock: LockText = {
    holder,
    pid: process.pid,
    host: hostname(),
    began: beganAt(process.pid),
    since: since.toISOString(),
    machine: ownMachine(),
    process: OWN_PROCESS,
  };
  return `${JSON.stringify(lock)}\n`;
}

export function isOwn(lock: LockText): boolean {
  return lock.process === OWN_PROCESS;
}

/**
 * Names the holder of something that is no file, as text: the first line is for people, then comes
 * the lock that a file would hold.
 * @param who `node host`, `cli`
 */
export function holderText(who: string, since: Date): string {
  return `${who} ${process.pid} on ${hostname()}\n${ownLock(who, since)}`;
}

/**
 * Whether the process that a {@link holderText} names is surely dead: it was of this host, boot and
 * pid namespace, and is gone. False for all that we cannot know, and for a stopped process.
 */
export function isSurelyDead(holder: string): boolean {
  const lock = parseLock(holder.slice(holder.indexOf('\n') + 1));
  if (lock === undefined || lock.machine === null || lock.machine !== ownMachine()) return false;
  return lock.host === hostname() && lifeOf(lock) === 'dead';
}

/**
 * The process in names of files: sixteen hex digits of its host, boot and namespace, its id, its
 * begin. Undefined where the system does not tell.
 */
export function processMark(): string | undefined {
  const here = ownPlace();
  const began = beganAt(process.pid);
  return here === undefined || began === null ? undefined : `${here}-${process.pid}-${began}`;
}

/** Whether the process of a {@link processMark} is surely dead, as {@link isSurelyDead}. */
export function isMarkOfDead(mark: string): boolean {
  const [here, pid = '', began] = mark.split('-');
  if (here === undefined || here !== ownPlace()) return false;
  const found = beganAt(Number(pid));
  return found === null ? !isRunning(Number(pid)) : found !== began;
}

function ownPlace(): string | undefined {
  const machine = ownMachine();
  if (machine === null) return undefined;
  return createHash('sha256').update(`${hostname()}\n${machine}`).digest('hex').slice(0, 16);
}

export function describeHolder({ holder, pid, host, since }: LockText): string {
  return `${holder} (process ${pid} on ${host}, since ${since})`;
}

export function lifeOf(lock: LockText): Life {
  if (isOwn(lock)) return 'alive';
  const isHere = lock.machine === ownMachine();
  // Locks without a machine come from programs before it was recorded, or from systems without
  // /proc, and so without containers.
  if (!isHere && (lock.machine !== null || lock.host !== hostname())) return 'unknown';
  if (!isRunning(lock.pid)) return 'dead';
  const began = beganAt(lock.pid);
  if (!isHere || lock.began === null || began === null) return 'unknown';
  return lock.began === began ? 'alive' : 'dead';
}

/**
 * Another namespace of the kernel that runs here (a container, perhaps this one before a restart).
 */
export function isOfThisKernel(lock: LockText): boolean {
  const [own] = ownMachine()?.split(' ') ?? [];
  return own !== undefined && lock.machine?.startsWith(`${own} `) === true;
}

/** Undefined for a text that is no whole lock. */
export function parseLock(text: string): LockText | undefined {
  const fields = readJson<Record<string, unknown>>(text);
  const { holder, pid, host } = fields ?? {};
  if (typeof holder !== 'string' || typeof host !== 'string') return undefined;
  if (typeof pid !== 'number' || !Number.isSafeInteger(pid) || pid <= 0) return undefined;
  const textOrNull = (name: string): string | null => {
    const field = fields?.[name];
    return typeof field === 'string' ? field : null;
  };
  return {
    holder,
    pid,
    host,
    began: textOrNull('began'),
    since: textOrNull('since') ?? 'an unknown time',
    machine: textOrNull('machine'),
    process: textOrNull('process'),
  };
}

/** proc(5), pid_namespaces(7). */
function ownMachine(): string | null {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    return `${boot} ${readlinkSync('/proc/self/ns/pid')}`;
  } catch {
    return null;
  }
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

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    // EPERM: it lives and belongs to another user.
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
