/**
 * What keeps a database file from being used, in one sentence for people, with what to do next.
 * Node only.
 */
import { accessSync, closeSync, constants, existsSync, openSync, readSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseUnavailable } from '../database.ts';
import { databaseFault, NO_DATABASE, SALVAGE } from '../database-fault.ts';
import { DatabaseUnfit } from '../database-unfit.ts';
import { DatabaseFileHeld, explainLocked } from './file-lock.ts';

const HEADER_BYTES = 100;
const MAGIC = 'SQLite format 3\0';
const HELP = 'docs/operations.md, "An old database does not start"';
const NOT_SQLITE: readonly (readonly [RegExp, string])[] = [
  [
    /^\x1f\x8b/,
    'is packed with gzip: unpack it with "gunzip" (the name must end in .gz) and use what comes out',
  ],
  [/^PK\x03\x04/, 'is a zip archive: unpack it with "unzip" and use the database inside'],
  [
    /^(7z\xbc\xaf|Rar!|\xfd7zXZ|BZh|\x28\xb5\x2f\xfd)/,
    'is a packed archive: unpack it and use the database inside',
  ],
  [
    /^age-encryption\.org\//,
    'is encrypted with age: bring it in with "npm run backup -- restore FILE", which has the key',
  ],
  [
    /^\s*(PRAGMA |BEGIN TRANSACTION|CREATE TABLE|-- )/i,
    'is SQL text, not a database: make one of it with "sqlite3 new.db < FILE"',
  ],
  [
    /^(\xef\xbb\xbf)?\s*[{[]/,
    'is JSON, not a database: move it away, start with a new one and bring it in with "npm run backup -- import FILE"',
  ],
  [
    /^\s*<(!doctype|html|\?xml)/i,
    'is a web page, not a database: the download went wrong, fetch the file again',
  ],
];

/**
 * Tells from a file's first bytes (as latin1) what it is instead of a database, and what to do;
 * undefined when they do not say.
 */
export function whatInstead(head: string): string | undefined {
  return NOT_SQLITE.find(([pattern]) => pattern.test(head))?.[1];
}

/**
 * Looks at the first bytes of an existing file, without SQLite: its opening changes some files.
 * @throws {@link DatabaseUnfit}
 */
export function requireUsableFile(path: string): void {
  const refuse = (what: string): never => {
    throw new DatabaseUnfit(`${path}: the file ${withHelp(what)}. Nothing was changed.`);
  };
  try {
    if (!existsSync(path)) return;
    const file = statSync(path);
    if (file.isDirectory()) refuse('is a directory: set DATABASE_URL to a file in it');
    if (!file.isFile()) refuse('is no ordinary file: set DATABASE_URL to another one');
    // A process that was killed while it created the file leaves its lock beside it.
    if (file.size === 0 && !existsSync(`${path}.lock`))
      refuse(
        'is empty, so a copy may have failed: put the database there again, or remove the file to begin with a new one',
      );
    accessSync(path, constants.R_OK);
    if (file.size > 0) requireSqlite(path, file.size, refuse);
    requireWritable(path, refuse);
  } catch (error) {
    throw explainUnusable(error, path);
  }
}

function requireSqlite(path: string, size: number, refuse: (what: string) => never): void {
  const head = Buffer.alloc(HEADER_BYTES);
  const file = openSync(path, 'r');
  const read = readSync(file, head, 0, HEADER_BYTES, 0);
  closeSync(file);
  const text = head.subarray(0, read).toString('latin1');
  if (!text.startsWith(MAGIC.slice(0, read))) {
    refuse(whatInstead(text) ?? NO_DATABASE);
  }
  // sqlite.org/fileformat.html, "The Database Header". The size in pages counts only when both
  // change counters agree.
  const pageSize = head.readUInt16BE(16) === 1 ? 65_536 : head.readUInt16BE(16);
  const pages = head.readUInt32BE(24) === head.readUInt32BE(92) ? head.readUInt32BE(28) : 0;
  const isAlone = !existsSync(`${path}-wal`) && !existsSync(`${path}-journal`);
  if (read < HEADER_BYTES || (isAlone && size < Math.max(pages, 1) * pageSize))
    refuse(
      `is cut off (${size} bytes${read < HEADER_BYTES ? '' : ` of ${pages * pageSize}`}): copy it again, or ${SALVAGE} and start with that`,
    );
  if (head.readUInt32BE(56) > 1)
    refuse(
      'holds its texts as UTF-16, which the bot cannot back up: convert it with "sqlite3 FILE .dump | sqlite3 new.db" and start with new.db',
    );
}

function requireWritable(path: string, refuse: (what: string) => never): void {
  for (const [name, what] of [
    [path, 'cannot be written to'],
    [dirname(path), 'is in a directory that cannot be written to'],
  ] as const)
    try {
      accessSync(name, constants.W_OK);
    } catch (error) {
      if (databaseFault(error).code === 'EROFS') throw error;
      refuse(
        `${what}: give the bot's user the right (chown, chmod), or copy the file to a place where it has it`,
      );
    }
}

/**
 * The error as people are told it: {@link DatabaseUnfit} where the database is at fault, any other
 * error unchanged.
 */
export function explainUnusable(error: unknown, path: string): unknown {
  if (error instanceof DatabaseFileHeld) return error;
  const { code, what: reason } = databaseFault(readOnlyDisk(error, path));
  const told = (what: string): DatabaseUnfit => new DatabaseUnfit(what, { cause: error });
  if (/^SQLITE_(BUSY|LOCKED)/.test(code ?? ''))
    return told(
      `${path}: locked: ${explainLocked(path)} (the old bot, too, must not run). Nothing was changed.`,
    );
  if (reason !== undefined) return told(`${path}: the file ${withHelp(reason)}. Nothing was changed.`);
  if (error instanceof DatabaseUnfit)
    return error.message.startsWith(path)
      ? error
      : told(`${path}: ${withHelp(error.message)}. Nothing was changed.`);
  if (error instanceof DatabaseUnavailable)
    return told(`${path}: ${error.message}: start again when it is there`);
  return error;
}

/** SQLite says of it only that it may not write. */
function readOnlyDisk(error: unknown, path: string): unknown {
  try {
    if (/^SQLITE_(READONLY|CANTOPEN)/.test(databaseFault(error).code ?? ''))
      accessSync(dirname(path), constants.W_OK);
  } catch (cause) {
    if (databaseFault(cause).code === 'EROFS') return cause;
  }
  return error;
}

/** Naming two documents in a row helps nobody. */
function withHelp(what: string): string {
  return what.includes('docs/') ? what : `${what} (${HELP})`;
}
