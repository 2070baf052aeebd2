/** What to do about a database that does not answer a command. Node only. */

import { explainLocked } from '../db/file/file-lock.ts';
import type { DatabaseSettings } from '../settings/config.ts';

/** The message, with a next step when it tells of a database that is locked or away. */
export function withAdvice(message: string, database: DatabaseSettings | undefined): string {
  if (database?.kind === 'file' && /database is locked|SQLITE_BUSY/.test(message))
    return `${message}\n${explainLocked(database.path)}`;
  // The server may be the one that `--to` names.
  const isAway =
    /database server \S+ (did not answer|answered)/.test(message) ||
    (database?.kind === 'remote' && /database (unavailable: |did not answer)/.test(message));
  return isAway
    ? `${message}\nLook at the address and the token of the database (DATABASE_URL or --to, DATABASE_AUTH_TOKEN) and at the network of this machine, then try again.`
    : message;
}
