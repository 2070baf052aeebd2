/** How a command asks the database what it remembers of the directories of backups. Node only. */
import { existsSync } from 'node:fs';
import { lookIntoFile } from '../db/file/look-into-file.ts';
import type { AskDatabase } from '../hosts/node/known-places.ts';
import { openDatabase } from '../hosts/node/node-parts.ts';
import type { DatabaseSettings } from '../settings/config.ts';

/**
 * Opens it for each question: a restore needs it for itself. Never makes one. What cannot be opened
 * is not asked again; what needs it tells why.
 */
export function askFor(database: DatabaseSettings, say: (message: string) => void): AskDatabase {
  let isAnswering = true;
  const inTurn = async <T>(work: () => Promise<T>): Promise<T | undefined> => {
    if (!isAnswering || (database.kind === 'file' && !existsSync(database.path))) return undefined;
    try {
      return await work();
    } catch {
      isAnswering = false;
      return undefined;
    }
  };
  const write: AskDatabase['write'] = (question) =>
    inTurn(async () => {
      const { db, close } = await openDatabase(database, say);
      return question(db).finally(close);
    });
  const read: AskDatabase['read'] =
    database.kind === 'file' ? (question) => inTurn(() => lookIntoFile(database.path, say, question)) : write;
  return { read, write, isBrief: true };
}
