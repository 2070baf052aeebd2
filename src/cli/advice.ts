/** What to do about a database that does not answer a command, or a machine short of something. */

import { tmpdir } from 'node:os';
import { basename, dirname } from 'node:path';
import { explainLocked } from '../db/file/file-lock.ts';
import { OLD_SQLITE } from '../db/fitness.ts';
import { SYSTEM } from '../lib/surprise.ts';
import type { DatabaseSettings } from '../settings/config.ts';

/** The message, with a next step where a database is locked or away, or the machine is full. */
export function withAdvice(message: string, database: DatabaseSettings | undefined): string {
  const machine = machineAdvice(message);
  return [ofDatabase(message, database), ...(machine === undefined ? [] : [machine])].join('\n');
}

function ofDatabase(message: string, database: DatabaseSettings | undefined): string {
  if (database?.kind === 'file' && /database is locked|SQLITE_BUSY/.test(message))
    return `${message}\n${explainLocked(database.path)}`;
  // Without a function, or with NULL where it gives the time.
  if (/no such function: |column left_ms is null/.test(message)) return `the database server: ${OLD_SQLITE}`;
  // The server may be the one that `--to` names.
  const isAway =
    /database server \S+ (did not answer|answered)/.test(message) ||
    (database?.kind === 'remote' && /database (unavailable: |did not answer)/.test(message));
  return isAway
    ? `${message}\nLook at the address and the token of the database (DATABASE_URL or --to, DATABASE_AUTH_TOKEN) and at the network of this machine, then try again.`
    : ofDisk(message, database);
}

/** What the system or SQLite says of a disk, where nobody has told the next step. */
const OF_DISK =
  /^(?!.*(?:make room|mount it)).*(?:\b(ENOSPC|EDQUOT|EROFS|EIO)\b|(disk is full)|(disk I\/O error))/is;

function ofDisk(message: string, database: DatabaseSettings | undefined): string {
  const path = database?.kind === 'file' ? database.path : undefined;
  const [, code, full, broken] = OF_DISK.exec(message) ?? [];
  const step = SYSTEM[code ?? (full && 'ENOSPC') ?? (broken && 'EIO') ?? ''];
  // The engine knows no path.
  if (step === undefined)
    return message.replace(/the database file (?=needs |is on )/, path ? `$&${path} ` : '$&');
  if (message.includes(scratchPlace())) return message;
  const where = path === undefined || message.includes('/') ? step : step.replace('disk', `disk of ${path}`);
  return `${message}: ${where}`;
}

const FILES =
  'this process can hold no more files open. Raise the limit (ulimit -n 1024; LimitNOFILE= of a service, --ulimit of a container), then try again.';

/** Undefined: it tells of no lack. */
function machineAdvice(message: string): string | undefined {
  if (message.includes('ulimit -n')) return undefined;
  if (/EMFILE|ENFILE|too many open files/i.test(message)) return `It means that ${FILES}`;
  // SQLite has one word for all that keeps it from opening a file.
  if (/SQLITE_CANTOPEN|Unable to open connection to local database/.test(message))
    return `Where path and rights are right, ${FILES}`;
  if (/no process can be started|spawn \S+ E(AGAIN|NOMEM)/.test(message))
    return 'This machine has no memory or no process left for one more. End another program, or raise the limit (ulimit -u; TasksMax= and MemoryMax= of a service), then try again.';
  if (/ENOSPC|EDQUOT|EROFS/.test(message) && message.includes(scratchPlace()))
    return `${message.includes('EROFS') ? 'Mount the disk writable that has' : 'Make room in'} ${scratchPlace()}, or name another place for what is unpacked: TMPDIR=/var/tmp before the command.`;
  return undefined;
}

/** Of the system, not the process's own directory in it. */
function scratchPlace(): string {
  const own = tmpdir();
  return basename(own).startsWith('anime-backup-') ? dirname(own) : own;
}
